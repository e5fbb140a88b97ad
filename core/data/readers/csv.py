"""Tables as text: CSV with any of the usual delimiters, and TSV. RFC 4180, with the delimiter, the header and the quoting found out."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, TextIO

from core.data.containers.packing import bare
from core.data.exported import MARK
from core.data.limits import Limits
from core.data.readers.base import NoRows, Reader, Understood, Wanted
from core.data.records import Fault, Record, fault
from core.errors import UserError
from core.sentence import Sentence

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_as_json = json.JSONEncoder(ensure_ascii=False).encode
_NO_LIMIT = 2**31 - 1  # of the csv module, a setting of the process: always this one value, our own limits are counted here


class DuplicateColumns(UserError):
    """The header names a column twice, so that a cell could not be told by its column."""

    sentence = "The header of {file} has the column '{column}' twice (columns {first} and {second}). Rename one of them. Nothing was imported."

    def __init__(self, *, file: str, column: str, first: int, second: int) -> None:
        super().__init__(file=file, column=column, first=first, second=second)


class TooManyColumns(UserError):
    """More than the limit: mostly a file with the wrong delimiter, or one that is no table."""

    sentence = "The first line of {file} has {columns:,} columns; at most {limit:,} can be read. Check the delimiter. Nothing was imported."

    def __init__(self, *, file: str, columns: int, limit: int) -> None:
        super().__init__(file=file, columns=columns, limit=limit)


class Csv(Reader):
    """The last to be asked: any text can be a table of one column."""

    name: ClassVar[str] = "csv"
    label: ClassVar[str] = "CSV or TSV"
    rank: ClassVar[int] = 100

    def fits(self, head: str, file: str) -> bool:
        return True

    def understand(self, head: str, wanted: Wanted) -> Understood:
        tabs = bare(wanted.file).endswith((".tsv", ".tab"))
        delimiter = wanted.delimiter or ("\t" if tabs and "\t" in head else _best_delimiter(head))
        rows = _sample(head, delimiter, True)
        # TSV files of many tools do not quote: a lone quote at the start of a cell would swallow the rest of the file.
        quoted = delimiter != "\t" or (rows is not None and _width_share(rows) > 0.9)
        if not quoted:
            rows = _sample(head, delimiter, False)
        header = wanted.header if wanted.header is not None else has_header(rows or [])
        return Understood(self.name, delimiter, header, quoted)

    def records(self, text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        rows = _rows(text, understood, wanted)
        first = next(((line, cells) for line, cells in rows if not isinstance(cells, Fault)), None)
        if first is None:
            raise NoRows(file=wanted.file)
        columns = _columns(first[1], understood, wanted)
        row = 0
        if not understood.header:
            row += 1
            yield _record(row, first[0], columns, first[1], wanted.limits)
        for line, cells in rows:
            row += 1
            if isinstance(cells, Fault):
                yield fault(row, cells.sentence.key, cells.sentence.english, line=line, **_own(cells))
            else:
                yield _record(row, line, columns, cells, wanted.limits)
        if not row:
            raise NoRows(file=wanted.file, but=only_header(columns))


def is_table(head: str) -> bool:
    """Whether nearly all of the first rows have the same two columns or more."""
    delimiter = _best_delimiter(head)
    rows = _sample(head, delimiter, True) or _sample(head, delimiter, False) or []
    return len(rows) > 1 and len(rows[0]) > 1 and _width_share(rows) > 0.95


def only_header(columns: Sequence[str]) -> Sentence:
    """How an error ends over a table of nothing else."""
    return Sentence("only_header", ", only the header ({columns})", {"columns": ", ".join(columns)[:200]})


def delimiter_name(delimiter: str | None) -> str:
    return _NAMES.get(delimiter or "", repr(delimiter))


def _own(found: Fault) -> dict[str, Any]:
    return {key: value for key, value in found.sentence.facts.items() if key not in ("row", "column", "line")}


def _rows(text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[tuple[int, list[str] | Fault]]:
    """Cells with the line they begin on; blank lines are no rows."""
    csv.field_size_limit(_NO_LIMIT)
    lines = _Lines(text, wanted.limits)
    quoting = _quoting(understood.quoted)
    reader = csv.reader(lines, delimiter=understood.delimiter or ",", quoting=quoting, strict=True)
    while True:
        lines.begin()
        start = lines.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield start, _malformed(str(error), start, lines)
            continue
        except _TooLong:
            yield start, fault(0, "line_too_long", "Row {row} (line {line}) is longer than {limit:,} characters; perhaps a quote is not closed. "
                               "Shorten it or mend the quote.", limit=wanted.limits.line_chars)  # fmt: skip
            reader = csv.reader(lines, delimiter=understood.delimiter or ",", quoting=quoting, strict=True)
            continue
        if cells:
            yield start, cells


def _quoting(quoted: bool) -> Literal[0, 3]:
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def _malformed(error: str, start: int, lines: "_Lines") -> Fault:
    if "unexpected end" in error:
        return fault(0, "quote_not_closed", "Row {row} (line {line}) opens a quote that is never closed. Close it, or double quotes inside a text.")
    if "NUL" in error:
        return fault(0, "nul_character", "Row {row} (line {line}) holds a NUL character, which no text has. Take it out.")
    return fault(0, "quote_inside_text", 'Row {row} (line {line}) has a quote inside a quoted text. Double it ("") there.')


class _TooLong(Exception):
    """A record went over the limit; ours alone, caught above."""


class _Lines:
    """Lines for the csv module that never hold more than the limit in memory, for one line or for one record of many lines."""

    def __init__(self, text: TextIO, limits: Limits) -> None:
        self._text, self._limit = text, limits.line_chars
        self._taken = self.line = 0

    def begin(self) -> None:
        self._taken = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._limit + 1)
        if not line:
            raise StopIteration
        self.line += 1
        self._taken += len(line)
        if self._taken > self._limit:
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(self._limit)
            raise _TooLong
        return line


def _columns(cells: list[str], understood: Understood, wanted: Wanted) -> list[str]:
    if len(cells) > wanted.limits.columns:
        raise TooManyColumns(file=wanted.file, columns=len(cells), limit=wanted.limits.columns)
    if not understood.header:
        return [f"column {number}" for number in range(1, len(cells) + 1)]
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(cells, 1)]
    for name, count in Counter(names).items():
        if count > 1:
            first = names.index(name)
            raise DuplicateColumns(file=wanted.file, column=name, first=first + 1, second=names.index(name, first + 1) + 1)
    return names


def _record(row: int, line: int, columns: list[str], cells: list[str], limits: Limits) -> Record | Fault:
    if len(cells) != len(columns):
        found = fault(row, "ragged_row", "Row {row} (line {line}) has {cells} cell(s) where {columns} are expected. Put quotes around a text that "
                      "holds the delimiter, or fill in the missing cells.", line=line, cells=len(cells), columns=len(columns))  # fmt: skip
        return replace(found, original=_as_json(cells))
    values = dict(zip(columns, cells, strict=True))
    for column, cell in values.items():
        if len(cell) > limits.field_chars:
            return fault(row, "cell_too_long", "Row {row} (line {line}) has {chars:,} characters in column '{column}'; at most {limit:,} can be "
                         "read. Shorten it.", column=column, line=line, chars=len(cell), limit=limits.field_chars)  # fmt: skip
    return Record(row, line, values, _as_json(values))


def _sample(head: str, delimiter: str, quoted: bool) -> list[list[str]] | None:
    """The first rows, or None where the quoting does not work out."""
    csv.field_size_limit(_NO_LIMIT)
    lines = head.splitlines(keepends=True)
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=delimiter, quoting=_quoting(quoted), strict=True)
    try:
        for cells in reader:
            if cells:
                rows.append(cells)
            if len(rows) == 100:
                break
    except csv.Error as error:
        if "unexpected end" not in str(error) or not rows:
            return rows if len(rows) > 3 else None
    return rows


def _width_share(rows: list[list[str]]) -> float:
    """How many rows are as wide as the header."""
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows) if rows else 0.0


def _best_delimiter(head: str) -> str:
    def score(delimiter: str) -> tuple[float, int]:
        rows = _sample(head, delimiter, True) or _sample(head, delimiter, False) or []
        if not rows or len(rows[0]) < 2:
            return (0.0, 0)
        return (round(_width_share(rows), 1), len(rows[0]))

    best = max(_DELIMITERS, key=score)
    return best if score(best) > (0.0, 0) else ","


def has_header(rows: list[list[str]]) -> bool:
    """A first row whose cell comes again in its own column (a category does) is data, and so is one of nothing but sentences."""
    first = [cell.strip() for cell in rows[0]] if rows else []
    if MARK in first:
        return True
    for at, cell in enumerate(first):
        if cell and any(at < len(row) and row[at].strip() == cell for row in rows[1:]):
            return False
    return not first or not all(len(cell) > 60 or cell.endswith((".", "?", "!")) for cell in first)
