"""Word documents (.docx): sections at their headings, a table's rows, or all of it; read as XML within a zip, without links or macros."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

from core.data.containers.archive import names_in, opened, stream_of
from core.data.containers.markup import BrokenDocument, NoText, check_markup, events
from core.data.readers.base import ByteReader, Understood, Wanted
from core.data.readers.cells import record
from core.data.readers.csv import has_header
from core.data.records import Fault, Record
from core.sentence import Sentence

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "txbxContent"})  # deleted text, and what stands twice for old programs
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_DOCUMENT = "word/document.xml"


@dataclass
class _Block:
    """A paragraph, or a table's row. `number` counts paragraphs and rows from 1."""

    number: int
    text: str = ""
    level: int = 0  # of a heading; 0 for plain text
    cells: list[str] | None = None
    table: int = 0


@dataclass
class _Open:
    """What is open while the XML goes by."""

    number: int = 0
    skipped: int = 0
    tables: int = 0
    table_count: int = 0
    text: list[str] = field(default_factory=list)
    style: str = ""
    cells: list[str] = field(default_factory=list)
    cell: list[str] = field(default_factory=list)


class Docx(ByteReader):
    """`unit` is 'table' where a table of two or more columns is most of the text, else 'section'."""

    name: ClassVar[str] = "docx"
    label: ClassVar[str] = "Word"

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        return start.startswith(b"PK\x03\x04") and path is not None and _DOCUMENT in names_in(path)

    def look(self, path: Path, wanted: Wanted) -> Understood:
        blocks = _blocks(path, wanted)
        table = _largest_table(blocks)
        units = ("section", "document") + (("table",) if table else ())
        size, whole = (
            sum(len("".join(block.cells or ())) for block in table),
            sum(len(block.text) + len("".join(block.cells or ())) for block in blocks),
        )
        unit = wanted.unit if wanted.unit in units else "table" if table and size * 2 > whole else "section"
        if unit != "table":
            return Understood(self.name, unit=unit, units=units, notes=tuple(_notes(blocks)))
        header = wanted.header if wanted.header is not None else has_header([block.cells or [] for block in table])
        return Understood(self.name, header=header, unit=unit, units=units)

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        blocks, row = _blocks(path, wanted), 0
        rows = _table_rows(_largest_table(blocks), bool(understood.header)) if understood.unit == "table" else _sections(blocks, understood.unit)
        for number, values in rows:
            row += 1
            yield record(row, number, values, wanted.limits)
        if not row:
            raise NoText(file=wanted.file)


def _sections(blocks: list[_Block], unit: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Title and text of each; an empty section gives its title to the one below it."""
    title, number, lines = "", 1, list[str]()
    for block in blocks:
        if block.level and unit != "document":
            if lines:
                yield number, {"title": title, "text": "\n\n".join(lines)}
                title = ""
            title, number, lines = f"{title} – {block.text}" if title else block.text, block.number, []
        elif text := " | ".join(block.cells) if block.cells else block.text:
            lines.append(text)
    if lines:
        yield number, {"title": title, "text": "\n\n".join(lines)}


def _table_rows(table: list[_Block], header: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    width = max(len(block.cells or ()) for block in table)
    first = (table[0].cells or []) if header else []
    names = [(first[at].strip() if at < len(first) else "") or f"column {at + 1}" for at in range(width)]
    names = [name if names.count(name) == 1 else f"{name} {at + 1}" for at, name in enumerate(names)]
    for block in table[1:] if header else table:
        cells = block.cells or []
        if any(cell.strip() for cell in cells):
            yield block.number, {name: cells[at] if at < len(cells) else None for at, name in enumerate(names)}


def _largest_table(blocks: list[_Block]) -> list[_Block]:
    """The rows of the table with the most rows among those of two columns or more and three rows or more."""
    counts = Counter(block.table for block in blocks if block.cells is not None and len(block.cells) >= 2)
    if not counts or (best := counts.most_common(1)[0])[1] < 3:
        return []
    return [block for block in blocks if block.cells is not None and block.table == best[0]]


def _notes(blocks: list[_Block]) -> Iterator[Sentence]:
    if not any(block.level for block in blocks):
        yield Sentence("no_headings", "The document has no headings, so that all of it is one row.", {})


def _blocks(path: Path, wanted: Wanted) -> list[_Block]:
    """Raises BrokenArchive, HostileMarkup, BrokenDocument and what `opened` raises."""
    with opened(path, wanted.file, wanted.limits) as archive:
        check_markup(archive, wanted.file, wanted.limits)
        levels = _heading_levels(archive, wanted)
        with stream_of(archive, _DOCUMENT, wanted.file) as stream, events(stream, wanted.file) as found:
            return list(_walked(found, levels, wanted))


def _walked(found: Iterator[tuple[str, Any]], levels: dict[str, int], wanted: Wanted) -> Iterator[_Block]:
    now, depth = _Open(), 0
    for event, element in found:
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            depth += 1
            if depth > 200:  # Word itself stops at a few dozen
                raise BrokenDocument(file=wanted.file)
            _begin(now, tag)
            continue
        depth -= 1
        if tag in _SKIPPED:
            now.skipped -= 1
        elif not now.skipped:
            yield from _end(now, tag, element, levels)
        if tag in ("p", "tr", "tbl", "sdt"):
            element.clear()


def _begin(now: _Open, tag: str) -> None:
    if tag in _SKIPPED:
        now.skipped += 1
    elif tag == "tbl":
        now.tables += 1
        now.table_count += now.tables == 1
    elif tag == "p" and not now.skipped:
        now.text, now.style = [], ""


def _end(now: _Open, tag: str, element: Any, levels: dict[str, int]) -> Iterator[_Block]:
    if tag == "t":
        now.text.append(element.text or "")
    elif tag in _BREAKS:
        now.text.append(_BREAKS[tag])
    elif tag == "pStyle":
        now.style = _value(element)
    elif tag == "p":
        text = "".join(now.text).strip()
        now.text = []
        if now.tables:
            now.cell.append(text)
        elif text:
            now.number += 1
            yield _Block(now.number, text, levels.get(now.style, 0))
    elif tag == "tc" and now.tables == 1:
        now.cells.append("\n".join(part for part in now.cell if part))
        now.cell = []
    elif tag == "tr" and now.tables == 1:
        now.number += 1
        yield _Block(now.number, cells=now.cells, table=now.table_count)
        now.cells = []
    elif tag == "tbl":
        now.tables -= 1


def _heading_levels(archive: ZipFile, wanted: Wanted) -> dict[str, int]:
    """Style ids that are headings: Word calls these styles 'heading 1' in every language, only their ids and shown names differ."""
    levels: dict[str, int] = {}
    if "word/styles.xml" not in archive.namelist():
        return levels
    with stream_of(archive, "word/styles.xml", wanted.file) as stream, events(stream, wanted.file) as found:
        style = ""
        for event, element in found:
            tag = element.tag.rpartition("}")[2]
            if event == "start" and tag == "style":
                style = element.get(f"{_W}styleId") or element.get(f"{_STRICT}styleId") or ""
            elif event == "end" and tag == "name":
                name = _value(element).lower()
                if name.startswith("heading ") and name[8:].isdigit():
                    levels[style] = int(name[8:])
                elif name == "title":
                    levels[style] = 1
    return levels


def _value(element: Any) -> str:
    return str(element.get(f"{_W}val") or element.get(f"{_STRICT}val") or "")
