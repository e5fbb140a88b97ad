"""The doctor's findings: only those of a dataset's newest check-up are kept. What mends them is done in SQL, to all rows of a check at once."""

from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.versions import ROWS_OF_VERSION, place_of, quoted
from storage.ids import new_id
from storage.rows import Checkup, DatasetId, Found, SplitId, VersionId
from storage.store import Store
from storage.typed import now

# The row stands as it stood when the doctor saw it: what was changed since is left alone.
_STANDING = """
    FROM finding f JOIN checkup c ON c.dataset = f.dataset
    JOIN example e ON e.dataset = f.dataset AND e.position = f.position AND e.gone IS NULL AND NOT e.erased AND e.born <= c.change
    WHERE f.dataset = $dataset AND f."check" = $check AND ($bundle IS NULL OR f.bundle = $bundle)
"""


def take(store: Store, dataset: DatasetId, job: str, change: int, document: str, found: Path, near: Path) -> None:
    """Take a check-up in, in one transaction; its files lie below the home. Does nothing when the dataset is gone. Taking twice is taking once."""

    def replace(connection: Connection) -> None:
        owner = connection.execute("SELECT owner FROM dataset WHERE id = ?", [dataset]).fetchall()
        if not owner:
            return
        _clear(connection, dataset)
        connection.execute("DELETE FROM near WHERE dataset = ?", [dataset])
        connection.execute("INSERT INTO checkup VALUES (?, ?, ?, ?, ?, ?)", [dataset, owner[0][0], job, change, document, now()])
        sql = f'INSERT INTO finding SELECT ?, "check", position, bundle, facts, repair FROM read_parquet({quoted(found)})'
        connection.execute(sql, [dataset])
        connection.execute(f"INSERT INTO near SELECT ?, position, bundle FROM read_parquet({quoted(near)})", [dataset])

    store.write(replace)


def latest(store: Store, dataset: DatasetId) -> Checkup | None:
    """None while nobody looked."""
    return next(iter(store.read(Checkup, "SELECT * FROM checkup WHERE dataset = ?", [dataset])), None)


def change_of(store: Store, dataset: DatasetId) -> int:
    """The dataset's change as it stands now."""
    return int(store.read(None, "SELECT change FROM dataset WHERE id = ?", [dataset])[0][0])


def changed_since(store: Store, dataset: DatasetId, change: int) -> bool:
    """Whether a row's text is another than at that change, or a row came or went. What people say of rows (tags, reviews) is no such change."""
    sql = "SELECT 1 FROM example WHERE dataset = $dataset AND (born > $change OR gone > $change) LIMIT 1"
    return bool(store.read(None, sql, {"dataset": dataset, "change": change}))


def of_check(store: Store, dataset: DatasetId, check: str, *, bundle: int | None = None, limit: int = 50, offset: int = 0) -> list[Found]:
    """The findings of a check whose rows still stand as the doctor saw them, bundle by bundle."""
    sql = f'SELECT f."check", f.position, f.bundle, f.facts, f.repair {_STANDING} ORDER BY f.bundle, f.position LIMIT $limit OFFSET $offset'
    return store.read(Found, sql, {"dataset": dataset, "check": check, "bundle": bundle, "limit": limit, "offset": offset})


def count(store: Store, dataset: DatasetId, check: str, bundle: int | None = None) -> int:
    """How many there are of them."""
    return int(store.read(None, f"SELECT count(*) {_STANDING}", {"dataset": dataset, "check": check, "bundle": bundle})[0][0])


def mend_rows(store: Store, dataset: DatasetId, check: str, bundle: int | None, which: str) -> list[tuple[int, str | None]]:
    """The edits of a mend, in the order of the file: position and new messages, None to take the row out. See `_mending` for `which`."""
    sql = f"SELECT position, after FROM ({_mending(which)}) ORDER BY position"
    return [(position, after) for position, after in store.read(None, sql, {"dataset": dataset, "check": check, "bundle": bundle})]


def mend_preview(
    store: Store, dataset: DatasetId, check: str, bundle: int | None, which: str, limit: int
) -> tuple[int, list[tuple[str, str | None]]]:
    """How many rows a mend would touch, and of the first what they say before and after it (None: the row is taken out)."""
    values = {"dataset": dataset, "check": check, "bundle": bundle}
    rows = int(store.read(None, f"SELECT count(*) FROM ({_mending(which)})", values)[0][0])
    sql = f"SELECT before, after FROM ({_mending(which)}) ORDER BY position LIMIT {int(limit)}"
    return rows, [(before, after) for before, after in store.read(None, sql, values)]


def _mending(which: str) -> str:
    """`keep-one`: all rows of each bundle but its first; `repair`: those with a repair; `out-of-training`: those that the check saw in training;
    `take-out` and `tag`: all. A row with two findings is mended once."""
    after, also = ("f.repair", "AND f.repair IS NOT NULL") if which == "repair" else ("NULL::VARCHAR", "")
    if which == "out-of-training":
        also = "AND f.facts->>'side' = 'train'"
    once = "row_number() OVER (PARTITION BY f.position ORDER BY f.bundle) = 1"
    # Of equal rows one that is sealed for the exam is the one that stays.
    others = " AND row_number() OVER (PARTITION BY f.bundle ORDER BY e.sealed DESC, f.position) > 1" if which == "keep-one" else ""
    whole = "whole_messages(e.messages, e.question, e.answer)"
    return f"SELECT f.position, {whole} AS before, {after} AS after {_STANDING} {also} QUALIFY {once}{others}"


def split_without(store: Store, split: SplitId, version: VersionId) -> SplitId:
    """The same split of a later version: every row that still stands there keeps its part, so that the exam stays what it was."""
    id = SplitId(new_id())

    def copy(connection: Connection) -> SplitId:
        rows = f"""
            INSERT INTO split_row SELECT $id, position, part FROM split_row
            WHERE split = $split AND position IN (SELECT position FROM example WHERE {ROWS_OF_VERSION} AND answer IS NOT NULL)
        """
        connection.execute(rows, {**place_of(store, version), "id": id, "split": split})
        sql = """
            INSERT INTO split BY NAME SELECT s.* REPLACE ($id AS id, $version AS version, $now AS created_at, s.settings || ' less leaks ' || $id AS settings,
                (SELECT count(*) FROM split_row WHERE split = $id AND part = 'train') AS train,
                (SELECT count(*) FROM split_row WHERE split = $id AND part = 'validation') AS validation,
                (SELECT count(*) FROM split_row WHERE split = $id AND part = 'test') AS test) FROM split s WHERE s.id = $split
        """
        connection.execute(sql, {"id": id, "version": version, "now": now(), "split": split})
        return id

    return store.write(copy)


def _clear(connection: Connection, dataset: DatasetId) -> None:
    connection.execute("DELETE FROM finding WHERE dataset = ?", [dataset])
    connection.execute("DELETE FROM checkup WHERE dataset = ?", [dataset])
