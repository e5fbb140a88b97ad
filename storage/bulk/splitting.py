"""Frozen splits, drawn in SQL: stratified by answer, equal questions on one side, the same for the same content and seed."""

import json
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.quotas import Stratum, quotas
from storage.bulk.versions import ROWS_OF_VERSION, freeze_version, get_version, versions_of
from storage.errors import NothingToSplit, RowMissing
from storage.ids import new_id
from storage.rows import DatasetId, OwnerId, Part, PartCount, Split, SplitId, VersionId
from storage.store import Store
from storage.typed import now, rows_of

__all__ = ["freeze_split", "freeze_version", "get_split", "get_version", "latest_split", "open_test", "split_counts", "splits_of", "versions_of"]


def freeze_split(
    store: Store,
    version: VersionId,
    plan: str,
    *,
    seed: int,
    validation_share: float,
    test_share: float,
    stratify: bool = True,
    group_by: str | None = None,
    sealed_test: bool = True,
) -> Split:
    """Draw a split of a version's answered rows, or return the one that was drawn the same way before. `plan` is kept as it is.

    Rows with an equal folded question stay together, and with `group_by` (a column of the original rows) those with an equal value there too.
    With `sealed_test` the sealed rows, if there are any, are the test part; then `test_share` is not used, and other rows that stay together with a
    sealed one are in no part (`kept_out`). Without it sealed rows are in no part. An answer that stands in one group only goes to training; when
    more than half of the rows have an answer of their own, answers are no categories and are not looked at. Raises RowMissing, NothingToSplit.
    """
    settings = json.dumps([seed, validation_share, test_share, stratify, group_by, sealed_test])

    def draw(connection: Connection) -> Split:
        found = connection.execute("SELECT owner, dataset, change FROM version WHERE id = ?", [version]).fetchall()
        if not found:
            raise RowMissing("version", version)
        same = connection.execute("SELECT * FROM split WHERE version = ? AND settings = ? AND plan = ?", [version, settings, plan])
        if drawn := rows_of(Split, same):
            return drawn[0]
        owner, dataset, change = found[0]
        _gather(connection, dataset, change, group_by)
        sealed = _set_sealed_aside(connection, sealed_test)
        _group(connection, stratify)
        _deal(connection, 0.0 if sealed else test_share, validation_share, seed)
        for part in (Part.VALIDATION,) if sealed else (Part.TEST, Part.VALIDATION):
            if (validation_share if part is Part.VALIDATION else test_share) > 0:
                _fill_if_empty(connection, part)
        return _keep(connection, [owner, dataset, version, seed, plan, settings])

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


def split_counts(store: Store, split: SplitId) -> list[PartCount]:
    """Rows of each part and answer, most frequent first."""
    sql = """
        SELECT r.part, e.answer AS label, count(*) AS rows
        FROM split_row r JOIN split s ON s.id = r.split JOIN version v ON v.id = s.version
        JOIN example e ON e.dataset = v.dataset AND e.position = r.position AND e.born <= v.change AND (e.gone IS NULL OR e.gone > v.change)
        WHERE r.split = ? AND e.answer IS NOT NULL GROUP BY r.part, e.answer ORDER BY rows DESC, label, r.part
    """
    return store.read(PartCount, sql, [split])


def _gather(connection: Connection, dataset: str, change: int, group_by: str | None) -> None:
    """drawn(position, answer, sealed, key, together): rows with an equal `key` stay together. The key is made of content only."""
    pointer = None if group_by is None else "/" + group_by.replace("~", "~0").replace("/", "~1")
    together = "NULL::VARCHAR" if pointer is None else "nullif(trim(json_extract_string(original, $pointer)), '')"
    values: dict[str, Any] = {"dataset": dataset, "change": change} | ({} if pointer is None else {"pointer": pointer})
    sql = f"""
        CREATE OR REPLACE TEMP TABLE drawn AS
        SELECT position, answer, sealed, question_key AS key, {together} AS together FROM example WHERE {ROWS_OF_VERSION} AND answer IS NOT NULL
    """
    connection.execute(sql, values)
    if not connection.execute("SELECT count(*) FROM drawn").fetchall()[0][0]:
        raise NothingToSplit(dataset)
    if pointer is not None:
        _join_groups(connection)


def _join_groups(connection: Connection) -> None:
    """Two ways of belonging together (equal question, equal group) become one key: the least key of all that hang together."""
    connection.execute("CREATE OR REPLACE TEMP TABLE link AS SELECT DISTINCT key, together, key AS least FROM drawn WHERE together IS NOT NULL")
    while True:
        sql = """
            CREATE OR REPLACE TEMP TABLE linked AS
            SELECT key, together, min(least) OVER (PARTITION BY key) AS least
            FROM (SELECT key, together, min(least) OVER (PARTITION BY together) AS least FROM link)
        """
        connection.execute(sql)
        changed = connection.execute("SELECT count(*) FROM link JOIN linked USING (key, together) WHERE link.least <> linked.least").fetchall()[0][0]
        connection.execute("CREATE OR REPLACE TEMP TABLE link AS FROM linked")
        if not changed:
            break
    connection.execute("UPDATE drawn SET key = l.least FROM (SELECT key, min(least) AS least FROM link GROUP BY key) l WHERE drawn.key = l.key")


def _set_sealed_aside(connection: Connection, sealed_test: bool) -> bool:
    """placed(position, part), with the sealed rows when they are the test; `drawn` keeps the rows to draw from. Says whether the test is sealed."""
    connection.execute("CREATE OR REPLACE TEMP TABLE placed (position BIGINT, part VARCHAR)")
    connection.execute("CREATE OR REPLACE TEMP TABLE kept_out AS SELECT position FROM drawn WHERE false")
    sealed = bool(connection.execute("SELECT count(*) FROM drawn WHERE sealed").fetchall()[0][0])
    if sealed and sealed_test:
        connection.execute("INSERT INTO placed SELECT position, 'test' FROM drawn WHERE sealed")
        apart = "NOT sealed AND key IN (SELECT key FROM drawn WHERE sealed)"
        connection.execute(f"INSERT INTO kept_out SELECT position FROM drawn WHERE {apart}")
        connection.execute(f"DELETE FROM drawn WHERE {apart}")
    connection.execute("DELETE FROM drawn WHERE sealed")
    return sealed and sealed_test


def _group(connection: Connection, stratify: bool) -> None:
    """bundle(key, rows, stratum): what stays together, under its most frequent answer."""
    counts = "SELECT count(*) FILTER (rows = 1), sum(rows) FROM (SELECT count(*) AS rows FROM drawn GROUP BY answer)"
    single, rows = connection.execute(counts).fetchall()[0]
    stratum = "answer" if stratify and single * 2 <= (rows or 0) else "''"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE bundle AS
        SELECT key, sum(rows) OVER (PARTITION BY key)::BIGINT AS rows, stratum
        FROM (SELECT key, {stratum} AS stratum, count(*) AS rows FROM drawn GROUP BY ALL)
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY rows DESC, stratum) = 1
    """
    connection.execute(sql)


def _deal(connection: Connection, test_share: float, validation_share: float, seed: int) -> None:
    """dealt(key, rows, stratum, luck, part): bundles in an order that the seed decides, the first ones to the test, the next to validation."""
    found = connection.execute("SELECT stratum, sum(rows)::BIGINT, count(*) FROM bundle GROUP BY stratum").fetchall()
    strata = {name: Stratum(rows, groups) for name, rows, groups in found}
    wanted = quotas(strata, test_share=test_share, validation_share=validation_share, seed=seed)
    names, tests, validations = list(wanted), [quota.test for quota in wanted.values()], [quota.validation for quota in wanted.values()]
    sql = """
        CREATE OR REPLACE TEMP TABLE dealt AS
        WITH quota AS (SELECT unnest($names::VARCHAR[]) AS stratum, unnest($tests::BIGINT[]) AS test, unnest($validations::BIGINT[]) AS validation),
        lucky AS (SELECT *, md5_number_lower($seed || ' ' || key) AS luck FROM bundle),
        in_turn AS (
            SELECT *, sum(rows) OVER turn - rows / 2 AS middle, row_number() OVER turn = count(*) OVER (PARTITION BY stratum) AS last
            FROM lucky WINDOW turn AS (PARTITION BY stratum ORDER BY luck, key ROWS UNBOUNDED PRECEDING)
        )
        SELECT key, rows, stratum, luck,
               CASE WHEN last THEN 'train' WHEN middle < test THEN 'test' WHEN middle < test + validation THEN 'validation' ELSE 'train' END AS part
        FROM in_turn JOIN quota USING (stratum)
    """
    connection.execute(sql, {"names": names, "tests": tests, "validations": validations, "seed": str(seed)})


def _fill_if_empty(connection: Connection, part: Part) -> None:
    """When groups are larger than a part's quota the part may be empty: it gets the smallest group of an answer that keeps another for training."""
    sql = """
        UPDATE dealt SET part = $part WHERE NOT EXISTS (SELECT 1 FROM dealt WHERE part = $part) AND key = (
            SELECT key FROM dealt WHERE part = 'train' QUALIFY count(*) OVER (PARTITION BY stratum) > 1 ORDER BY rows, luck, key LIMIT 1
        )
    """
    connection.execute(sql, {"part": part.value})


def _keep(connection: Connection, values: list[Any]) -> Split:
    connection.execute("INSERT INTO placed SELECT position, part FROM drawn JOIN dealt USING (key)")
    id = new_id()
    owner, dataset, version, seed, plan, settings = values
    sql = """
        INSERT INTO split SELECT ?, ?, ?, ?, ?, ?, ?, count(*) FILTER (part = 'train'), count(*) FILTER (part = 'validation'),
               count(*) FILTER (part = 'test'), (SELECT count(*) FROM kept_out), 0, ? FROM placed
    """
    connection.execute(sql, [id, owner, dataset, version, seed, plan, settings, now()])
    connection.execute("INSERT INTO split_row SELECT ?, position, part FROM placed ORDER BY position", [id])
    for table in ("drawn", "placed", "kept_out", "bundle", "dealt", "link", "linked"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    return rows_of(Split, connection.execute("SELECT * FROM split WHERE id = ?", [id]))[0]
