"""Rows on their way from a child to the store: one Parquet file, written batch by batch with the memory of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.rows import NewExample

_BATCH_ROWS, _BATCH_CHARS = 5_000, 16_000_000


class RowsFile:
    """Batches on their way into one Parquet file."""

    def __init__(self, writer: Any) -> None:
        self._writer, self._batch, self._chars, self.count = writer, list[NewExample](), 0, 0

    def add(self, example: NewExample) -> None:
        self._batch.append(example)
        self._chars += len(example.messages) + len(example.original)
        self.count += 1
        if len(self._batch) >= _BATCH_ROWS or self._chars >= _BATCH_CHARS:
            self.flush()

    def flush(self) -> None:
        import pyarrow as pa

        batch, self._batch, self._chars = self._batch, [], 0
        columns = [[getattr(example, name) for example in batch] for name in ("messages", "question", "answer", "source", "row", "original")]
        self._writer.write_batch(pa.record_batch(columns, schema=self._writer.schema))


@contextmanager
def rows_file(path: Path) -> Iterator[RowsFile]:
    """The file is there only when nothing was raised."""
    import pyarrow as pa
    from pyarrow import parquet

    text = pa.string()
    schema = pa.schema([("messages", text), ("question", text), ("answer", text), ("source", text), ("row", pa.int64()), ("original", text)])
    temporary = path.with_suffix(".part")
    try:
        with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
            rows = RowsFile(writer)
            yield rows
            rows.flush()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
