"""Artefacts on disk: a temporary name, fsync, rename; a SHA-256 manifest written last. Children may import this file."""

import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, BinaryIO

MANIFEST_FILE = "manifest.json"
_BLOCK = 1 << 20
_TRY_AGAIN_S = 0.02


def write_atomically(path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    """Write `path` whole or not at all: a reader sees the old file or the new one, also after a power cut. Raises OSError (disk full …)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def move_into_place(temporary: Path, path: Path) -> None:
    """Give a finished file its name: its bytes are on the disk before the name is."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut. Windows has no such call and does it on its own."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Of a file's bytes, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def free_bytes(path: Path) -> int:
    """Free room where `path` lies or is going to lie."""
    existing = path
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    return shutil.disk_usage(existing).free


def size_bytes(folder: Path) -> int:
    """Of all files below `folder`; 0 when there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


@dataclass(frozen=True)
class Problem:
    """A file that is not what its manifest says. `what` is 'missing', 'changed', 'unexpected' or 'no manifest'."""

    path: str
    what: str


class Manifest:
    """The SHA-256 of each file of a folder, written last: its presence means that the folder is complete."""

    @staticmethod
    def write(folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
        """Of `names` (relative, with '/'), else of every file below `folder`. Flushes each file to disk first."""
        wanted = sorted(names) if names is not None else sorted(_files_of(folder))
        hashes = {}
        for name in wanted:
            with (folder / name).open("rb+") as file:
                os.fsync(file.fileno())
            hashes[name] = sha256_of(folder / name)
        for place in {(folder / name).parent for name in wanted}:
            sync_folder(place)
        write_atomically(folder / MANIFEST_FILE, json.dumps({"sha256": hashes}, indent=1, ensure_ascii=False).encode())
        return hashes

    @staticmethod
    def read(folder: Path) -> dict[str, str] | None:
        """Hashes by relative name; None when the folder is not complete."""
        try:
            hashes = json.loads((folder / MANIFEST_FILE).read_bytes())["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return {str(name): str(value) for name, value in hashes.items()} if isinstance(hashes, dict) else None

    @staticmethod
    def check(folder: Path) -> list[Problem]:
        """What differs from the manifest; an empty list is a whole folder. Files beside those of the manifest are left alone."""
        hashes = Manifest.read(folder)
        if hashes is None:
            return [Problem(MANIFEST_FILE, "no manifest")]
        problems = []
        for name, expected in hashes.items():
            if not is_safe_name(name):
                problems.append(Problem(name, "unexpected"))
            elif not (folder / name).is_file():
                problems.append(Problem(name, "missing"))
            elif sha256_of(folder / name) != expected:
                problems.append(Problem(name, "changed"))
        return problems


def is_safe_name(name: str) -> bool:
    """Whether a relative name with '/' stays inside its folder on every platform: no drive, no '..', no root, no device of Windows."""
    if not name or len(name) > 400 or any(ord(letter) < 32 or letter in '\\:*?"<>|' for letter in name):
        return False
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and str(path) == name and all(_is_safe_part(part) for part in path.parts)


_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))})


def _is_safe_part(part: str) -> bool:
    return part not in ("", ".", "..") and part[-1] not in ". " and part.split(".")[0].lower() not in _DEVICES


def _files_of(folder: Path) -> Iterable[str]:
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and not file.is_symlink() and name != MANIFEST_FILE and not file.name.endswith(".part"):
            yield name


class FolderLocked(OSError):
    """Another living process holds this folder."""


class FolderLock:
    """A lock file, held by the living process that works in its folder; the system lets go of it when that process ends, however it ends.

    Keep the object: a lock that nobody refers to is let go. `acquire` answers whether the lock is ours, and waits no longer than it is told. As a context
    manager it raises FolderLocked instead. `left_behind` says, once it is ours, that a process held it before and never released it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.left_behind = path, False
        self._file: IO[bytes] | None = None

    def acquire(self, patience_s: float = 0.0) -> bool:
        if self._file is not None:
            return True
        file, patience_ends = self.path.open("a+b"), time.monotonic() + patience_s
        while not _lock(file):
            if time.monotonic() >= patience_ends:
                file.close()
                return False
            time.sleep(_TRY_AGAIN_S)
        file.seek(0)
        self.left_behind = bool(file.read(1))
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.truncate(0)
            _unlock(self._file)
            self._file.close()
            self._file = None

    @property
    def held(self) -> bool:
        """By this object."""
        return self._file is not None

    def is_held_by_anyone(self) -> bool:
        """Whether a living process works in the folder. Takes the lock for an instant: ask only about a process that has had time to start."""
        if self._file is not None:
            return True
        if not self.path.exists():
            return False
        with self.path.open("a+b") as file:
            if not _lock(file):
                return True
            _unlock(file)
        return False

    def __enter__(self) -> "FolderLock":
        if not self.acquire():
            raise FolderLocked(f"another process holds {self.path}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte beyond the written process id: a locked byte cannot be read on Windows

    def _lock(file: IO[bytes]) -> bool:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
