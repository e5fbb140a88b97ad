"""What was done to a dataset: each change is a line, each row's states say what it was to that row, and any change can be taken back."""

from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage.errors import ChangedSince, NothingToTakeBack, RowMissing
from storage.rows import Change, DatasetId, OwnerId, RowState
from storage.store import Store
from storage.typed import now, rows_of

IMPORT, ERASE, UNDO, REDO = "import", "erase", "undo", "redo"
# What a caller gives who has nothing better to say: a core.sentence.Sentence as JSON.
A_ROW_WAS_CHANGED = '{"key":"changed_before","english":"A row was changed","facts":{}}'


def begin(connection: Connection, dataset: DatasetId, actor: OwnerId, kind: str, what: str, rows: int, undoes: int | None = None) -> int:
    """Count one change of a dataset and write its line; returns its number, the `born` and `gone` of all it does. Inside a write. Raises RowMissing."""
    found = connection.execute("UPDATE dataset SET change = change + 1 WHERE id = ? RETURNING change, owner", [dataset]).fetchall()
    if not found:
        raise RowMissing("dataset", dataset)
    number, owner = found[0]
    values = [dataset, number, owner, actor, now(), kind, what, rows, undoes]
    connection.execute("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, false)", values)
    return int(number)


def line(connection: Connection, dataset: DatasetId, number: int) -> Change:
    """One change, inside a write."""
    return rows_of(Change, connection.execute("SELECT * FROM change WHERE dataset = ? AND number = ?", [dataset, number]))[0]


def history(store: Store, dataset: DatasetId, position: int | None = None, limit: int = 1000) -> list[Change]:
    """Changes of a dataset, or those that touched one of its rows, newest first."""
    touching = f"AND number IN (SELECT number FROM ({_NUMBERS}))" if position is not None else ""
    values: dict[str, Any] = {"dataset": dataset, "limit": limit} | ({"position": position} if position is not None else {})
    return store.read(Change, f"SELECT * FROM change WHERE dataset = $dataset {touching} ORDER BY number DESC LIMIT $limit", values)


def latest(store: Store, dataset: DatasetId) -> Change | None:
    """The change that `undo` without a number would take back; None when there is none."""
    return next(iter(store.read(Change, _LATEST, {"dataset": dataset})), None)


def states(store: Store, dataset: DatasetId, position: int) -> list[RowState]:
    """What a row was after each change that touched it, newest first; of changes that nobody wrote down (older files) the time is the dataset's own."""
    return store.read(RowState, _STATES, {"dataset": dataset, "position": position})


def undo(store: Store, actor: OwnerId, dataset: DatasetId, number: int | None = None) -> Change:
    """Take back a whole change, rows and marks, as a new change; without a number the latest that stands (imports aside). The undo of an undo is a redo.
    Rows from which a person was erased stay gone.

    Raises NothingToTakeBack, and ChangedSince when a later change left one of its rows different from what this one made of it.
    """

    def take_back(connection: Connection) -> Change:
        sql, values = _LATEST, dict[str, Any](dataset=dataset)
        if number is not None:
            sql, values = "SELECT * FROM change WHERE dataset = $dataset AND number = $number", {**values, "number": number}
        found = rows_of(Change, connection.execute(sql, values))
        if not found or found[0].undone or found[0].kind == ERASE:
            raise NothingToTakeBack(dataset)
        return _take_back(connection, actor, found[0])

    return store.write(take_back)


def _take_back(connection: Connection, actor: OwnerId, change: Change) -> Change:
    values: dict[str, Any] = {"dataset": change.dataset, "number": change.number}
    later = sum(_touched(connection, table, equal, values) for table, equal in _COMPARED.items())
    if later:
        raise ChangedSince(change.number, later)
    rows = connection.execute("SELECT count(*) FROM (SELECT position FROM touched_example UNION SELECT position FROM touched_mark)").fetchall()[0][0]
    kind = UNDO if change.kind != UNDO else REDO
    new = begin(connection, change.dataset, actor, kind, change.what, rows, change.number)
    for table in _COMPARED:
        now_gone = f"UPDATE {table} SET gone = ? WHERE dataset = ? AND gone IS NULL AND position IN (SELECT position FROM touched_{table})"
        connection.execute(now_gone, [new, change.dataset])
        # What stood before the change has ended by now, at the change itself at the earliest: it begins once more.
        again = f"""
            INSERT INTO {table} SELECT * REPLACE ($new::BIGINT AS born, NULL AS gone) FROM {table}
            WHERE dataset = $dataset AND born < $number AND gone >= $number AND position IN (SELECT position FROM touched_{table})
        """
        connection.execute(again, {**values, "new": new})
        connection.execute(f"DROP TABLE temp.touched_{table}")
    _flag(connection, change)
    return line(connection, change.dataset, new)


def _touched(connection: Connection, table: str, equal: str, values: dict[str, Any]) -> int:
    """touched_<table>(position): the rows of a change; returns how many of them are not now what they were right after it."""
    sql = f"""
        CREATE OR REPLACE TEMP TABLE touched_{table} AS
        SELECT DISTINCT position FROM {table} WHERE dataset = $dataset AND (born = $number OR gone = $number)
        AND position NOT IN (SELECT position FROM example WHERE dataset = $dataset AND erased)
    """
    connection.execute(sql, values)
    sql = f"""
        SELECT count(*) FROM touched_{table}
        LEFT JOIN (SELECT position, {equal} AS was FROM {table} WHERE dataset = $dataset AND born <= $number AND (gone IS NULL OR gone > $number))
        USING (position)
        LEFT JOIN (SELECT position, {equal} AS now FROM {table} WHERE dataset = $dataset AND gone IS NULL) USING (position) WHERE was IS DISTINCT FROM now
    """
    return int(connection.execute(sql, values).fetchall()[0][0])


def _flag(connection: Connection, change: Change) -> None:
    """A change that is taken back no longer stands; what it had taken back stands again, and so on down the chain."""
    undone, number = True, change.number
    while True:
        connection.execute("UPDATE change SET undone = ? WHERE dataset = ? AND number = ?", [undone, change.dataset, number])
        below = connection.execute("SELECT undoes FROM change WHERE dataset = ? AND number = ?", [change.dataset, number]).fetchall()
        if not below or below[0][0] is None:
            return
        undone, number = not undone, below[0][0]


_COMPARED = {"example": "content_hash", "mark": "{'tags': tags, 'review': review}"}
_LATEST = f"""
    SELECT * FROM change WHERE dataset = $dataset AND NOT undone AND undoes IS NULL AND kind NOT IN ('{IMPORT}', '{ERASE}') ORDER BY number DESC LIMIT 1
"""
_NUMBERS = " UNION ".join(
    f"SELECT {column} AS number FROM {table} WHERE dataset = $dataset AND position = $position AND {column} IS NOT NULL"
    for table in ("example", "mark")
    for column in ("born", "gone")
)
_STATES = f"""
    SELECT n.number AS change, coalesce(c."at", d.created_at) AS at, coalesce(c.actor, d.owner) AS actor, coalesce(c.kind, '{IMPORT}') AS kind,
           whole_messages(e.messages, e.question, e.answer) AS messages, to_json(coalesce(m.tags, [])) AS tags, m.review
    FROM ({_NUMBERS}) n JOIN dataset d ON d.id = $dataset
    LEFT JOIN change c ON c.dataset = d.id AND c.number = n.number
    LEFT JOIN example e ON e.dataset = d.id AND e.position = $position AND e.born <= n.number AND (e.gone IS NULL OR e.gone > n.number)
    LEFT JOIN mark m ON m.dataset = d.id AND m.position = $position AND m.born <= n.number AND (m.gone IS NULL OR m.gone > n.number)
    ORDER BY n.number DESC
"""
