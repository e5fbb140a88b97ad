"""What two versions differ in. Only the rows that some change between them touched are looked at."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from storage.bulk.versions import HELD, place_of
from storage.errors import RowMissing
from storage.rows import VersionChanges, VersionId
from storage.store import Store

_POSITIONS = 1000  # of each kind in a VersionChanges; the counts are of all


class Kind(StrEnum):
    """What became of a row from one version to another."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class RowPair:
    """A row before and after, as messages JSON with its question and answer; None where the version does not hold it. `erased`: only the hash is left."""

    position: int
    kind: Kind
    source: str
    row: int
    before: str | None
    before_question: str | None
    before_answer: str | None
    after: str | None
    after_question: str | None
    after_answer: str | None
    erased: bool


def compare(store: Store, before: VersionId, after: VersionId) -> VersionChanges:
    """Counts, and the positions of the first rows of each kind. Raises RowMissing, also when they are versions of two datasets."""
    sql = f"""
        {_DIFFERING}
        SELECT kind, count(*), min(position, {_POSITIONS}) FROM differing GROUP BY kind
    """
    found = {Kind(kind): (count, tuple(places)) for kind, count, places in store.read(None, sql, _places(store, before, after))}
    counts = {kind: found.get(kind, (0, ())) for kind in Kind}
    return VersionChanges(
        counts[Kind.ADDED][1], counts[Kind.REMOVED][1], counts[Kind.CHANGED][1],
        counts[Kind.ADDED][0], counts[Kind.REMOVED][0], counts[Kind.CHANGED][0],
    )  # fmt: skip


def pairs(store: Store, before: VersionId, after: VersionId, *, kind: Kind | None = None, after_position: int = 0, size: int = 50) -> list[RowPair]:
    """The rows that differ, of one kind or all, in the order of the rows, after a position. Raises RowMissing."""
    sql = f"""
        {_DIFFERING}, shown AS (
            SELECT position, kind FROM differing WHERE position > $after_position AND ($kind::VARCHAR IS NULL OR kind = $kind) ORDER BY position LIMIT $size
        )
        SELECT position, kind, coalesce(i.source, w.source) AS source, coalesce(i.row, w.row) AS row,
               whole_messages(w.messages, w.question, w.answer) AS before, w.question AS before_question, w.answer AS before_answer,
               whole_messages(i.messages, i.question, i.answer) AS after, i.question AS after_question, i.answer AS after_answer,
               coalesce(w.erased, false) OR coalesce(i.erased, false) AS erased
        FROM shown
        LEFT JOIN (SELECT * FROM example WHERE {_WAS} AND position IN (SELECT position FROM shown)) w USING (position)
        LEFT JOIN (SELECT * FROM example WHERE {_IS} AND position IN (SELECT position FROM shown)) i USING (position) ORDER BY position
    """
    values = {**_places(store, before, after), "kind": kind.value if kind else None, "after_position": after_position, "size": size}
    return store.read(RowPair, sql, values)


def _places(store: Store, before: VersionId, after: VersionId) -> dict[str, Any]:
    was, now = place_of(store, before), place_of(store, after)
    if was["dataset"] != now["dataset"]:
        raise RowMissing("version", after)
    return {"dataset": was["dataset"], "was": was["change"], "now": now["change"]}


_WAS, _IS = HELD.replace("$change", "$was"), HELD.replace("$change", "$now")
_BETWEEN = "({0} > least($was, $now) AND {0} <= greatest($was, $now))"
_TOUCHED = f"WHERE dataset = $dataset AND ({_BETWEEN.format('born')} OR {_BETWEEN.format('gone')})"
_DIFFERING = f"""
    WITH touched AS (SELECT position FROM example {_TOUCHED} UNION SELECT position FROM mark {_TOUCHED}),
    differing AS (
        SELECT position, CASE WHEN w.content_hash IS NULL THEN 'added' WHEN i.content_hash IS NULL THEN 'removed' ELSE 'changed' END AS kind
        FROM (SELECT position, content_hash FROM example WHERE {_WAS} AND position IN (SELECT position FROM touched)) w
        FULL JOIN (SELECT position, content_hash FROM example WHERE {_IS} AND position IN (SELECT position FROM touched)) i USING (position)
        WHERE w.content_hash IS DISTINCT FROM i.content_hash
    )
"""
