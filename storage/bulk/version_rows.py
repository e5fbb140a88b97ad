"""Write the rows of a version into a run folder, whole: what an export needs."""

from pathlib import Path

from storage.bulk.versions import ROWS_OF_VERSION, place_of, quoted
from storage.files import move_into_place, sha256_of
from storage.rows import SplitId, VersionId
from storage.store import Store

_ROWS = f"""
    SELECT e.id AS example_id, e.position, whole_messages(e.messages, e.question, e.answer) AS messages, e.answer,
           whole_original(e.original, e.form, e.question, e.answer) AS original, e.content_hash, e.sealed, r.part
    FROM (SELECT * FROM example WHERE {ROWS_OF_VERSION}) e LEFT JOIN split_row r ON r.split = $split AND r.position = e.position
    ORDER BY e.position
"""


def write_version(store: Store, version: VersionId, path: Path, split: SplitId | None = None) -> str:
    """Columns example_id, position, messages, answer, original, content_hash, sealed, part (NULL without `split` and for rows that are in no part), in
    the order of the rows; returns the file's SHA-256. Erased rows have no text and are left out. `path` lies below the home folder. Raises RowMissing.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        store.read(None, f"COPY ({_ROWS}) TO {quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)", {**place_of(store, version), "split": split})
        digest = sha256_of(temporary)
        move_into_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest
