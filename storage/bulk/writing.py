"""Write rows to a Parquet file for a job: those of a split, of a version, or as they stand."""

from collections.abc import Sequence
from pathlib import Path

from storage.bulk.splitting import latest_split
from storage.bulk.versions import ROWS_OF_VERSION, copy_to_file, export_jsonl, place_of, place_of_split
from storage.rows import DatasetId, Part, SplitId, VersionId
from storage.store import Store

__all__ = ["export_jsonl", "write_current", "write_rows", "write_version"]

_WHOLE = """e.id AS example_id, e.position, whole_messages(e.messages, e.question, e.answer) AS messages, e.question, e.answer,
    whole_original(e.original, e.form, e.question, e.answer) AS original, e.source, e.row, r.part, e.sealed"""
_PARTS = "LEFT JOIN (SELECT position, part FROM split_row WHERE split = $split) r ON r.position = e.position"


def write_rows(store: Store, split: SplitId, path: Path, parts: Sequence[Part], *, with_original: bool = False) -> str:
    """Columns example_id, part, position, messages, question, answer (and original, where it is asked for), in the order of the rows; returns the file's SHA-256.

    The rows are those of the split's version, whatever was edited since. `path` lies below the home folder. Raises RowMissing.
    """
    original = ", whole_original(e.original, e.form, e.question, e.answer) AS original" if with_original else ""
    sql = f"""
        SELECT e.id AS example_id, r.part, e.position, whole_messages(e.messages, e.question, e.answer) AS messages, e.question, e.answer{original}
        FROM split_row r JOIN (SELECT * FROM example WHERE {ROWS_OF_VERSION}) e ON e.position = r.position
        WHERE r.split = $split AND list_contains($parts, r.part) ORDER BY e.position
    """
    return copy_to_file(store, sql, {**place_of_split(store, split), "split": split, "parts": [part.value for part in parts]}, path)


def write_current(store: Store, dataset: DatasetId, path: Path) -> str:
    """The rows as they stand, with the rejected ones: columns example_id, position, messages, question, answer, original, source, row, part (of the latest
    split; NULL for none), sealed, in the order of the rows; returns the file's SHA-256. `path` lies below the home folder."""
    sql = f"SELECT {_WHOLE} FROM (SELECT * FROM example WHERE dataset = $dataset AND gone IS NULL AND NOT erased) e {_PARTS} ORDER BY e.position"
    latest = latest_split(store, dataset)
    return copy_to_file(store, sql, {"dataset": dataset, "split": latest.id if latest is not None else None}, path)


def write_version(store: Store, version: VersionId, path: Path, split: SplitId | None = None) -> str:
    """The rows of a version, in the columns of `write_current` and content_hash; `part` is that of `split`. Erased rows are not in it. Raises RowMissing."""
    sql = f"SELECT {_WHOLE}, e.content_hash FROM (SELECT * FROM example WHERE {ROWS_OF_VERSION}) e {_PARTS} ORDER BY e.position"
    return copy_to_file(store, sql, {**place_of(store, version), "split": split}, path)
