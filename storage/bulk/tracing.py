"""The rows behind a result, as they were when it was made."""

from dataclasses import dataclass

from storage.bulk.versions import HELD, place_of_split
from storage.rows import ExampleId, Part, SplitId
from storage.store import Store


@dataclass(frozen=True)
class TracedRow:
    """A row of a version with its place in its file. `edited`: it is not as it was imported; `erased`: a person was erased and only the hash is left."""

    id: ExampleId
    position: int
    part: Part
    question: str
    answer: str | None
    source: str
    row: int
    original: str
    content_hash: str
    edited: bool
    erased: bool


def rows_of_split(store: Store, split: SplitId, *, part: Part | None = None, after: int = 0, size: int = 50) -> list[TracedRow]:
    """In the order of the rows, after a position. Raises RowMissing."""
    sql = f"""
        WITH shown AS (
            SELECT position, part FROM split_row WHERE split = $split AND position > $after AND ($part::VARCHAR IS NULL OR part = $part)
            ORDER BY position LIMIT $size
        )
        SELECT e.id, position, part, question, answer, source, row, whole_original(original, form, question, answer) AS original, content_hash,
               imported_hash IS NOT NULL AND imported_hash <> content_hash AS edited, erased
        FROM shown JOIN (SELECT * FROM example WHERE {HELD} AND position IN (SELECT position FROM shown)) e USING (position) ORDER BY position
    """
    values = {**place_of_split(store, split), "split": split, "part": part.value if part else None, "after": after, "size": size}
    return store.read(TracedRow, sql, values)
