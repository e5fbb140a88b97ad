"""Drawing the rows of one split: which of them have their part from the start (sealed, by date, by a column), what stays together, what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.bundles import join_bundles
from storage.bulk.columns import Columns, moment
from storage.bulk.dealing import Rows, deal
from storage.bulk.keys import fill
from storage.bulk.versions import ROWS_OF_VERSION
from storage.errors import NoDates, NothingToSplit
from storage.rows import Part

_RANK = {Part.TRAIN: 1, Part.VALIDATION: 2, Part.TEST: 3}
_PART = "CASE {rank} WHEN 3 THEN 'test' WHEN 2 THEN 'validation' WHEN 1 THEN 'train' END"

VARIANT = "variant"  # the source of rows that a person approved as variants of another, which their original names


@dataclass(frozen=True)
class Draw:
    """How a split is drawn.

    Rows with an equal folded question stay together; with `group_by` (a column) also those with an equal value there, with `near_together` those that the
    doctor found nearly equal. `stratify` keeps each answer's share, or that of each combination of the columns `stratify_by`.
    With `time_column` the newest rows are the test, those before them validation; rows without a date are in no part. With `part_column` a row goes where
    `part_values` (in lower case) says; other rows are in no part, and a part that the column never names is drawn from the training rows.
    With `sealed_test` the sealed rows, if there are any, are the test and `test_share` is not used; without it they are in no part. A row that stays together
    with a row of a later part (train, validation, test), where that part was given from the start, is in no part.
    """

    seed: int
    validation_share: float
    test_share: float
    stratify: bool = True
    stratify_by: tuple[str, ...] = ()
    group_by: str | None = None
    time_column: str | None = None
    day_first: bool = True
    part_column: str | None = None
    part_values: Mapping[str, Part] = field(default_factory=dict)
    near_together: bool = False
    sealed_test: bool = True


def draw_rows(connection: Connection, id: str, dataset: str, change: int, wish: Draw) -> int:
    """Write the rows of split `id`; returns how many answered rows are in no part. Raises NothingToSplit, NoDates."""
    place = {"dataset": dataset, "change": change}
    fill(connection, dataset)
    columns = Columns()
    stratum = _stratum(columns, wish)
    answered = f"FROM example WHERE {ROWS_OF_VERSION} AND answer IS NOT NULL"
    counted = f"SELECT count(*), count(*) FILTER (sealed), count(*) FILTER (source = '{VARIANT}') {answered}"
    rows, sealed, variants = connection.execute(counted, place).fetchall()[0]
    if not rows:
        raise NothingToSplit(dataset)
    near = wish.near_together and bool(connection.execute("SELECT count(*) FROM near WHERE dataset = ?", [dataset]).fetchall()[0][0])
    if sealed or near or variants or wish.group_by is not None or wish.time_column is not None or wish.part_column is not None:
        _gather(connection, answered, stratum, columns, place, wish)
        test_share, validation_share = _give_parts(connection, wish, dataset, bool(sealed) and wish.sealed_test)
        _join(connection, place, near, bool(variants))
        kept_out = _leave_out(connection)
        drawn = Rows("SELECT position, stratum, key FROM drawn WHERE rank IS NULL", {})
        all_rows = Rows(f"SELECT position, coalesce({_PART.format(rank='rank')}, part, 'train') FROM drawn LEFT JOIN chosen USING (key)", {})
    else:  # nothing but equal questions: straight from the table, which a million rows are worth
        source = f"SELECT position, {stratum} AS stratum, question_key AS key {answered}"
        drawn, test_share, validation_share, kept_out = Rows(source, {**place, **columns.values}), wish.test_share, wish.validation_share, 0
        plain = f"SELECT position, coalesce(part, 'train') FROM (SELECT position, question_key AS key {answered}) LEFT JOIN chosen USING (key)"
        all_rows = Rows(plain, place)
    deal(connection, drawn, test_share=test_share, validation_share=validation_share, seed=wish.seed)
    connection.execute(f"INSERT INTO split_row SELECT $split, * FROM ({all_rows.sql})", {**all_rows.values, "split": id})
    for table in ("drawn", "chosen"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    return kept_out


def _stratum(columns: Columns, wish: Draw) -> str:
    if not wish.stratify:
        return "''"
    if not wish.stratify_by:
        return "answer"
    return "concat_ws(chr(31), " + ", ".join(f"coalesce({columns.text(column)}, '')" for column in wish.stratify_by) + ")"


def _gather(connection: Connection, answered: str, stratum: str, columns: Columns, place: Mapping[str, Any], wish: Draw) -> None:
    """drawn(position, stratum, key, sealed, group, said, rank): `said` is the date or the part's name as it stands in its column."""
    group = columns.text(wish.group_by) if wish.group_by is not None else "NULL::VARCHAR"
    told = wish.time_column if wish.time_column is not None else wish.part_column
    said = columns.text(told) if told is not None else "NULL::VARCHAR"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE drawn AS
        SELECT position, {stratum} AS stratum, question_key AS key, sealed, {group} AS "group", {said} AS said, NULL::INTEGER AS rank, false AS out {answered}
    """
    connection.execute(sql, {**place, **columns.values})


def _give_parts(connection: Connection, wish: Draw, dataset: str, sealed_test: bool) -> tuple[float, float]:
    """Set `rank` of the rows whose part is known, and `out` of those that are in none; returns the shares still to be drawn: test, validation."""
    test_share = 0.0 if sealed_test else wish.test_share
    if wish.time_column is not None:
        _by_date(connection, wish, dataset, test_share)
        test_share, validation_share = 0.0, 0.0
    elif wish.part_column is not None:
        named = _by_column(connection, wish)
        test_share = 0.0 if Part.TEST in named else test_share
        validation_share = 0.0 if Part.VALIDATION in named else wish.validation_share
    else:
        validation_share = wish.validation_share
    if sealed_test:
        connection.execute("UPDATE drawn SET rank = 3, out = false WHERE sealed")
    else:
        connection.execute("DELETE FROM drawn WHERE sealed")
    return test_share, validation_share


def _by_date(connection: Connection, wish: Draw, dataset: str, test_share: float) -> None:
    """The newest to the test, those before to validation. Rows of one moment are never parted, and the oldest moment is learned from."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE dated AS
        SELECT said, {moment("said", wish.day_first)} AS moment, rows
        FROM (SELECT said, count(*) AS rows FROM drawn WHERE said IS NOT NULL AND NOT sealed GROUP BY said)
    """)
    sql = """
        WITH by_moment AS (SELECT moment, sum(rows) AS rows FROM dated WHERE moment IS NOT NULL GROUP BY moment),
        placed AS (SELECT moment, sum(rows) OVER (ORDER BY moment DESC) - rows / 2 AS middle, sum(rows) OVER () AS total, min(moment) OVER () AS oldest FROM by_moment),
        test AS (SELECT CASE WHEN $test > 0 THEN coalesce(min(moment) FILTER (middle < total * $test), max(moment)) ELSE max(moment) + 1 END AS moment
                 FROM placed WHERE moment > oldest)
        SELECT test.moment, CASE WHEN $validation > 0 THEN coalesce(min(p.moment) FILTER (middle < total * ($test + $validation)), max(p.moment)) END
        FROM test LEFT JOIN placed p ON p.moment < test.moment AND p.moment > p.oldest GROUP BY test.moment
    """
    found = connection.execute(sql, {"test": test_share, "validation": wish.validation_share}).fetchall()
    if not found or found[0][0] is None:
        raise NoDates(dataset, wish.time_column or "")
    test, validation = found[0]
    sql = """
        UPDATE drawn SET rank = CASE WHEN moment >= $test THEN 3 WHEN moment >= $validation THEN 2 ELSE 1 END FROM dated d
        WHERE d.said = drawn.said AND d.moment IS NOT NULL
    """
    connection.execute(sql, {"test": test, "validation": validation if validation is not None else test})
    connection.execute("UPDATE drawn SET out = true WHERE rank IS NULL")
    connection.execute("DROP TABLE temp.dated")


def _by_column(connection: Connection, wish: Draw) -> frozenset[Part]:
    """Rows whose part the column names; those for training may still be drawn from. Returns the parts that it names."""
    names, ranks = list(wish.part_values), [_RANK[part] for part in wish.part_values.values()]
    sql = """
        UPDATE drawn SET rank = n.rank FROM (SELECT unnest($names::VARCHAR[]) AS name, unnest($ranks::INTEGER[]) AS rank) n
        WHERE lower(drawn.said) = n.name
    """
    connection.execute(sql, {"names": names, "ranks": ranks})
    connection.execute("UPDATE drawn SET out = true WHERE rank IS NULL")
    connection.execute("UPDATE drawn SET rank = NULL WHERE rank = 1")
    found = {row[0] for row in connection.execute("SELECT DISTINCT rank FROM drawn WHERE rank IS NOT NULL").fetchall()}
    return frozenset(part for part, rank in _RANK.items() if rank in found)


def _join(connection: Connection, place: dict[str, object], near: bool, variants: bool) -> None:
    """Rows that hang together by their group, as near duplicates, or as variants of one row get one key."""
    connection.execute("""CREATE OR REPLACE TEMP TABLE tie AS SELECT key, 'g' || "group" AS tie FROM drawn WHERE "group" IS NOT NULL""")
    if near:
        connection.execute(
            "INSERT INTO tie SELECT key, 'n' || bundle FROM drawn JOIN near USING (position) WHERE near.dataset = ?", [place["dataset"]]
        )
    if variants:
        sql = f"""
            INSERT INTO tie WITH variant AS (
                SELECT position, original->>'augmented_from' AS origin FROM example WHERE {ROWS_OF_VERSION} AND source = '{VARIANT}'
            )
            SELECT key, 'v' || origin FROM drawn JOIN variant USING (position)
            UNION ALL SELECT key, 'v' || position FROM drawn WHERE position::VARCHAR IN (SELECT origin FROM variant)
        """
        connection.execute(sql, place)
    join_bundles(connection)


def _leave_out(connection: Connection) -> int:
    """Take from `drawn` the rows that are in no part; returns how many."""
    sql = """
        UPDATE drawn SET out = true FROM (SELECT key, max(rank) AS rank FROM drawn WHERE rank IS NOT NULL GROUP BY key) given
        WHERE given.key = drawn.key AND drawn.rank IS DISTINCT FROM given.rank
    """
    connection.execute(sql)
    left_out = int(connection.execute("SELECT count(*) FROM drawn WHERE out").fetchall()[0][0])
    connection.execute("DELETE FROM drawn WHERE out")
    return left_out
