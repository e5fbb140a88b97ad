"""A file, safely: how big it may be, whether it is packed, who reads its bytes or what its letters are. Nothing is read at once."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from core.data.containers.packing import BROKEN, BrokenArchive, packing_of, unpacked
from core.data.encoding import codec, detect
from core.data.limits import LIMITS, Limits
from core.data.readers.base import ByteReader, byte_reader_for
from core.errors import UserError

_CHUNK_BYTES = 1 << 20


class EmptyFile(UserError):
    """There is not one byte of text in it."""

    sentence = "{file} is empty. Choose the file that has your rows. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class FileTooLarge(UserError):
    """More bytes than the limit, packed or unpacked."""

    sentence = "{file} is larger than {limit}. Import it in parts, or raise the limit in the settings. Nothing was imported."
    status = 413

    def __init__(self, *, file: str, limit: str) -> None:
        super().__init__(file=file, limit=limit)


class PackedTooTight(UserError):
    """A packed file that unpacks to hundreds of times its size: no text does."""

    sentence = "{file} unpacks to more than {ratio} times its size, which no real text does. Import the unpacked file. Nothing was imported."
    status = 413

    def __init__(self, *, file: str, ratio: int) -> None:
        super().__init__(file=file, ratio=ratio)


@dataclass(frozen=True)
class Source:
    """`encoding` is a Python codec. `capped` says that only the first bytes are to be read (a preview). `reader` is who reads the bytes themselves;
    such a file has no encoding. `packing` says how it is packed, None when it is not."""

    path: Path
    file: str
    limits: Limits
    packing: str | None
    encoding: str
    capped: bool
    reader: ByteReader | None = None
    preview: bool = False
    many: bool = False  # one of several in a folder or a zip

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """Lines keep their ends (CR, LF or both), as the csv module wants them."""
        errors = "replace" if self.capped else "strict"  # a prefix may end within a character
        with _bytes(self.path, self.file, self.packing, self.limits, _cap(self.limits, self.capped)) as stream:
            yield io.TextIOWrapper(io.BufferedReader(stream, _CHUNK_BYTES), encoding=self.encoding, errors=errors, newline="")

    @contextmanager
    def stream(self) -> Iterator[io.RawIOBase]:
        """The bytes, unpacked."""
        if self.packing is None:
            with self.path.open("rb", buffering=0) as plain:
                yield plain
            return
        with _bytes(self.path, self.file, self.packing, self.limits, None) as stream:
            yield stream

    @contextmanager
    def plain(self) -> Iterator[Path]:
        """The file unpacked, for a reader of bytes."""
        if self.packing is None:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="unpacked-") as folder:
            target = Path(folder) / "file"
            with _bytes(self.path, self.file, self.packing, self.limits, None) as raw, target.open("wb") as out:
                for chunk in iter(lambda: raw.read(_CHUNK_BYTES), b""):
                    out.write(chunk)
            yield target


def open_source(path: Path, file: str, *, encoding: str | None = None, limits: Limits = LIMITS, preview: bool = False) -> Source:
    """Look at the bytes (all of them, or the first ones for a preview). Raises EmptyFile, FileTooLarge, and what `detect` raises."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise FileTooLarge(file=file, limit=in_words(limits.file_bytes))
    with path.open("rb") as stream:
        packing = packing_of(stream.read(8))
    with _bytes(path, file, packing, limits, _cap(limits, preview)) as raw:
        chunks = iter(lambda: raw.read(_CHUNK_BYTES), b"")
        first = next(chunks, b"")
        if not first.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
            first += next(chunks, b"")
        if not first.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
            raise EmptyFile(file=file)
        capped = preview and (size if not packing else size * 50) > limits.preview_bytes
        source = Source(path, file, limits, packing, "", capped, preview=preview)
        if (reader := byte_reader_for(first, path if not packing else None, file)) is not None:
            return replace(source, reader=reader, capped=False)
        if encoding:
            return replace(source, encoding=codec(encoding, file))
        return replace(source, encoding=detect(_chained(first, chunks), file, whole=not capped))


def line_of_bad_bytes(source: Source) -> int:
    """Where the chosen encoding stops fitting."""
    line = 1
    with _bytes(source.path, source.file, source.packing, source.limits, None) as raw:
        import codecs

        decoder = codecs.getincrementaldecoder(source.encoding)("replace")
        for chunk in iter(lambda: raw.read(_CHUNK_BYTES), b""):
            text = decoder.decode(chunk)
            if "\ufffd" in text:
                return line + text.count("\n", 0, text.index("\ufffd"))
            line += text.count("\n")
    return line


def in_words(size_bytes: int) -> str:
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes} bytes"


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _cap(limits: Limits, preview: bool) -> int | None:
    return limits.preview_bytes if preview else None


class _Guarded(io.RawIOBase):
    """Bytes of a stream, counted: ends after `cap`, and refuses what unpacks to too much."""

    def __init__(self, inner: BinaryIO, file: str, packed_bytes: int | None, limits: Limits, cap: int | None) -> None:
        self._inner, self._file, self._packed_bytes, self._limits, self._left = inner, file, packed_bytes, limits, cap
        self._read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = len(buffer) if self._left is None else min(len(buffer), self._left)
        try:
            data = self._inner.read(wanted) if wanted else b""
        except BROKEN as error:
            raise BrokenArchive(file=self._file) from error
        if self._left is not None:
            self._left -= len(data)
        self._read_bytes += len(data)
        self._check()
        buffer[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        limits = self._limits
        if self._packed_bytes is None:
            return
        if self._read_bytes > limits.unpacking_free_bytes and self._read_bytes > limits.unpacking_ratio * self._packed_bytes:
            raise PackedTooTight(file=self._file, ratio=limits.unpacking_ratio)
        if self._read_bytes > limits.unpacked_bytes:
            raise FileTooLarge(file=self._file, limit=in_words(limits.unpacked_bytes))


@contextmanager
def _bytes(path: Path, file: str, packing: str | None, limits: Limits, cap: int | None) -> Iterator[io.RawIOBase]:
    with path.open("rb") as plain:
        if packing is None:
            yield _Guarded(plain, file, None, limits, cap)
            return
    with unpacked(path, file, packing) as stream:
        yield _Guarded(stream, file, path.stat().st_size, limits, cap)
