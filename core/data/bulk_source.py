"""A whole file at once instead of row by row, where that gives the same rows: which files these are, and how their columns reach the database."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from core.data.exported import MARK
from core.data.limits import Limits
from core.data.mapping import Mapping
from core.data.reading import check_columns, columns_of, records, understand
from core.data.records import Record
from core.data.shapes.base import shape
from core.data.source import Source, open_source
from core.errors import UserError
from storage.bulk.deriving import Derived, Irregular, Room, RowPlan, derive_table
from storage.bulk.lines import Lines, check_lines

if TYPE_CHECKING:
    import pyarrow as pa

_LOOKED_AT, _BATCH_ROWS = 200, 20_000
_PART, _LEAST_PART_BYTES, _PACKED_PART_BYTES, _CHUNK_BYTES = "lines-{}.jsonl", 16 << 20, 192 << 20, 1 << 20
_UTF8 = ("utf-8", "utf-8-sig")


@dataclass(frozen=True)
class _Pair:
    """A shape whose row is one question and its answer, both cells as they stand; `stripped`: the answer loses the blanks around it."""

    question: str
    answer: str | None
    stripped: bool


_PAIRS = {
    "text_label": _Pair("text", "label", True),
    "question_answer": _Pair("question", "answer", False),
    "dialogue_summary": _Pair("text", "summary", True),
    "text_only": _Pair("text", None, False),
}


@dataclass(frozen=True)
class Bulk:
    """What came of it: the rows as `derived` says, and the form that their originals have. With `lines` they lie in its parts, beside the target."""

    derived: Derived
    form: str
    lines: Lines | None = None


def take_at_once(
    path: Path, mapping: Mapping, target: Path, *, file: str, limits: Limits, room: Room, watch: Callable[[float], bool] | None = None
) -> Bulk | None:
    """Write all rows to `target`, or to parts beside it, or None where only reading row by row can say what the rows are, or what is wrong with one.

    Raises storage.bulk.deriving.Interrupted when `watch` answers no.
    """
    pair = _PAIRS.get(mapping.shape)
    if pair is None or mapping.whole is not None or mapping.field_columns or set(mapping.columns) - {pair.question, pair.answer}:
        return None
    try:
        source = _opened(path, file, mapping, limits)
        head = list(islice(records(source, mapping), _LOOKED_AT))
        good = [item for item in head if isinstance(item, Record)]
        check_columns(mapping, shape(mapping.shape), columns_of(good), file)
        if len(good) < len(head) or (plan := _plan(good, mapping, pair, limits)) is None:
            return None
        reader, understood = understand(source, mapping)
        lines: Lines | None = None
        if reader.name == "jsonl":
            derived, lines = _json_lines(source, target.parent, plan, good[0], room, watch)
        elif reader.name == "csv" and understood.delimiter is not None:
            with source.text() as text:
                derived = derive_table(
                    _table(_csv_batches(text, understood.delimiter, understood.quoted, bool(understood.header), plan), plan),
                    target,
                    plan,
                    room,
                    watch,
                )
        elif reader.name == "parquet" and source.packing is None:
            derived = _parquet(path, target, plan, limits, room, watch)
        else:
            return None
    except (Irregular, UserError, UnicodeError, csv.Error):  # the row-by-row way says it better
        target.unlink(missing_ok=True)
        return None
    if not derived.rows or derived.rows > limits.rows:
        target.unlink(missing_ok=True)
        remove_parts(target.parent)
        return None
    return Bulk(derived, plan.form, lines)


def remove_parts(folder: Path) -> None:
    for part in folder.glob(_PART.format("*")):
        part.unlink()


def _opened(path: Path, file: str, mapping: Mapping, limits: Limits) -> Source:
    """A file that begins as UTF-8 is taken for it: where it is not, the way at once ends, and the other one looks at every byte. What is packed is unpacked
    once with nothing done to it: so a bomb is found soonest."""
    look = open_source(path, file, encoding=mapping.encoding, limits=limits, preview=True)
    encoding = look.encoding if look.reader is None and look.packing is None and look.encoding in _UTF8 else mapping.encoding
    return open_source(path, file, encoding=encoding, limits=limits)


def _plan(good: list[Record], mapping: Mapping, pair: _Pair, limits: Limits) -> RowPlan | None:
    """None where a column's name, or what the first rows hold, is no case for it."""
    if not good:
        return None
    columns = tuple(good[0].values)
    question, answer = mapping.columns[pair.question], mapping.columns.get(pair.answer or "")
    if MARK in columns_of(good) or question not in columns or (answer is not None and answer not in columns) or question == answer:
        return None
    if len({column.lower() for column in columns}) < len(columns) or any(letter in column for column in columns for letter in '"\\\0'):
        return None  # the database's names are the same in capitals
    bare = answer is not None and isinstance(good[0].values[answer], int)
    return RowPlan(columns, question, answer, pair.stripped, answer is None or mapping.unanswered, bare, line_bytes=limits.field_chars)


def _json_lines(
    source: Source, folder: Path, plan: RowPlan, first: Record, room: Room, watch: Callable[[float], bool] | None
) -> tuple[Derived, Lines]:
    if source.encoding not in _UTF8 or source.packing not in (None, "gzip"):
        raise Irregular(source.encoding)
    compact = first.original == json.dumps(first.values, ensure_ascii=False, separators=(",", ":"))
    plan = RowPlan(**{**vars(plan), "comma": ",", "colon": ":"}) if compact else plan
    try:
        return check_lines(list(_parts(source, folder, room.threads, 4 * plan.line_bytes)), plan, room, watch)
    except BaseException:
        remove_parts(folder)
        raise


def _parts(source: Source, folder: Path, parts: int, line_bytes: int) -> Iterator[Path]:
    """The file in parts that end where a line does, which the store reads side by side: a copy that nobody changes after it was looked at."""
    part_bytes = _PACKED_PART_BYTES if source.packing is not None else max(source.path.stat().st_size // parts + 1, _LEAST_PART_BYTES)
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    with source.stream() as stream:
        ahead = buffer[: stream.readinto(buffer) or 0]
        for number in count():
            if not ahead:
                return
            path, left, end = folder / _PART.format(f"{number:04}"), part_bytes, 0
            with path.open("wb", buffering=0) as part:
                while ahead:
                    if len(ahead) >= left and (end := bytes(ahead[max(left - 1, 0) :]).find(b"\n") + 1):
                        end += max(left - 1, 0)
                        part.write(ahead[:end])
                        break
                    if left < -line_bytes:
                        raise Irregular("a line without an end")
                    left -= part.write(ahead)
                    ahead = buffer[: stream.readinto(buffer) or 0]
            ahead = ahead[end:] or buffer[: stream.readinto(buffer) or 0]
            yield path


def _csv_batches(text: TextIO, delimiter: str, quoted: bool, header: bool, plan: RowPlan) -> Iterator[list[Any]]:
    """As core.data.readers.csv reads, columns instead of records. A line over the limit comes in pieces, of which at least one is refused later."""
    lines = iter(partial(text.readline, 4 * plan.line_bytes + 1), "")
    rows = (row for row in csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, strict=True) if row)
    if header:
        next(rows, None)
    width = len(plan.columns)
    while batch := list(islice(rows, _BATCH_ROWS)):
        if any(len(row) != width for row in batch):
            raise Irregular("ragged")
        yield list(zip(*batch, strict=True))


def _table(batches: Iterator[list[Any]], plan: RowPlan) -> "pa.RecordBatchReader":
    import pyarrow as pa

    schema = pa.schema([(f"c{at}", pa.string()) for at in range(len(plan.columns))])
    arrays = (pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema) for columns in batches)
    return pa.RecordBatchReader.from_batches(schema, arrays)


def _parquet(path: Path, target: Path, plan: RowPlan, limits: Limits, room: Room, watch: Callable[[float], bool] | None) -> Derived:
    """Only texts, whole numbers, true and false: what else a Parquet file may hold is written as the reader of rows says."""
    import pyarrow as pa
    from pyarrow import parquet

    def is_plain(kind: pa.DataType) -> bool:
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind))

    try:
        with parquet.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=1 << 20) as table:
            schema, meta = table.schema_arrow, table.metadata
            sizes = [
                sum(meta.row_group(group).column(at).total_uncompressed_size for at in range(meta.num_columns))
                for group in range(meta.num_row_groups)
            ]
            texts = [schema.field(column).type for column in (plan.question, plan.answer) if column is not None]
            plain = all(is_plain(kind) for kind in schema.types) and all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in texts)
            if tuple(schema.names) != plan.columns or not plain or b"huggingface" in (schema.metadata or {}):
                raise Irregular("columns")
            if any(size < 0 or size > limits.group_bytes for size in sizes):
                raise Irregular("sizes")
            named = pa.schema([(f"c{at}", kind) for at, kind in enumerate(schema.types)])

            def batches() -> Iterator[pa.RecordBatch]:
                for batch in table.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                    batch.validate(full=True)
                    yield pa.record_batch(batch.columns, schema=named)

            return derive_table(pa.RecordBatchReader.from_batches(named, batches()), target, plan, room, watch)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise Irregular(type(error).__name__) from error
