"""Write the frozen rows of a split into a run folder, as Parquet."""

from collections.abc import Sequence
from pathlib import Path

from storage.bulk.versions import export_jsonl, quoted
from storage.errors import RowMissing
from storage.files import move_into_place, sha256_of
from storage.rows import Part, SplitId
from storage.store import Store

__all__ = ["export_jsonl", "write_rows"]


def write_rows(store: Store, split: SplitId, path: Path, parts: Sequence[Part]) -> str:
    """Columns example_id, part, position, messages, question, answer, in the order of the rows; returns the file's SHA-256.

    The rows are those of the split's version, whatever was edited since. `path` lies below the home folder. Raises RowMissing.
    """
    found = store.read(None, "SELECT v.dataset, v.change FROM split s JOIN version v ON v.id = s.version WHERE s.id = ?", [split])
    if not found:
        raise RowMissing("split", split)
    temporary = path.with_name(f".{path.name}.part")
    sql = f"""
        COPY (
            SELECT e.id AS example_id, r.part, e.position, e.messages, e.question, e.answer
            FROM split_row r JOIN example e ON e.position = r.position
            WHERE r.split = $split AND list_contains($parts, r.part)
              AND e.dataset = $dataset AND e.born <= $change AND (e.gone IS NULL OR e.gone > $change)
            ORDER BY e.position
        ) TO {quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)
    """
    values = {"split": split, "dataset": found[0][0], "change": found[0][1], "parts": [part.value for part in parts]}
    try:
        store.read(None, sql, values)
        digest = sha256_of(temporary)
        move_into_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest
