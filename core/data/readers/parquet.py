"""Parquet files, a row group after the other (parquet.apache.org), and the Arrow files of a saved `datasets` folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.data.containers.packing import bare
from core.data.readers.base import ByteReader, NoRows, Understood, Wanted
from core.data.readers.cells import plain, record
from core.data.readers.csv import DuplicateColumns, TooManyColumns, only_header
from core.data.records import Fault, Record
from core.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS, _PREVIEW_BATCH_ROWS = 1_000, 64


class BrokenColumns(UserError):
    """A Parquet or Arrow file whose inner table of contents or pages make no sense."""

    sentence = "{file} is damaged: what it says about its own rows is not true. Save or download it again. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class GroupTooLarge(UserError):
    """One row group is more than the limit, by what the file says of itself."""

    sentence = "{file} keeps {size_mb:,} MB of rows in one piece; at most {limit_mb:,} MB can be read at once. Save it in smaller pieces, or as CSV. Nothing was imported."
    status = 413

    def __init__(self, *, file: str, size_mb: int, limit_mb: int) -> None:
        super().__init__(file=file, size_mb=size_mb, limit_mb=limit_mb)


class Parquet(ByteReader):
    """Nested values become JSON; the names of categories take the place of their numbers where the file knows them."""

    name: ClassVar[str] = "parquet"
    label: ClassVar[str] = "Parquet"

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        return start.startswith(b"PAR1")

    def look(self, path: Path, wanted: Wanted) -> Understood:
        return Understood(self.name)

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        from pyarrow import parquet

        with _Damage(wanted.file), parquet.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=1 << 20) as table:
            meta = table.metadata
            _check_size(meta.num_columns, wanted)
            for group in range(meta.num_row_groups):
                size = sum(meta.row_group(group).column(at).total_uncompressed_size for at in range(meta.num_columns))
                if size < 0:
                    raise BrokenColumns(file=wanted.file)
                if size > wanted.limits.group_bytes:
                    raise GroupTooLarge(file=wanted.file, size_mb=size >> 20, limit_mb=wanted.limits.group_bytes >> 20)
            rows = _PREVIEW_BATCH_ROWS if wanted.preview else _BATCH_ROWS
            yield from _rows(table.iter_batches(batch_size=rows, use_threads=False), table.schema_arrow, wanted)


class Arrow(ByteReader):
    """Arrow's stream and file format: what `datasets` writes with save_to_disk."""

    name: ClassVar[str] = "arrow"
    label: ClassVar[str] = "a saved datasets folder"

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        return start.startswith(b"ARROW1") or (start.startswith(b"\xff\xff\xff\xff") and bare(file).endswith((".arrow", ".arrows")))

    def look(self, path: Path, wanted: Wanted) -> Understood:
        return Understood(self.name)

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        import pyarrow as pa

        with _Damage(wanted.file), pa.OSFile(str(path)) as file:
            whole = file.read(6) == b"ARROW1"
            file.seek(0)
            if whole:
                opened = pa.ipc.open_file(file)
                batches = (opened.get_batch(at) for at in range(opened.num_record_batches))
            else:
                opened = pa.ipc.open_stream(file)
                batches = iter(opened)
            _check_size(len(opened.schema), wanted)
            yield from _rows(batches, opened.schema, wanted)


class _Damage:
    """What Arrow raises inside becomes a sentence; no memory stays what it is."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        import pyarrow as pa

        if isinstance(error, MemoryError | UserError | GeneratorExit):
            return
        if isinstance(error, pa.ArrowException | OSError | ValueError | TypeError | KeyError | OverflowError | IndexError):
            raise BrokenColumns(file=self._file) from error


def _rows(batches: "Iterator[pa.RecordBatch]", schema: "pa.Schema", wanted: Wanted) -> Iterator[Record | Fault]:
    for at, name in enumerate(schema.names):
        if schema.names.index(name) != at:
            raise DuplicateColumns(file=wanted.file, column=name, first=schema.names.index(name) + 1, second=at + 1)
    names, row = _category_names(schema), 0
    for batch in batches:
        batch.validate(full=True)
        for values in batch.to_pylist():
            row += 1
            told = {column: names[column].get(value, value) if column in names else plain(value) for column, value in values.items()}
            yield record(row, row, told, wanted.limits)
    if not row:
        raise NoRows(file=wanted.file, but=only_header(schema.names))


def _check_size(columns: int, wanted: Wanted) -> None:
    if columns > wanted.limits.columns:
        raise TooManyColumns(file=wanted.file, columns=columns, limit=wanted.limits.columns)


def _category_names(schema: "pa.Schema") -> dict[str, dict[int, str]]:
    """ClassLabel features that `datasets` keeps in the file's metadata: number to name."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: dict(enumerate(map(str, feature["names"])))
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
