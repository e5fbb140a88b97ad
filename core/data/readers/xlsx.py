"""Excel workbooks (.xlsx, .xlsm): one sheet, row by row, what its formulas last showed; nothing outside the file is followed."""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.data.containers.archive import names_in, opened, stream_of
from core.data.containers.markup import BrokenDocument, check_markup
from core.data.readers.base import ByteReader, NoRows, Understood, Wanted
from core.data.readers.cells import plain, record
from core.data.readers.csv import DuplicateColumns, TooManyColumns, has_header, only_header
from core.data.records import Fault, Record, fault
from core.errors import UserError
from core.sentence import Sentence

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_NO_RESULT = re.compile(rb"<f[^<>]*>[^<]*</f>\s*(?:<v\s*/>|<v></v>|</c>)")
_SCANNED_BYTES = 32 << 20
_LOOK_AHEAD, _TITLE_ROWS = 200, 20
_EMPTY_ROWS = 100_000  # a sheet may claim a million of them
_SENSELESS = (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, zipfile.BadZipFile, EOFError, OverflowError, RecursionError)


class UnknownSheet(UserError):
    """The name is no sheet of this file."""

    sentence = "{file} has no sheet '{sheet}'; it has: {sheets}. Choose one of these. Nothing was imported."

    def __init__(self, *, file: str, sheet: str, sheets: str) -> None:
        super().__init__(file=file, sheet=sheet, sheets=sheets)


class NoSheets(UserError):
    """A workbook of nothing, or of charts only."""

    sentence = "{file} has no sheet with cells. Choose the file that has your rows. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class Xlsx(ByteReader):
    """A title above the table is no row, and the table ends where 100,000 empty rows follow. Dates become ISO dates; a cell's colours and comments are not read."""

    name: ClassVar[str] = "xlsx"
    label: ClassVar[str] = "Excel"

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        return start.startswith(b"PK\x03\x04") and path is not None and "xl/workbook.xml" in names_in(path)

    def look(self, path: Path, wanted: Wanted) -> Understood:
        with _Book(path, wanted) as book:
            sheet, sheets = book.chosen, book.names
            rows = list(islice(_cells(sheet, wanted), _LOOK_AHEAD))
            if not rows:
                raise NoRows(file=wanted.file)
            notes = tuple(_notes(book, sheet, rows, wanted))
        header = wanted.header if wanted.header is not None else has_header([[_text(cell) for cell in cells] for _, cells in _table(rows)])
        return Understood(self.name, header=header, sheet=sheet.title, sheets=sheets, notes=notes)

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        with _Book(path, wanted) as book:
            found = _cells(book.chosen, wanted)
            ahead = _table(list(islice(found, _LOOK_AHEAD)))
            if not ahead:
                raise NoRows(file=wanted.file)
            width = max(len(cells) for _, cells in ahead)
            columns = _columns(ahead[0][1], width, bool(understood.header), wanted)
            row = 0
            for line, cells in chain(ahead[1:] if understood.header else ahead, found):
                row += 1
                if len(cells) > width:
                    yield fault(row, "ragged_row", "Row {row} (line {line}) has {cells} cell(s) where {columns} are expected. Put quotes around a "
                                "text that holds the delimiter, or fill in the missing cells.", line=line, cells=len(cells), columns=width)  # fmt: skip
                    continue
                values = {column: cells[at] if at < len(cells) else None for at, column in enumerate(columns)}
                yield record(row, line, values, wanted.limits)
            if not row:
                raise NoRows(file=wanted.file, but=only_header(columns))


class _Book:
    """The workbook opened and checked; what openpyxl raises over a senseless file becomes a sentence."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self._path, self._wanted = path, wanted

    def __enter__(self) -> "_Book":
        with opened(self._path, self._wanted.file, self._wanted.limits) as archive:
            check_markup(archive, self._wanted.file, self._wanted.limits)
            self.links = any(name.startswith("xl/externalLinks/") for name in archive.namelist())
        try:
            self._load()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def _load(self) -> None:
        from openpyxl import load_workbook

        self._file = self._path.open("rb")  # by its name openpyxl would judge its format
        self.book = load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in self.book.worksheets if sheet.title]
        self.names = tuple(sheet.title for sheet in sheets)
        if not sheets:
            raise NoSheets(file=self._wanted.file)
        shown = [sheet for sheet in sheets if sheet.sheet_state == "visible"] or sheets
        self.chosen: ReadOnlyWorksheet
        if self._wanted.sheet is not None:
            named = [sheet for sheet in sheets if sheet.title == self._wanted.sheet]
            if not named:
                raise UnknownSheet(file=self._wanted.file, sheet=self._wanted.sheet, sheets=", ".join(self.names)[:400])
            self.chosen = named[0]
        else:
            self.chosen = next((sheet for sheet in shown if next(_cells(sheet, self._wanted, _LOOK_AHEAD), None)), shown[0])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        for open_ in (getattr(self, "book", None), getattr(self, "_file", None)):
            if open_ is not None:
                open_.close()
        if isinstance(error, _SENSELESS) and not isinstance(error, UserError):
            raise BrokenDocument(file=self._wanted.file) from error


def _cells(sheet: "ReadOnlyWorksheet", wanted: Wanted, most: int | None = None) -> Iterator[tuple[int, list[Any]]]:
    """Rows that hold anything, with their number in the sheet; of its first `most` rows."""
    sheet.reset_dimensions()  # what the file says about its size is not believed: a row would be filled up to it
    empty = 0
    for line, cells in enumerate(sheet.iter_rows(max_row=most, values_only=True), 1):
        values = [plain(cell) for cell in cells]
        while values and (values[-1] is None or values[-1] == ""):
            values.pop()
        if len(values) > wanted.limits.columns:
            raise TooManyColumns(file=wanted.file, columns=len(values), limit=wanted.limits.columns)
        if values:
            yield line, values
        empty = 0 if values else empty + 1
        if empty == _EMPTY_ROWS:
            return


def _table(rows: list[tuple[int, list[Any]]]) -> list[tuple[int, list[Any]]]:
    """Without the title that stands above a table: rows of one or two cells where the table is wider."""
    width = max((_filled(cells) for _, cells in rows), default=0)
    for at, (_, cells) in enumerate(rows[:_TITLE_ROWS]):
        if _filled(cells) * 2 > width or len(rows) - at < 3:
            return rows[at:]
    return rows


def _filled(cells: list[Any]) -> int:
    return sum(cell is not None and cell != "" for cell in cells)


def _columns(first: list[Any], width: int, header: bool, wanted: Wanted) -> list[str]:
    names = [(_text(first[at]).strip() if header and at < len(first) else "") or f"column {at + 1}" for at in range(width)]
    for name, count in Counter(names).items():
        if count > 1:
            at = names.index(name)
            raise DuplicateColumns(file=wanted.file, column=name, first=at + 1, second=names.index(name, at + 1) + 1)
    return names


def _notes(book: _Book, sheet: "ReadOnlyWorksheet", rows: list[tuple[int, list[Any]]], wanted: Wanted) -> Iterator[Sentence]:
    if len(book.names) > 1:
        yield Sentence("one_sheet", "Of {count} sheets '{sheet}' was read.", {"count": len(book.names), "sheet": sheet.title})
    if above := len(rows) - len(_table(rows)):
        yield Sentence("rows_above", "{count} line(s) above the table were taken for its title and left out.", {"count": above})
    formulas, without = _formulas(book, sheet, wanted)
    if formulas:
        yield Sentence("formulas", "{count:,} cell(s) hold formulas: what they last showed was read, nothing was calculated.", {"count": formulas})
    if without:
        yield Sentence("formulas_without_result", "{count:,} formula(s) have no stored result and were read as empty. Open the file with your office "
                       "program, save it and bring it again.", {"count": without})  # fmt: skip
    if book.links:
        yield Sentence("links_not_followed", "The file refers to other files. They were not opened.", {})


def _formulas(book: _Book, sheet: "ReadOnlyWorksheet", wanted: Wanted) -> tuple[int, int]:
    """How many cells hold a formula, and how many of these no result; in a very large sheet, of its first part."""
    archive, found, without, read, before = book.book._archive, 0, 0, 0, b""
    with stream_of(archive, sheet._worksheet_path, wanted.file) as stream:
        while (piece := stream.read(1 << 20)) and read < _SCANNED_BYTES:
            read += len(piece)
            text = before + piece
            cut = text.rfind(b"</c>") + 4 if b"</c>" in text else len(text)
            found += len(_FORMULA.findall(text, 0, cut))
            without += len(_NO_RESULT.findall(text, 0, cut))
            before = text[cut:][-(1 << 16) :]
    return found, without


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
