"""Frozen splits: what is asked for, how it is kept, and what is known of one. The same content and wish are always the same split."""

import json
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.drawing import Draw, draw_rows
from storage.bulk.keys import KEY
from storage.bulk.versions import ROWS_OF_VERSION, freeze_version, get_version, place_of_split, versions_of
from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import DatasetId, OwnerId, PartCount, Split, SplitId, VersionId
from storage.store import Store
from storage.typed import now, rows_of

__all__ = [
    "Draw", "draw_split", "freeze_split", "freeze_version", "get_split", "get_version", "latest_split", "leaks", "open_test", "split_counts",
    "splits_of", "unplaced", "versions_of",
]  # fmt: skip


@dataclass(frozen=True)
class Leaks:
    """Bundles of rows that stand in more than one part, by what ties them: a frozen split has none. `near_known`: a check-up looked for near ones."""

    equal: int
    near: int
    near_known: bool


def freeze_split(store: Store, version: VersionId, plan: str, **wish: Any) -> Split:
    """`draw_split` with the fields of a Draw as keywords."""
    return draw_split(store, version, plan, Draw(**wish))


def draw_split(store: Store, version: VersionId, plan: str, wish: Draw) -> Split:
    """Draw a split of a version's answered rows, or return the one that was drawn the same way before. `plan` is kept as it is.

    Raises RowMissing, NothingToSplit, NoDates.
    """

    def draw(connection: Connection) -> Split:
        found = connection.execute("SELECT owner, dataset, change FROM version WHERE id = ?", [version]).fetchall()
        if not found:
            raise RowMissing("version", version)
        owner, dataset, change = found[0]
        settings = _settings(connection, dataset, wish)
        same = connection.execute("SELECT * FROM split WHERE version = ? AND settings = ? AND plan = ?", [version, settings, plan])
        if drawn := rows_of(Split, same):
            return drawn[0]
        id = new_id()
        kept_out = draw_rows(connection, id, dataset, change, wish)
        sql = """
            INSERT INTO split SELECT ?, ?, ?, ?, ?, ?, ?, count(*) FILTER (part = 'train'), count(*) FILTER (part = 'validation'),
                   count(*) FILTER (part = 'test'), ?, 0, ? FROM split_row WHERE split = ?
        """
        connection.execute(sql, [id, owner, dataset, version, wish.seed, plan, settings, kept_out, now(), id])
        return rows_of(Split, connection.execute("SELECT * FROM split WHERE id = ?", [id]))[0]

    return store.write(draw)


def splits_of(store: Store, dataset: DatasetId) -> list[Split]:
    """Newest first."""
    return store.read(Split, "SELECT * FROM split WHERE dataset = ? ORDER BY created_at DESC, id", [dataset])


def latest_split(store: Store, dataset: DatasetId) -> Split | None:
    """The newest, of whichever version."""
    return next(iter(splits_of(store, dataset)), None)


def get_split(store: Store, owner: OwnerId, id: SplitId) -> Split | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Split, "SELECT * FROM split WHERE id = ? AND owner = ?", [id, owner])), None)


def open_test(store: Store, split: SplitId) -> Split:
    """Count that an evaluation looked at the test rows. Raises RowMissing."""
    store.write(lambda connection: connection.execute("UPDATE split SET opened = opened + 1 WHERE id = ?", [split]))
    found = store.read(Split, "SELECT * FROM split WHERE id = ?", [split])
    if not found:
        raise RowMissing("split", split)
    return found[0]


def forget(store: Store, split: SplitId) -> None:
    """Take back a split that nothing refers to yet."""

    def remove(connection: Connection) -> None:
        connection.execute("DELETE FROM split_row WHERE split = ?", [split])
        connection.execute("DELETE FROM split WHERE id = ?", [split])

    store.write(remove)


def split_counts(store: Store, split: SplitId) -> list[PartCount]:
    """Rows of each part and answer, most frequent first."""
    sql = """
        SELECT r.part, e.answer AS label, count(*) AS rows
        FROM split_row r JOIN split s ON s.id = r.split JOIN version v ON v.id = s.version
        JOIN example e ON e.dataset = v.dataset AND e.position = r.position AND e.born <= v.change AND (e.gone IS NULL OR e.gone > v.change)
        WHERE r.split = ? AND e.answer IS NOT NULL GROUP BY r.part, e.answer ORDER BY rows DESC, label, r.part
    """
    return store.read(PartCount, sql, [split])


def leaks(store: Store, split: SplitId) -> Leaks:
    """Counted over all rows, not estimated. Near duplicates are those of the dataset's latest check-up."""
    sql = f"""
        WITH r AS (SELECT position, part FROM split_row WHERE split = $split)
        SELECT (SELECT count(*) FROM (SELECT 1 FROM r JOIN (SELECT position, {KEY} AS question_key FROM example WHERE {ROWS_OF_VERSION}) USING (position)
                    GROUP BY question_key HAVING min(part) <> max(part))) AS equal,
               (SELECT count(*) FROM (SELECT 1 FROM r JOIN near n USING (position) WHERE n.dataset = $dataset
                    GROUP BY n.bundle HAVING min(part) <> max(part))) AS near,
               EXISTS (SELECT 1 FROM checkup WHERE dataset = $dataset) AS near_known
    """
    return store.read(Leaks, sql, {"split": split, **place_of_split(store, split)})[0]


def unplaced(store: Store, split: SplitId) -> list[int]:
    """Positions of the version's answered rows that are in no part."""
    sql = f"SELECT position FROM example WHERE {ROWS_OF_VERSION} AND answer IS NOT NULL AND position NOT IN (SELECT position FROM split_row WHERE split = $split) ORDER BY position"
    return [row[0] for row in store.read(None, sql, {"split": split, **place_of_split(store, split)})]


def _settings(connection: Connection, dataset: str, wish: Draw) -> str:
    """How it is drawn, as JSON. Near duplicates are those that are known now: when a check-up finds others, it is another split."""
    first = [wish.seed, wish.validation_share, wish.test_share, wish.stratify, wish.group_by, wish.sealed_test]
    more: dict[str, Any] = {}
    if wish.stratify_by:
        more["stratify_by"] = wish.stratify_by
    if wish.time_column is not None:
        more |= {"time_column": wish.time_column, "day_first": wish.day_first}
    if wish.part_column is not None:
        more |= {"part_column": wish.part_column, "part_values": sorted(wish.part_values.items())}
    if wish.near_together:
        rows, sum_ = connection.execute("SELECT count(*), sum(position * 31 + bundle)::VARCHAR FROM near WHERE dataset = ?", [dataset]).fetchall()[0]
        more |= {"near": [rows, sum_]} if rows else {}
    return json.dumps([*first, more] if more else first)
