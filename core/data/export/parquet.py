"""Parquet: a column of messages, each with its role and content (parquet.apache.org)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.data.export.base import DataFormat, Look
from core.data.export.rows import ExportRow
from core.data.exported import MARK, PART, WHOLE
from core.data.mapping import Mapping
from core.data.shapes.base import as_text

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 2_000
_READING = Mapping(shape="messages", columns={"messages": "messages"}, unanswered=True)


class Parquet(DataFormat):
    """Every message has the same two fields in a table of columns; a conversation with more (a call of a tool) stands whole, as JSON, beside."""

    name: ClassVar[str] = "parquet"
    label: ClassVar[str] = "Parquet"
    suffix: ClassVar[str] = ".parquet"

    def cells(self, row: ExportRow, look: Look) -> dict[str, Any]:
        return {"messages": [{"role": turn["role"], "content": turn["content"]} for turn in row.messages]}

    def reading(self, look: Look) -> Mapping:
        return _READING

    def write_file(self, rows: Iterable[dict[str, Any]], target: Path, look: Look) -> None:
        from pyarrow import parquet

        with parquet.ParquetWriter(target, schema(look), compression="zstd") as writer:
            for batch in batches(rows, look):
                writer.write_batch(batch)


def schema(look: Look) -> "pa.Schema":
    """Further columns are texts: what a column of an original row holds may differ from row to row."""
    import pyarrow as pa

    said = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    fields = [(MARK, pa.int64()), ("messages", said)]
    fields += [(PART, pa.string())] if look.split else []
    fields += [(name, pa.string()) for name in look.named]
    return pa.schema(fields + ([(WHOLE, pa.string())] if look.whole else []))


def batches(rows: Iterable[dict[str, Any]], look: Look) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    wanted, left = schema(look), iter(rows)
    while block := list(islice(left, _BATCH_ROWS)):
        columns = {name: [row[name] for row in block] for name in wanted.names}
        for name in wanted.names:
            if wanted.field(name).type == pa.string():
                columns[name] = [None if value is None else as_text(value) for value in columns[name]]
        yield pa.RecordBatch.from_pydict(columns, schema=wanted)
