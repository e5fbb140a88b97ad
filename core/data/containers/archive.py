"""A zip archive looked at before anything is unpacked: how many files, how large, whether a name or a link points elsewhere."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.data.containers.packing import BROKEN, BrokenArchive
from core.data.limits import Limits
from core.errors import UserError

_CHUNK_BYTES = 1 << 20
_CONTENTS_BYTES = 16 << 20  # of the table of contents itself
_TAIL_BYTES = (1 << 16) + 22
_NAME_CHARS = 1_000
_NOT_SAID = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, RuntimeError, OverflowError, KeyError, IndexError, *BROKEN)


class PointsOutside(UserError):
    """A path or a link that leaves the archive (zip slip)."""

    sentence = (
        "{file} holds '{name}', which points to a place outside of it; nothing of it was opened. Pack the plain files anew. Nothing was imported."
    )

    def __init__(self, *, file: str, name: str) -> None:
        super().__init__(file=file, name=name)


class NameTwice(UserError):
    """Which of the two is meant cannot be known."""

    sentence = "{file} holds the name '{name}' twice; nothing of it was opened. Pack the files anew. Nothing was imported."

    def __init__(self, *, file: str, name: str) -> None:
        super().__init__(file=file, name=name)


class SharedBytes(UserError):
    """Two files that share their bytes are a bomb (Fifield 2019: 46 MB that unpack to 4.5 PB)."""

    sentence = (
        "{file} holds '{name}', whose bytes other files of it share, as only a made-up archive does; nothing of it was opened. Nothing was imported."
    )

    def __init__(self, *, file: str, name: str) -> None:
        super().__init__(file=file, name=name)


class OddName(UserError):
    """Longer than any disk takes, or with control characters."""

    sentence = (
        "{file} holds a file whose name no disk would take ('{name}'); nothing of it was opened. Rename it and pack anew. Nothing was imported."
    )

    def __init__(self, *, file: str, name: str) -> None:
        super().__init__(file=file, name=name)


class TooManyFiles(UserError):
    """More files than the limit."""

    sentence = "{file} holds more than {limit:,} files. Import it in parts, or put the rows into fewer files. Nothing was imported."
    status = 413

    def __init__(self, *, file: str, limit: int) -> None:
        super().__init__(file=file, limit=limit)


class LockedFile(UserError):
    """Encrypted: it opens with a password only."""

    sentence = "{file} is locked with a password. Save it without one and bring it again. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


@dataclass(frozen=True)
class Member:
    """A file within; `name` is what it is called there and never becomes a path of ours."""

    name: str
    size_bytes: int
    info: zipfile.ZipInfo


@contextmanager
def opened(path: Path, file: str, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Raises BrokenArchive, TooManyFiles, and what `checked` raises."""
    _check_contents(path, file, limits)
    try:
        archive = zipfile.ZipFile(path)
    except _BAD_ZIP as error:
        raise BrokenArchive(file=file) from error
    with archive:
        checked(archive, file, limits)
        yield archive


def names_in(path: Path) -> frozenset[str]:
    """The names in a zip's table of contents; none where it has no readable one."""
    try:
        if _contents_bytes(path) > _CONTENTS_BYTES:
            return frozenset()
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    except _BAD_ZIP:
        return frozenset()


def checked(archive: zipfile.ZipFile, file: str, limits: Limits) -> list[Member]:
    """Its files in their order, without folders. Raises PointsOutside, NameTwice, SharedBytes, OddName, LockedFile, TooManyFiles, PackedTooTight, FileTooLarge."""
    from core.data.source import FileTooLarge, PackedTooTight, in_words

    found: list[Member] = []
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename
        _check_name(info, file)
        if info.is_dir():
            continue
        if name in seen:
            raise NameTwice(file=file, name=_shown(name))
        seen.add(name)
        if info.flag_bits & 0x1:
            raise LockedFile(file=file)
        found.append(Member(name, info.file_size, info))
        if len(found) > limits.archive_files:
            raise TooManyFiles(file=file, limit=limits.archive_files)
    _check_overlap(found, file)
    whole, packed = sum(member.size_bytes for member in found), sum(member.info.compress_size for member in found)
    if whole > limits.unpacking_free_bytes and whole > limits.unpacking_ratio * max(packed, 1):
        raise PackedTooTight(file=file, ratio=limits.unpacking_ratio)
    if whole > limits.unpacked_bytes:
        raise FileTooLarge(file=file, limit=in_words(limits.unpacked_bytes))
    return found


def is_worth_reading(name: str) -> bool:
    """Not what an operating system puts beside a person's files."""
    parts = name.lower().split("/")
    return not (parts[0] == "__macosx" or parts[-1].startswith((".", "~$")) or parts[-1] in _NOT_SAID)


@contextmanager
def stream_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo | str, file: str) -> Iterator[IO[bytes]]:
    """The bytes of one file within. Raises BrokenArchive, LockedFile."""
    try:
        with archive.open(member) as stream:
            yield stream
    except KeyError as error:
        raise BrokenArchive(file=file) from error
    except (zipfile.BadZipFile, NotImplementedError, *BROKEN) as error:
        raise BrokenArchive(file=file) from error
    except RuntimeError as error:
        if "password" in str(error) or "encrypted" in str(error):
            raise LockedFile(file=file) from error
        raise


def _check_name(info: zipfile.ZipInfo, file: str) -> None:
    name = info.filename.replace("\\", "/")
    elsewhere = name.startswith("/") or (len(name) > 1 and name[1] == ":") or ".." in name.split("/")
    if stat.S_ISLNK(info.external_attr >> 16) or elsewhere:
        raise PointsOutside(file=file, name=_shown(info.filename))
    if len(name) > _NAME_CHARS or any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in name):
        raise OddName(file=file, name=_shown(info.filename))


def _check_overlap(found: list[Member], file: str) -> None:
    end, before = 0, ""
    for member in sorted(found, key=lambda member: member.info.header_offset):
        if member.info.header_offset < end:
            raise SharedBytes(file=file, name=_shown(before))
        end, before = member.info.header_offset + member.info.compress_size, member.name


def _check_contents(path: Path, file: str, limits: Limits) -> None:
    if _contents_bytes(path) > _CONTENTS_BYTES:
        raise TooManyFiles(file=file, limit=limits.archive_files)


def _contents_bytes(path: Path) -> int:
    """What the archive's end says about the size of its table of contents, read before the table is."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    said = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    # With zip64 the size stands elsewhere; such a table is as large as what lies before the end, at most.
    return min(said, size)


def _shown(name: str) -> str:
    plain = "".join(letter if letter.isprintable() else "�" for letter in name)
    return plain if len(plain) <= 80 else plain[:79] + "…"
