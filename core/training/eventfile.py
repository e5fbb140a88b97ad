"""Curves as TensorBoard reads them: an event file of scalars, written by hand because the library for it weighs more than the format.

A file is a chain of TFRecords (length, its masked CRC-32C, bytes, their masked CRC-32C, all little-endian); each holds one Event of
tensorflow/core/util/event.proto: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5; a Summary holds value = 1 with
tag = 1 (string) and simple_value = 2 (float).
"""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

TENSORBOARD_FOLDER = "tensorboard"
_FILE = "events.out.tfevents.{started:010d}.bottega"
_POLYNOMIAL, _MASK = 0x82F63B78, 0xA282EAD8  # Castagnoli's, mirrored; TFRecord's own
_VERSION = b"brain.Event:2"


class EventFile:
    """One a run: an attempt that goes on writes where the one before stopped, after its last whole record."""

    def __init__(self, run_folder: Path) -> None:
        """Raises OSError."""
        folder = run_folder / TENSORBOARD_FOLDER
        folder.mkdir(exist_ok=True)
        path = event_file(run_folder) or folder / _FILE.format(started=int(time.time()))
        path.touch()
        end = sum(len(record) for record in _records(path.read_bytes()))
        self._file = path.open("r+b", buffering=0)
        self._file.truncate(end)
        self._file.seek(end)
        if end == 0:
            self._file.write(_record(_double(1, time.time()) + _bytes(3, _VERSION)))

    def scalar(self, name: str, step: int, value: float) -> None:
        """Raises OSError (disk full …)."""
        told = _bytes(1, _bytes(1, name.encode()) + _key(2, 5) + struct.pack("<f", value))
        self._file.write(_record(_double(1, time.time()) + _key(2, 0) + _varint(step) + _bytes(5, told)))

    def close(self) -> None:
        self._file.close()


def event_file(run_folder: Path) -> Path | None:
    """The run's file; None where none was written."""
    return next(iter(sorted((run_folder / TENSORBOARD_FOLDER).glob("events.out.tfevents.*"))), None)


def crc32c(data: bytes) -> int:
    """RFC 3720, appendix B.4."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _table() -> Iterator[int]:
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        yield value


_TABLE = tuple(_table())


def _masked(data: bytes) -> bytes:
    value = crc32c(data)
    return struct.pack("<I", (((value >> 15) | (value << 17)) + _MASK) & 0xFFFFFFFF)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _records(data: bytes) -> Iterator[bytes]:
    """Whole records, up to the first that a kill cut short."""
    at = 0
    while at + 12 <= len(data):
        end = at + 16 + struct.unpack_from("<Q", data, at)[0]
        if end > len(data):
            return
        yield data[at:end]
        at = end


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _double(field: int, value: float) -> bytes:
    return _key(field, 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, 2) + _varint(len(value)) + value
