"""Packed files (gzip, bzip2, xz, zstd) as a stream of their bytes, piece by piece, within limits of time and memory."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from core.errors import UserError

_STARTS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_PIECE_BYTES = 1 << 16
_XZ_MEMORY_BYTES = 128 << 20  # `xz -9` asks for 65 MB; a hostile header may ask for 4 GB
SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)


class BrokenArchive(UserError):
    """What is packed is cut off or damaged."""

    sentence = "{file} cannot be unpacked: it is cut off or damaged. Pack or download it again. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


def packing_of(start: bytes) -> str | None:
    """The way in which a file with these first bytes is packed."""
    return next((name for mark, name in _STARTS if start.startswith(mark)), None)


def bare(file: str) -> str:
    """The name without the suffix of its packing, in lower case."""
    plain = file.lower()
    return next((plain.removesuffix(suffix) for suffix in SUFFIXES if plain.endswith(suffix)), plain)


@contextmanager
def unpacked(path: Path, file: str, packing: str) -> Iterator[BinaryIO]:
    """The bytes within. Reading raises BrokenArchive where they end too soon or make no sense; how much comes out is the reader's to count."""
    with path.open("rb") as plain:
        if packing == "zstd":
            import pyarrow as pa  # knows zstd, which Python 3.11 does not

            with pa.CompressedInputStream(pa.PythonFile(plain), "zstd") as stream:
                yield cast("BinaryIO", io.BufferedReader(_Arrow(stream, file)))
        else:
            with _Pieces(plain, file, packing) as pieces:
                yield cast("BinaryIO", pieces)


class _Pieces(io.RawIOBase):
    """One stream of packed bytes after another, as gzip and xz files may hold several."""

    def __init__(self, plain: BinaryIO, file: str, packing: str) -> None:
        self._plain, self._file, self._packing = plain, file, packing
        self._decoder, self._rest = self._fresh(), b""
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not len(buffer):
            return 0
        try:
            data = self._next(len(buffer))
        except (*BROKEN, OSError, ValueError) as error:
            raise BrokenArchive(file=self._file) from error
        buffer[: len(data)] = data
        return len(data)

    def _next(self, wanted: int) -> bytes:
        while True:
            if self._decoder.eof:
                self._rest = (self._decoder.unused_data or self._rest).lstrip(b"\0") or self._plain.read(_PIECE_BYTES).lstrip(b"\0")
                if not self._rest or packing_of(self._rest) != self._packing:  # what follows the packed bytes is no part of them
                    return b""
                self._decoder = self._fresh()
            piece = self._piece()
            data = self._decoder.decompress(piece, wanted)
            if self._packing == "gzip":
                self._rest = self._decoder.unconsumed_tail  # type: ignore[union-attr]
            if data:
                return bytes(data)
            if not piece and not self._decoder.eof and self._is_hungry():
                raise EOFError

    def _piece(self) -> bytes:
        if self._rest:
            piece, self._rest = self._rest, b""
            return piece
        return self._plain.read(_PIECE_BYTES) if self._is_hungry() else b""

    def _is_hungry(self) -> bool:
        return self._packing == "gzip" or self._decoder.needs_input  # type: ignore[union-attr]

    def _fresh(self) -> "zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor":
        if self._packing == "gzip":
            return zlib.decompressobj(31)
        return bz2.BZ2Decompressor() if self._packing == "bzip2" else lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)


class _Arrow(io.RawIOBase):
    """A stream of Arrow's with our own errors."""

    def __init__(self, stream: "io.RawIOBase", file: str) -> None:
        self._stream, self._file = stream, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (OSError, ValueError) as error:
            raise BrokenArchive(file=self._file) from error
        buffer[: len(data or b"")] = data or b""
        return len(data or b"")
