"""JSON Lines: one JSON object a line (jsonlines.org). What is not JSON in one line leaves the other lines readable."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, TextIO

from core.data.containers.packing import bare
from core.data.limits import Limits
from core.data.readers.base import NoRows, Reader, Understood, Wanted
from core.data.records import Fault, Record, fault
from core.errors import UserError
from core.sentence import Sentence

TOO_MANY_DIGITS = Sentence("json.digits", "a number has too many digits")
_WHY = (
    ("Expecting value", Sentence("json.value", "a value was expected")),
    ("Expecting property name", Sentence("json.name", "a field's name in double quotes was expected")),
    ("Expecting ',' delimiter", Sentence("json.comma", "a comma was expected")),
    ("Expecting ':' delimiter", Sentence("json.colon", "a colon was expected")),
    ("Unterminated string", Sentence("json.open_text", "the text that begins there is never closed")),
    ("Invalid control character", Sentence("json.control", "a control character stands in a text, such as a line end")),
    ("Invalid \\", Sentence("json.escape", "a backslash stands before a character that it cannot stand before")),
    ("Illegal trailing comma", Sentence("json.last_comma", "a comma stands behind the last one")),
    ("Extra data", Sentence("json.extra", "something follows behind the end")),
)


class OneObject(UserError):
    """A JSON object written over several lines."""

    sentence = "{file} holds one JSON object over several lines. Save your rows as a list ([…]) or as one object a line. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class Jsonl(Reader):
    """The line itself is kept as the original."""

    name: ClassVar[str] = "jsonl"
    label: ClassVar[str] = "JSON Lines"
    rank: ClassVar[int] = 10

    def fits(self, head: str, file: str) -> bool:
        named_table = bare(file).endswith((".csv", ".tsv", ".tab"))
        return not named_table and (head.lstrip().startswith("{") or bare(file).endswith((".jsonl", ".ndjson")))

    def understand(self, head: str, wanted: Wanted) -> Understood:
        if head.lstrip().split("\n", 1)[0].strip() == "{":
            raise OneObject(file=wanted.file)
        return Understood(self.name)

    def records(self, text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        row = number = 0
        limit = wanted.limits.line_chars
        while line := text.readline(limit + 1):
            number += 1
            if len(line) > limit:
                while line and not line.endswith(("\n", "\r")):
                    line = text.readline(limit)
                row += 1
                yield fault(row, "json_line_too_long", "Line {line} is longer than {limit:,} characters. Shorten it.", line=number, limit=limit)
            elif stripped := line.strip():
                row += 1
                found = parsed(stripped, row, number, wanted.limits)
                yield found if isinstance(found, Record) else replace(found, original=stripped)
        if not row:
            raise NoRows(file=wanted.file)


def parsed(text: str, row: int, line: int, limits: Limits) -> Record | Fault:
    """One JSON object as a record, or what is wrong with it."""
    strange: list[str] = []
    try:
        values = json.loads(text, parse_constant=strange.append)  # NaN and Infinity are not JSON: an empty cell, as in a table
    except json.JSONDecodeError as error:
        return fault(row, "malformed_json", "Line {line} is not valid JSON at character {at:,}: {why}. Mend that line.", line=line,
                     at=error.pos + 1, why=why_malformed(error))  # fmt: skip
    except RecursionError:
        return _too_deep(row, line, limits)
    except ValueError:  # Python refuses numbers of thousands of digits
        return fault(row, "malformed_json", "Line {line} is not valid JSON at character {at:,}: {why}. Mend that line.", line=line, at=1,
                     why=TOO_MANY_DIGITS)  # fmt: skip
    return as_record(values, text if not strange else None, row, line, limits)


def as_record(values: Any, original: str | None, row: int, line: int, limits: Limits) -> Record | Fault:
    """`original` is None where the text cannot be kept as it stands."""
    if not isinstance(values, dict):
        return fault(row, "not_an_object", 'Line {line} is JSON but not an object with named fields, like {{"text": …}}. Mend that line.', line=line)
    if not values:
        return fault(row, "no_fields", "Line {line} is an object without a single field. Mend that line, or leave out incomplete rows.", line=line)
    if is_deeper(values, limits.json_depth):
        return _too_deep(row, line, limits)
    if len(values) > limits.columns:
        return fault(row, "too_many_fields", "Line {line} has {fields:,} fields; at most {limit:,} can be read.", line=line, fields=len(values),
                     limit=limits.columns)  # fmt: skip
    for name, value in values.items():
        if isinstance(value, str) and len(value) > limits.field_chars:
            return fault(row, "field_too_long", "Line {line} has {chars:,} characters in field '{column}'; at most {limit:,} can be read. "
                         "Shorten it.", column=name, line=line, chars=len(value), limit=limits.field_chars)  # fmt: skip
    return Record(row, line, values, original if original is not None else json.dumps(values, ensure_ascii=False))


def is_deeper(value: Any, depth: int) -> bool:
    """Level by level, not by recursion: the depth is what we do not trust."""
    level = [value]
    for _ in range(depth):
        level = [inner for outer in level if isinstance(outer, dict | list)
                 for inner in (outer.values() if isinstance(outer, dict) else outer) if isinstance(inner, dict | list)]  # fmt: skip
        if not level:
            return False
    return True


def _too_deep(row: int, line: int, limits: Limits) -> Fault:
    return fault(row, "json_too_deep", "Line {line} nests more than {limit} levels deep. Flatten it.", line=line, limit=limits.json_depth)


def why_malformed(error: json.JSONDecodeError) -> Sentence:
    """What Python's decoder says, in a sentence of ours where we know what it means."""
    known = next((told for start, told in _WHY if error.msg.startswith(start)), None)
    return known or Sentence("json.other", "{what}", {"what": error.msg[0].lower() + error.msg[1:]})
