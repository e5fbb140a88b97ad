"""The rows of a version as an export reads them: a batch after the other from the Parquet file that storage wrote."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.shapes.base import Messages

ROWS_FILE = "rows.parquet"
UNSPLIT = "unsplit"  # rows that are in no part of the split: left out by it, or waiting for an answer
_BATCH_ROWS = 2_000


@dataclass(frozen=True)
class ExportRow:
    """`text` are the messages as canonical JSON, from which the content hash comes. `part` is None without a split."""

    position: int
    text: str
    answer: str | None
    original: str
    part: str | None
    sealed: bool

    @property
    def messages(self) -> Messages:
        turns: Messages = json.loads(self.text)
        return turns

    @property
    def source_row(self) -> dict[str, Any]:
        found = json.loads(self.original or "{}")
        return found if isinstance(found, dict) else {}


def export_rows(path: Path, *, sealed: bool | None = None, part: str | None = None) -> Iterator[ExportRow]:
    """In the order of the dataset. `sealed` and `part` (also UNSPLIT) choose some of them."""
    from pyarrow import parquet

    columns = ["position", "messages", "answer", "original", "part", "sealed"]
    with parquet.ParquetFile(path) as table:
        for batch in table.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False):
            for values in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
                row = ExportRow(*values)
                if (sealed is None or row.sealed == sealed) and (part is None or (row.part or UNSPLIT) == part):
                    yield row
