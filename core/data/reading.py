"""A file row by row: from bytes through a reader and a shape to examples, or to a sentence for each row that cannot be one."""

import json
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Mapped
from itertools import chain, islice
from pathlib import Path
from typing import Any

from core.data.encoding import BrokenEncoding
from core.data.exported import as_exported
from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.readers.base import ByteReader, Reader, Understood, Wanted, reader_for
from core.data.records import Fault, Record
from core.data.shapes.base import Shape, Unusable, shape
from core.data.source import Source, line_of_bad_bytes, open_source
from core.errors import UserError
from core.sentence import Sentence
from storage.canonical import canonical, question_and_answer
from storage.rows import NewExample

_HEAD_CHARS = 1 << 16
_LOOK_AHEAD = 200  # rows whose fields are known before a column counts as missing


class MissingColumn(UserError):
    """The mapping names a column that the file lacks."""

    sentence = "{file} has no column '{column}'; it has: {columns}. Choose one of these for '{role}'. Nothing was imported."

    def __init__(self, *, file: str, column: str, columns: str, role: str) -> None:
        super().__init__(file=file, column=column, columns=columns, role=role)


class UnmappedRole(UserError):
    """A role that the shape needs has no column."""

    sentence = "Nobody said which column of {file} is '{role}'. Choose one of: {columns}. Nothing was imported."

    def __init__(self, *, file: str, role: str, columns: str) -> None:
        super().__init__(file=file, role=role, columns=columns)


class TooManyRows(UserError):
    """More rows than the limit."""

    sentence = "{file} has more than {limit:,} rows. Import it in parts, or raise the limit in the settings. Nothing was imported."

    def __init__(self, *, file: str, limit: int) -> None:
        super().__init__(file=file, limit=limit)


def examples(path: Path, mapping: Mapping, *, file: str, limits: Limits = LIMITS) -> Iterator[tuple[NewExample | Fault, tuple[str, ...]]]:
    """Each row with the columns it has, in the file's order. Raises a UserError where the whole file cannot be used."""
    kind, file = shape(mapping.shape), whole_letters(file)
    source = open_source(path, file, encoding=mapping.encoding, limits=limits)
    found = records(source, mapping)
    ahead = list(islice(found, _LOOK_AHEAD))
    check_columns(mapping, kind, columns_of(ahead), file)
    for rows, item in enumerate(chain(ahead, found), 1):
        if rows > limits.rows:
            raise TooManyRows(file=file, limit=limits.rows)
        if isinstance(item, Fault):
            yield item, ()
        else:
            yield example_of(item, mapping, kind, file), tuple(item.values)


def records(source: Source, mapping: Mapping | None = None) -> Iterator[Record | Fault]:
    """Rows as they stand in the file. Raises a UserError where the file as a whole cannot be read."""
    for item in _read(source, mapping):
        yield as_exported(item) if isinstance(item, Record) else item


def _read(source: Source, mapping: Mapping | None) -> Iterator[Record | Fault]:
    if source.reader is not None:
        with source.plain() as path:
            wanted = _wanted(source, mapping)
            yield from source.reader.records_of(path, source.reader.look(path, wanted), wanted)
        return
    reader, understood = understand_text(source, mapping)
    with source.text() as text:
        try:
            yield from reader.records(text, understood, _wanted(source, mapping))
        except UnicodeDecodeError as error:
            raise BrokenEncoding(file=source.file, line=line_of_bad_bytes(source), encoding=source.encoding) from error


def understand(source: Source, mapping: Mapping | None = None) -> tuple[Reader | ByteReader, Understood]:
    """Which reader, and what it makes of the file's beginning."""
    if source.reader is not None:
        with source.plain() as path:
            return source.reader, source.reader.look(path, _wanted(source, mapping))
    return understand_text(source, mapping)


def understand_text(source: Source, mapping: Mapping | None = None) -> tuple[Reader, Understood]:
    """Which reader, and what it makes of the first characters."""
    with source.text() as text:
        try:
            head = text.read(_HEAD_CHARS)
        except UnicodeDecodeError as error:
            raise BrokenEncoding(file=source.file, line=line_of_bad_bytes(source), encoding=source.encoding) from error
    if len(head) == _HEAD_CHARS:
        head = head[: head.rfind("\n") + 1] or head
    reader = reader_for(head, source.file)
    return reader, reader.understand(head, _wanted(source, mapping))


def example_of(record: Record, mapping: Mapping, kind: Shape, file: str) -> NewExample | Fault:
    """The row as canonical messages, or why not."""
    try:
        messages = kind.turns(record.values, mapping)
    except Unusable as why:
        return _fault(record, why.column, why.sentence.key, why.sentence.english, why.sentence.facts)
    text = canonical(messages)
    if "\\u0000" in text and any("\0" in turn["content"] for turn in messages):
        return _fault(record, None, "nul_character", "Row {row} (line {line}) holds a NUL character, which no text has. Take it out.", {})
    if not _is_whole(text) or not _is_whole(record.original):
        return _fault(record, None, "half_a_character", "Row {row} (line {line}) holds half of a character (a lone surrogate). Type it anew.", {})
    question, answer = question_and_answer(messages)
    original = record.original if "\0" not in record.original else record.original.replace("\0", "")
    return NewExample(text, question, answer, record.source or file, record.row, original)


def columns_of(items: Sequence[Record | Fault]) -> tuple[str, ...]:
    """All columns that occur, in the order of their first row."""
    return tuple(dict.fromkeys(column for item in items if isinstance(item, Record) for column in item.values))


def check_columns(mapping: Mapping, kind: Shape, columns: Sequence[str], file: str) -> None:
    """Raises MissingColumn, UnmappedRole."""
    if not columns:
        return  # no row could be read: the rows' own faults say more
    known, listed = set(columns), ", ".join(columns)[:400]
    for role in kind.roles:
        column = mapping.columns.get(role.name)
        if column is not None and column not in known:
            raise MissingColumn(file=file, column=column, columns=listed, role=role.label)
        if column is None and role.required and not (mapping.unanswered and role.name == kind.answer_role):
            raise UnmappedRole(file=file, role=role.label, columns=listed)
    for column in mapping.field_columns:
        if column not in known:
            raise MissingColumn(file=file, column=column, columns=listed, role="fields")
    if mapping.columns.get(kind.answer_role) is None and not mapping.field_columns and not mapping.unanswered:
        raise UnmappedRole(file=file, role=next(role.label for role in kind.roles if role.name == kind.answer_role), columns=listed)


def _wanted(source: Source, mapping: Mapping | None) -> Wanted:
    said = mapping or Mapping(shape="")
    return Wanted(
        source.file, said.delimiter, said.header, source.limits, whole=not source.capped, sheet=said.sheet, separator=said.separator, unit=said.unit,
        preview=source.preview, many=source.many, encoding=said.encoding,
    )  # fmt: skip


def _fault(record: Record, column: str | None, key: str, english: str, facts: Mapped[str, Any]) -> Fault:
    return Fault(
        record.row,
        column,
        Sentence(key, english, {"row": record.row, "line": record.line, "column": column, **facts}),
        record.source,
        original=record.original,
    )


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_letters(name: str) -> str:
    """A file's name as it can be kept: what is half a letter in it becomes a question mark."""
    return name if _is_whole(name) else name.encode("utf-8", "replace").decode()


def cells(record: Record) -> dict[str, str]:
    """The row as short texts, for a table."""
    return {column: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for column, value in record.values.items()}
