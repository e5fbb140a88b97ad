"""Several files in a zip, as a browser or a person packs a folder: each row keeps the name of its own file. Read one after the other."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from zipfile import ZipFile

from core.data.containers.archive import Member, checked, is_worth_reading, names_in, opened, stream_of
from core.data.containers.packing import bare, packing_of
from core.data.encoding import BinaryFile
from core.data.mapping import Mapping
from core.data.readers.base import ByteReader, Understood, Wanted, byte_reader_for
from core.data.records import Fault, Record
from core.data.source import Source, open_source
from core.errors import UserError
from core.sentence import Sentence

_CHUNK_BYTES = 1 << 20
_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx", ".mbox", ".eml", ".conll")
_BESIDE = ("readme", "license", "licence", "changelog", "dataset_infos", "dataset_card")  # what people put beside their rows
_STRANGERS = (
    ("ppt/presentation.xml", Sentence("binary.powerpoint", "a PowerPoint file")),
    ("xl/workbook.bin", Sentence("binary.xlsb", "a binary Excel file (.xlsb)")),
    ("META-INF/MANIFEST.MF", Sentence("binary.program", "a program")),
    ("META-INF/container.xml", Sentence("binary.book", "an e-book")),
    ("mimetype", Sentence("binary.opendocument", "an OpenDocument file")),
)


class NoFilesInside(UserError):
    """An archive of nothing, or of what an operating system leaves beside files."""

    sentence = "{file} holds no file with rows. Choose the one that has them. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class ArchiveInside(UserError):
    """One archive deep is all that is opened."""

    sentence = "'{name}' is an archive within {file} and was not opened. Unpack it first and bring what is in it. Nothing was imported."

    def __init__(self, *, name: str, file: str) -> None:
        super().__init__(name=name, file=file)


@dataclass(frozen=True)
class _Contents:
    """The files to read, and the names of those left aside."""

    members: tuple[Member, ...]
    aside: tuple[str, ...]


class Bundle(ByteReader):
    """Also a saved `datasets` folder: its Arrow files are the rows, its JSON files only describe them. An archive within one is not opened."""

    name: ClassVar[str] = "zip"
    label: ClassVar[str] = "a folder or zip of these"
    rank: ClassVar[int] = 30

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    def look(self, path: Path, wanted: Wanted) -> Understood:
        if (other := _other(path, wanted)) is not None:
            return other.look(path, wanted)
        with opened(path, wanted.file, wanted.limits) as archive:
            found = _contents(archive, wanted)
            first = self._first(archive, found, wanted) if wanted.preview else Understood(self.name)
        notes = list(first.notes)
        if len(found.members) > 1:
            notes.append(Sentence("files_inside", "{count:,} files are read, one after the other.", {"count": len(found.members)}))
        if found.aside:
            notes.append(Sentence("files_aside", "Not read: {names}.", {"names": ", ".join(found.aside)[:200]}))
        return replace(first, format=self.name, notes=tuple(notes))

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        if (other := _other(path, wanted)) is not None:
            yield from other.records_of(path, understood, wanted)
            return
        with opened(path, wanted.file, wanted.limits) as archive:
            found = _contents(archive, wanted)
            for member in found.members:
                yield from _rows(archive, member, wanted, many=len(found.members) > 1)

    def _first(self, archive: ZipFile, found: _Contents, wanted: Wanted) -> Understood:
        """What was understood of the first file stands for all."""
        from core.data.reading import understand

        with tempfile.TemporaryDirectory(prefix="member-") as folder:
            try:
                source = _source(archive, found.members[0], Path(folder), wanted, many=len(found.members) > 1)
                return Understood(self.name) if isinstance(source.reader, Bundle) else understand(source, _mapping(wanted))[1]
            except UserError:  # told as that file's own fault among the rows
                return Understood(self.name)


def _rows(archive: ZipFile, member: Member, wanted: Wanted, *, many: bool) -> Iterator[Record | Fault]:
    """What cannot be read in it is a fault of that file; the others are read on."""
    from core.data.reading import records

    before: Record | Fault | None = None
    with tempfile.TemporaryDirectory(prefix="member-") as folder:
        try:
            source = _source(archive, member, Path(folder), wanted, many=many)
            if isinstance(source.reader, Bundle):
                raise ArchiveInside(name=_shown(member.name), file=wanted.file)
            for item in records(source, _mapping(wanted)):
                if before is not None:
                    yield replace(before, source=member.name)
                before = item
            if before is not None and not source.capped:  # the last row of a file cut for a preview may be torn
                yield replace(before, source=member.name)
        except UserError as error:
            if not many and before is None:
                raise
            if before is not None:
                yield replace(before, source=member.name)
            yield Fault(0, None, Sentence(f"errors.{error.name}", type(error).sentence, error.facts), member.name)


def _source(archive: ZipFile, member: Member, folder: Path, wanted: Wanted, *, many: bool) -> Source:
    """The file unpacked under a name of ours; of a text only its beginning for a preview."""
    limits, target, cut = wanted.limits, folder / "file", False
    with stream_of(archive, member.info, wanted.file) as stream, target.open("wb") as out:
        written = 0
        while chunk := stream.read(_CHUNK_BYTES):
            if not written and wanted.preview:
                cut = packing_of(chunk) is None and byte_reader_for(chunk, None, member.name) is None
            out.write(chunk)
            written += len(chunk)
            if cut and written > limits.preview_bytes:
                break
    source = open_source(target, member.name, encoding=wanted.encoding, limits=limits, preview=wanted.preview)
    return replace(source, many=many)


def _contents(archive: ZipFile, wanted: Wanted) -> _Contents:
    """Raises NoRows, BinaryFile, and what `checked` raises."""
    names = set(archive.namelist())
    for sign, what in _STRANGERS:
        if sign in names:
            raise BinaryFile(file=wanted.file, what=what)
    members = [member for member in checked(archive, wanted.file, wanted.limits) if is_worth_reading(member.name)]
    arrows = [member for member in members if bare(member.name).endswith(".arrow") and not _base(member).startswith("cache-")]
    tables = [member for member in members if bare(member.name).endswith(_TABLES)]
    if arrows:
        kept = arrows
    elif tables:
        kept = [member for member in members if not _base(member).startswith(_BESIDE)] or members
    else:
        kept = members
    if not kept:
        raise NoFilesInside(file=wanted.file)
    chosen = {member.name for member in kept}
    return _Contents(tuple(kept), tuple(_shown(member.name) for member in members if member.name not in chosen and not arrows))


def _other(path: Path, wanted: Wanted) -> ByteReader | None:
    """Who reads it instead, where it was packed around and its inside could be looked at only now."""
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    found = byte_reader_for(start, path, wanted.file) if names_in(path) else None
    return None if found is None or isinstance(found, Bundle) else found


def _mapping(wanted: Wanted) -> Mapping:
    return Mapping(shape="", encoding=wanted.encoding, delimiter=wanted.delimiter, header=wanted.header, sheet=wanted.sheet,
                   separator=wanted.separator, unit=wanted.unit)  # fmt: skip


def _base(member: Member) -> str:
    return member.name.rpartition("/")[2].lower()


def _shown(name: str) -> str:
    return name if len(name) <= 80 else name[:79] + "…"
