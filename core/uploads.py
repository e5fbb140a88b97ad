"""Taking a file in: to the disk piece by piece, within a limit, hashed, under a name that is safe everywhere."""

import errno
import hashlib
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from core.errors import DiskFull, UserError
from core.home import Home
from storage.files import free_bytes, sync_folder
from storage.rows import UploadId

MB = 10**6
_BLOCK_BYTES = MB
_KEPT_FREE_BYTES = 50 * MB  # the database and the events of running jobs need room too
_LONGEST_NAME = 200
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))})


class UploadTooLarge(UserError):
    """More bytes came than may be taken in."""

    sentence = "'{name}' is larger than {limit}, the most that is taken in here. Send a smaller file, or raise upload_limit_bytes in settings.toml. Nothing was kept."
    status = 413

    def __init__(self, *, name: str, limit_bytes: int) -> None:
        super().__init__(name=name, limit=said_size(limit_bytes))


class UploadBroken(UserError):
    """The connection ended before the file did."""

    sentence = "'{name}' did not arrive whole: {expected} were announced and {arrived} came. Send it again. Nothing was kept."

    def __init__(self, *, name: str, expected_bytes: int, arrived_bytes: int) -> None:
        super().__init__(name=name, expected=said_size(expected_bytes), arrived=said_size(arrived_bytes))


@dataclass(frozen=True)
class Taken:
    """A file that lies in the home now, under uploads/<id>/<name>."""

    name: str
    size_bytes: int
    sha256: str


def safe_name(given: str) -> str:
    """The last component of what a sender called its file, without control characters and what a platform's names cannot hold, 200 characters
    at most with the suffix kept; 'file' when nothing is left."""
    last = PureWindowsPath(PurePosixPath(given.replace("\x00", "")).name).name
    kept = "".join(letter for letter in unicodedata.normalize("NFC", last) if letter not in '\\/:*?"<>|' and unicodedata.category(letter)[0] != "C")
    kept = kept.strip().rstrip(". ")
    stem, dot, suffix = kept.rpartition(".")
    if dot and stem and len(suffix) <= 20:
        kept = stem[: _LONGEST_NAME - len(suffix) - 1].rstrip() + dot + suffix
    kept = _within_bytes(kept[:_LONGEST_NAME])
    if kept.split(".")[0].lower() in _DEVICES:
        kept = f"_{kept}"
    return kept.strip(" ") if kept.strip(". ") else "file"


def take(
    home: Home, upload: UploadId, name: str, source: BinaryIO | Path | Iterable[bytes], limit_bytes: int, expected_bytes: int | None = None
) -> Taken:
    """Raises UploadTooLarge, UploadBroken, DiskFull; then nothing of it is left."""
    name = safe_name(name)
    folder = home.uploads / upload
    folder.mkdir(parents=True, mode=0o700)
    path = folder / name
    try:
        return _taken(path, name, _blocks(source), limit_bytes, _announced(source, expected_bytes))
    except BaseException as error:
        path.unlink(missing_ok=True)
        folder.rmdir()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise _full(home, expected_bytes) from error
        raise


def said_size(size_bytes: int) -> str:
    for unit, name in ((10**9, "GB"), (MB, "MB"), (1000, "kB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:.3g} {name}"
    return f"{size_bytes} bytes"


def _taken(path: Path, name: str, blocks: Iterable[bytes], limit_bytes: int, announced: int | None) -> Taken:
    if announced is not None and announced > limit_bytes:
        raise UploadTooLarge(name=name, limit_bytes=limit_bytes)
    free = free_bytes(path)
    if announced is not None and announced + _KEPT_FREE_BYTES > free:
        raise DiskFull(needed=said_size(announced + _KEPT_FREE_BYTES), free=said_size(free), place="the data folder")
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for block in blocks:
            size += len(block)
            if size > limit_bytes:
                raise UploadTooLarge(name=name, limit_bytes=limit_bytes)
            if size + _KEPT_FREE_BYTES > free:
                raise DiskFull(needed=f"more than {said_size(size)}", free=said_size(free), place="the data folder")
            file.write(block)
            digest.update(block)
        file.flush()
        os.fsync(file.fileno())
    if announced is not None and size != announced:
        raise UploadBroken(name=name, expected_bytes=announced, arrived_bytes=size)
    sync_folder(path.parent)
    return Taken(name, size, digest.hexdigest())


def _announced(source: BinaryIO | Path | Iterable[bytes], expected_bytes: int | None) -> int | None:
    return source.stat().st_size if isinstance(source, Path) else expected_bytes


def _blocks(source: BinaryIO | Path | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield from _blocks(file)
    elif hasattr(source, "read"):
        while block := source.read(_BLOCK_BYTES):
            yield block
    else:
        yield from source


def _full(home: Home, expected_bytes: int | None) -> DiskFull:
    needed = said_size(expected_bytes) if expected_bytes else "some more megabytes"
    return DiskFull(needed=needed, free=said_size(free_bytes(home.uploads)), place="the data folder")


def _within_bytes(name: str) -> str:
    """File systems count 255 bytes, not letters."""
    if len(name.encode()) <= 250:
        return name
    stem, dot, suffix = name.rpartition(".")
    room = 250 - len(f"{dot}{suffix}".encode()) if dot else 250
    return (stem if dot else name).encode()[:room].decode(errors="ignore") + dot + (suffix if dot else "")
