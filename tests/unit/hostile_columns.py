"""Hostile and broken Parquet and Arrow files: lying footers, damaged pages, claims of sizes, values that no row should have."""

import struct
from collections.abc import Callable, Iterator

from tests.unit.hostile_files import Hostile
from tests.unit.office_files import LABELLED_ROWS, arrow_stream, parquet, zipped


def table() -> Iterator[Hostile]:
    whole = parquet(LABELLED_ROWS * 50)
    size = struct.unpack("<I", whole[-8:-4])[0]
    footer = len(whole) - 8 - size
    yield _h(
        "a Parquet file whose footer lies about its length", "long.parquet", whole[:-8] + struct.pack("<I", 0x7FFFFFFF) + b"PAR1", "BrokenColumns"
    )
    yield _h("a Parquet file whose footer lies about its length", "short.parquet", whole[:-8] + struct.pack("<I", 3) + b"PAR1", "BrokenColumns")
    yield _h("a Parquet file whose footer lies about its length", "zero.parquet", whole[:-8] + bytes(4) + b"PAR1", "BrokenColumns")
    yield _h("a Parquet file cut off", "cut.parquet", whole[: len(whole) // 2], "BrokenColumns")
    yield _h("a Parquet file cut off", "end.parquet", whole[:-1], "BrokenColumns")
    yield _h("only the mark of Parquet", "mark.parquet", b"PAR1", "BrokenColumns")
    yield _h("only the mark of Parquet", "marks.parquet", b"PAR1PAR1", "BrokenColumns")
    yield _h(
        "garbage for a footer",
        "garbage.parquet",
        whole[:footer] + bytes((n * 7919) % 256 for n in range(size)) + whole[-8:],
        "BrokenColumns",
        alone=False,
    )
    yield _h("garbage for a footer", "zeros.parquet", whole[:footer] + bytes(size) + whole[-8:], "BrokenColumns", alone=False)
    yield _h("garbage for a footer", "ones.parquet", whole[:footer] + b"\xff" * size + whole[-8:], "BrokenColumns", alone=False)
    for number, at in enumerate(range(4, min(footer, 600), 97)):
        yield _h(
            "a damaged page",
            f"page{number}.parquet",
            _flipped(whole, at, 12),
            "BrokenColumns",
            alone=False,
        )
    for number, at in enumerate(range(footer + 2, footer + min(size, 400), 61)):
        yield _h(
            "a damaged footer",
            f"footer{number}.parquet",
            _flipped(whole, at, 3),
            "BrokenColumns|rows:300",
            alone=False,
        )
    yield _h(
        "a page that unpacks to much",
        "tight.parquet",
        lambda: parquet([{"text": "a" * 2_000_000, "label": f"k{n % 2}"} for n in range(60)], compression="zstd"),
        "UnreadableStart",
    )
    yield _h("a Parquet file without rows", "none.parquet", lambda: _no_rows(), "NoRows")
    yield _h("5,000 columns", "wide.parquet", lambda: parquet([{f"c{n}": n for n in range(5_000)}]), "TooManyColumns")
    yield _h(
        "deep nesting",
        "deep.parquet",
        lambda: parquet([{"text": f"t{n}", "label": f"k{n % 2}", "x": _nested(80)} for n in range(5)]),
        "UnreadableStart",
    )
    yield _h(
        "a column of pictures",
        "bytes.parquet",
        lambda: parquet([{"text": f"t{n}", "label": f"k{n % 2}", "image": b"\x89PNG\xff" * 99} for n in range(5)]),
        "rows:5",
    )
    yield _h("a column named twice", "twice.parquet", lambda: _twice(), "DuplicateColumns")
    yield _h("text that is no text", "utf8.parquet", lambda: _bad_text(), "BrokenColumns")
    stream = arrow_stream(LABELLED_ROWS * 50)
    yield _h("an Arrow file cut off", "cut.arrow", stream[: len(stream) // 2], "BrokenColumns", alone=False)
    yield _h("an Arrow file damaged", "damaged.arrow", _flipped(stream, 40, 30), "BrokenColumns", alone=False)
    yield _h("an Arrow file damaged", "claims.arrow", stream[:4] + struct.pack("<i", 0x7FFFFFF0) + stream[8:], "FileNeedsMemory", alone=False)
    yield _h(
        "a saved datasets folder without its rows",
        "folder.zip",
        zipped({"dataset_info.json": "{}", "state.json": "{}"}),
        "UnreadableStart",
    )
    yield _h(
        "a saved datasets folder that is damaged",
        "folder2.zip",
        zipped({"d/data-00000-of-00001.arrow": stream[:99], "d/state.json": "{}"}),
        "BrokenColumns",
    )


def _h(cause: str, name: str, build: Callable[[], bytes] | bytes, expected: str, *, alone: bool = False) -> Hostile:
    return Hostile(cause, name, build if callable(build) else lambda: build, expected, alone)


def _flipped(data: bytes, at: int, count: int) -> bytes:
    return data[:at] + bytes(byte ^ 0xA5 for byte in data[at : at + count]) + data[at + count :]


def _nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


def _no_rows() -> bytes:
    import io

    import pyarrow as pa
    from pyarrow import parquet as files

    out = io.BytesIO()
    files.write_table(pa.table({"text": pa.array([], pa.string()), "label": pa.array([], pa.string())}), out)
    return out.getvalue()


def _twice() -> bytes:
    import io

    import pyarrow as pa
    from pyarrow import parquet as files

    out = io.BytesIO()
    files.write_table(pa.table([pa.array(["a", "b", "c"]), pa.array(["k0", "k1", "k0"])], names=["text", "text"]), out)
    return out.getvalue()


def _bad_text() -> bytes:
    """A text column whose bytes are no UTF-8: Arrow does not look when it writes."""
    import io

    import pyarrow as pa
    from pyarrow import parquet as files

    raw = pa.array([b"\xff\xfe", b"a", b"b"], pa.binary())
    text = pa.StringArray.from_buffers(3, raw.buffers()[1], raw.buffers()[2])
    out = io.BytesIO()
    files.write_table(pa.table({"text": text, "label": pa.array(["x", "y", "x"])}), out)
    return out.getvalue()
