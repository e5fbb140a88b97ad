"""Hostile and broken packed files: bombs, archives whose names lead elsewhere, lies about sizes, and what is cut off."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.unit.hostile_files import Hostile
from tests.unit.hostile_text import GOOD, LIST
from tests.unit.office_files import labelled_workbook, pdf, zipped

_MB = bytes(1 << 20)
_WORDS = b"a,b\n" * (1 << 18)


def table() -> Iterator[Hostile]:
    yield from _bombs()
    yield from _cut()
    yield from _elsewhere()
    yield from _lies()
    yield from _mixed()


def _h(cause: str, name: str, build: Callable[[], bytes] | bytes, expected: str, *, alone: bool = False) -> Hostile:
    return Hostile(cause, name, build if callable(build) else lambda: build, expected, alone)


def _bombs() -> Iterator[Hostile]:
    for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", _zstd)):
        yield _h(f"a {name} bomb", f"bomb.csv.{name}", lambda pack=pack: pack(b"text,label\n") + pack(_WORDS) * 90, "PackedTooTight")
        yield _h(f"a {name} bomb", f"bomb.xlsx.{name}", lambda pack=pack: pack(b"PK\x03\x04" + _MB) + pack(_MB) * 90, "PackedTooTight")
        yield _h("packed twice", f"twice.csv.{name}", lambda pack=pack: pack(gzip.compress(GOOD.encode())), "BinaryFile")
        yield _h("nothing inside the packing", f"nothing.csv.{name}", lambda pack=pack: pack(b""), "EmptyFile")
    yield _h("a zip bomb", "bomb.zip", lambda: zipped({"bomb.csv": b"text,label\n" + _WORDS * 90}), "PackedTooTight")
    yield _h("a zip bomb", "bombs.zip", lambda: zipped({f"{n}.csv": _WORDS for n in range(90)}), "PackedTooTight")
    yield _h("a zip of 20,000 files", "files.zip", lambda: zipped({f"{n}.csv": "a" for n in range(20_000)}), "TooManyFiles")
    yield _h("files that share their bytes", "overlap.zip", _overlapping, "SharedBytes")
    yield _h(
        "a workbook that is a bomb",
        "bomb.xlsx",
        lambda: zipped({"xl/workbook.xml": "<x/>", "xl/worksheets/sheet1.xml": _WORDS * 90}),
        "PackedTooTight",
    )
    yield _h("a document that is a bomb", "bomb.docx", lambda: zipped({"word/document.xml": "<x>" + " " * (90 << 20)}), "PackedTooTight")
    yield _h("an xz file that asks for 4 GB", "memory.csv.xz", _greedy_xz, "BrokenArchive")


def _cut() -> Iterator[Hostile]:
    long = (GOOD * 2_000).encode()
    packs = (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", _zstd))
    for name, pack in packs:
        yield _h("a packed file cut off", f"cut.csv.{name}", lambda pack=pack: pack(long)[:-40], "BrokenArchive")
        yield _h("a packed file damaged", f"damaged.csv.{name}", lambda pack=pack: _damaged(pack(long)), "BrokenArchive")
        yield _h("only the mark of a packing", f"mark.csv.{name}", lambda pack=pack: pack(long)[:7], "BrokenArchive")
    yield _h("letters behind the packed ones", "behind.csv.gz", lambda: gzip.compress(GOOD.encode()) + b"garbage", "rows:10")
    whole = zipped({"rows.csv": GOOD * 50})
    yield _h("a zip cut off", "cut.zip", whole[: len(whole) // 2], "BrokenArchive")
    yield _h("a zip cut off", "end.zip", whole[:-10], "BrokenArchive")
    yield _h("a zip damaged", "damaged.zip", _damaged(whole), "BrokenArchive")
    yield _h("only the mark of a zip", "mark.zip", b"PK\x03\x04" + bytes(100), "BrokenArchive")
    yield _h("an empty zip", "empty.zip", b"PK\x05\x06" + bytes(18), "NoFilesInside")
    yield _h("an empty zip", "folders.zip", zipped({"a/": b"", "a/b/": b""}), "NoFilesInside")
    yield _h("an empty zip", "hidden.zip", zipped({"__MACOSX/._a.csv": b"\0", ".DS_Store": b"\0"}), "NoFilesInside")
    yield _h("a zip of an unknown method", "method.zip", lambda: _patched(whole, method=99), "BrokenArchive")


def _elsewhere() -> Iterator[Hostile]:
    for number, name in enumerate(
        ("../../evil.csv", "a/../../evil.csv", "..\\..\\evil.csv", "/etc/cron.d/evil", "C:/evil.csv", "\\\\server\\evil.csv")
    ):
        yield _h(
            "a name that leaves the archive (zip slip)", f"slip{number}.zip", lambda name=name: zipped({"a.csv": GOOD, name: GOOD}), "PointsOutside"
        )
    for number, target in enumerate(("/etc/passwd", "../../../etc/passwd", "a.csv")):
        yield _h("a link in a zip", f"link{number}.zip", lambda target=target: _linked(target), "PointsOutside")
    yield _h("a name twice in a zip", "twice.zip", _twice, "NameTwice")
    yield _h("a name with control characters in a zip", "bell.zip", lambda: zipped({"a\x07\nb.csv": GOOD}), "OddName")
    yield _h("a name of 5,000 letters in a zip", "name.zip", lambda: zipped({"x" * 5_000 + ".csv": GOOD}), "OddName")
    yield _h("a name of 300 letters in a zip", "long.zip", lambda: zipped({"x" * 300 + ".csv": GOOD}), "rows:10")
    yield _h("a name of commands in a zip", "command.zip", lambda: zipped({"$(touch x);`y`.csv": GOOD, "<script>.csv": GOOD}), "rows:20")


def _lies() -> Iterator[Hostile]:
    whole = zipped({"rows.csv": GOOD * 50})
    yield _h("a zip that lies about a size", "small.zip", lambda: _patched(whole, size=10), "BrokenArchive")
    yield _h("a zip that lies about a size", "large.zip", lambda: _patched(whole, size=1 << 31), "PackedTooTight")
    yield _h("a zip that lies about a sum", "sum.zip", lambda: _patched(whole, crc=1), "BrokenArchive")
    yield _h("a zip that lies about a place", "place.zip", lambda: _patched(whole, offset=1 << 30), "BrokenArchive")
    yield _h("a locked zip", "locked.zip", lambda: _patched(whole, flag=1), "LockedFile")
    yield _h(
        "a zip whose contents claim 4 GB",
        "contents.zip",
        lambda: whole[:-10] + struct.pack("<I", 0xFFFFFFF0) + whole[-6:],
        "BrokenArchive",
    )
    yield _h("a gzip file that lies about its size", "size.csv.gz", lambda: gzip.compress(GOOD.encode())[:-4] + b"\xff\xff\xff\x7f", "BrokenArchive")


def _mixed() -> Iterator[Hostile]:
    inner = zipped({"a.csv": GOOD})
    yield _h("a zip in a zip", "nested.zip", zipped({"inner.zip": inner}), "ArchiveInside")
    yield _h("a zip in a zip", "nested2.zip", zipped({"a.csv": GOOD, "inner.zip": zipped({"b.zip": inner})}), "BadRow:errors.ArchiveInside")
    yield _h("a zip in a gzip", "zip.csv.gz", gzip.compress(inner), "rows:10")
    yield _h(
        "a file of another kind in a zip", "picture.zip", zipped({"a.csv": GOOD, "b.png": b"\x89PNG\r\n" + bytes(99)}), "BadRow:errors.BinaryFile"
    )
    yield _h("a file of another kind in a zip", "program.zip", zipped({"a.exe": b"MZ" + bytes(range(256)) * 9}), "BinaryFile")
    yield _h("an empty file in a zip", "empty-file.zip", zipped({"a.csv": GOOD, "b.csv": ""}), "BadRow:errors.EmptyFile")
    yield _h("files of different columns in a zip", "columns.zip", zipped({"a.csv": GOOD, "b.json": LIST}), "BadRows:missing_field")
    yield _h("files of different formats in a zip", "formats.zip", lambda: zipped({"a.csv": GOOD, "b.xlsx": labelled_workbook()}), "rows:16")
    yield _h("a broken file in a zip", "broken.zip", zipped({"a.json": LIST, "b.json": LIST[:-9]}), "MalformedList")
    yield _h("a broken file in a zip", "pdf.zip", lambda: zipped({"a.csv": GOOD, "b.pdf": pdf(["x"])[:60]}), "BadRow:errors.BrokenDocument")
    for name, inside, what in (("slides.pptx", "ppt/presentation.xml", ""), ("book.epub", "META-INF/container.xml", ""), ("app.jar", "META-INF/MANIFEST.MF", ""),
                               ("text.odt", "mimetype", ""), ("table.xlsb", "xl/workbook.bin", "")):  # fmt: skip
        yield _h("a zip of another program", name, zipped({inside: what or "x"}), "BinaryFile")


def _zstd(data: bytes) -> bytes:
    import pyarrow as pa

    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


def _damaged(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes(byte ^ 0x5A for byte in data[at : at + 20]) + data[at + 20 :]


def _greedy_xz() -> bytes:
    """LZMA2 with a dictionary of 4 GiB - 1: the block header says so, and its sum is right."""
    packed = bytearray(lzma.compress(GOOD.encode(), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
    size = (packed[12] + 1) * 4
    at = packed.index(b"\x21\x01", 12) + 2
    packed[at] = 40
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(bytes(packed[12 : 12 + size - 4])))
    return bytes(packed)


def _linked(target: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", GOOD)
        link = zipfile.ZipInfo("link.csv")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, target)
    return out.getvalue()


def _twice() -> bytes:
    import warnings

    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a.csv", GOOD)
        archive.writestr("a.csv", GOOD * 2)
    return out.getvalue()


def _patched(data: bytes, *, size: int | None = None, crc: int | None = None, flag: int | None = None, method: int | None = None,
             offset: int | None = None) -> bytes:  # fmt: skip
    """The first entry of the table of contents says something else, and the entry itself too."""
    out, at = bytearray(data), data.index(b"PK\x01\x02")
    for value, entry, own, form in ((flag, 8, 6, "<H"), (method, 10, 8, "<H"), (crc, 16, 14, "<I"), (size, 24, 22, "<I")):
        if value is not None:
            struct.pack_into(form, out, at + entry, value)
            struct.pack_into(form, out, own, value)
    if offset is not None:
        struct.pack_into("<I", out, at + 42, offset)
    return bytes(out)


def _overlapping() -> bytes:
    """A hundred names in the table of contents for one and the same packed bytes."""
    one = zipped({"00.csv": _WORDS})
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry = one[start:end]
    contents = b"".join(entry.replace(b"00.csv", b"%02d.csv" % n) for n in range(100))
    return one[:start] + contents + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 100, 100, len(contents), start, 0)
