"""Dealing rows out to the parts, in SQL: each category its share, equal keys on one side, in an order that the seed decides."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.quotas import Quota, Stratum, quotas
from storage.rows import Part

_SHELVES, _LAST = 58, 63  # the bits of luck below its shelf: 64 shelves


@dataclass(frozen=True)
class Rows:
    """A query that gives position, stratum and key, with its parameters. Rows with an equal key stay together."""

    sql: str
    values: Mapping[str, Any]


def deal(connection: Connection, rows: Rows, *, test_share: float, validation_share: float, seed: int) -> None:
    """Make temp table chosen(key, part) with the keys that go to the test or to validation; all others are for training.

    A category that stands under one key only goes to training, and each keeps a key there. When more than half of the rows have a stratum of their
    own, strata are no categories and are not looked at. A key whose rows have several strata counts in each and goes where any of them sends it: its
    place in the order is the same in all, so that they seldom differ.
    """
    rows = rows if _are_categories(connection, rows) else Rows(f"SELECT position, '' AS stratum, key FROM ({rows.sql})", rows.values)
    drawn = _in_order(rows, seed)
    # Rows by category and by the first bits of their luck: tells which part of a million rows has to be put in order at all.
    shelf = f"SELECT stratum, luck >> {_SHELVES} AS shelf, count(*) AS rows, min(luck) AS least, max(luck) AS most FROM ({drawn}) GROUP BY ALL"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE shelf AS {shelf}", {**rows.values, "shelf": _LAST})
    found = connection.execute("SELECT stratum, sum(rows)::BIGINT, min(least) < max(most) FROM shelf GROUP BY stratum")
    strata = {name: Stratum(count, 2 if several else 1) for name, count, several in found.fetchall()}
    wanted = quotas(strata, test_share=test_share, validation_share=validation_share, seed=seed)
    _choose(connection, drawn, rows.values, wanted)
    for part, share in ((Part.TEST, test_share), (Part.VALIDATION, validation_share)):
        if share > 0:
            _fill_if_empty(connection, drawn, rows.values, part)
    connection.execute("DROP TABLE temp.shelf")


def _are_categories(connection: Connection, rows: Rows) -> bool:
    sql = f"SELECT count(*) FILTER (rows = 1) * 2 <= coalesce(sum(rows), 0) FROM (SELECT count(*) AS rows FROM ({rows.sql}) GROUP BY stratum)"
    return bool(connection.execute(sql, dict(rows.values)).fetchall()[0][0])


def _in_order(rows: Rows, seed: int) -> str:
    """A query that adds luck, a key's place in the order, for the shelves up to $shelf."""
    digest = hashlib.sha256(f"split {seed}".encode()).digest()
    shift, factor = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big") | 1
    # An odd factor makes another order of all 64-bit keys, each key at a place of its own; keys are hashes, so their order is as good as random.
    luck = f"((xor(key, {shift}::UBIGINT)::UHUGEINT * {factor}::UHUGEINT) & {2**64 - 1}::UHUGEINT)::UBIGINT"
    return f"SELECT * FROM (SELECT key, stratum, {luck} AS luck FROM ({rows.sql})) WHERE luck >> {_SHELVES} <= $shelf"


def _choose(connection: Connection, drawn: str, values: Mapping[str, Any], wanted: Mapping[str, Quota]) -> None:
    """The first bundles of each category to the test, the next to validation; the one whose middle is beyond the quota goes to training."""
    sql = """
        CREATE OR REPLACE TEMP TABLE edge AS
        WITH quota AS (SELECT unnest($names::VARCHAR[]) AS stratum, unnest($tests::BIGINT[]) AS test, unnest($validations::BIGINT[]) AS validation)
        SELECT stratum, test, validation, min(shelf) FILTER (upto >= test + validation AND test + validation > 0) AS edge, max(most) AS last
        FROM (SELECT stratum, shelf, most, sum(rows) OVER (PARTITION BY stratum ORDER BY shelf) AS upto FROM shelf) JOIN quota USING (stratum) GROUP BY ALL
    """
    tests, validations = [quota.test for quota in wanted.values()], [quota.validation for quota in wanted.values()]
    connection.execute(sql, {"names": list(wanted), "tests": tests, "validations": validations})
    furthest = connection.execute("SELECT coalesce(max(edge), 0) FROM edge").fetchall()[0][0]
    sql = f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        WITH in_turn AS (
            SELECT key, luck, test, validation,
                   rank() OVER (PARTITION BY stratum ORDER BY luck) - 1 + count(*) OVER (PARTITION BY stratum, luck) / 2 AS middle
            FROM ({drawn}) d JOIN edge USING (stratum) WHERE luck >> {_SHELVES} <= edge.edge
        )
        SELECT key, CASE WHEN min(middle - test) < 0 THEN 'test' ELSE 'validation' END AS part
        FROM in_turn WHERE middle < test + validation AND luck NOT IN (SELECT last FROM edge) GROUP BY key
    """
    connection.execute(sql, {**values, "shelf": furthest})
    connection.execute("DROP TABLE temp.edge")


def _fill_if_empty(connection: Connection, drawn: str, values: Mapping[str, Any], part: Part) -> None:
    """When bundles are larger than a part's quota the part may be empty: it gets the smallest bundle of a category that keeps another for training."""
    if connection.execute("SELECT count(*) FROM chosen WHERE part = ?", [part.value]).fetchall()[0][0]:
        return
    sql = f"""
        INSERT INTO chosen SELECT key, $part FROM (
            SELECT key FROM (SELECT key, stratum, luck, count(*) AS rows FROM ({drawn}) WHERE key NOT IN (SELECT key FROM chosen) GROUP BY ALL)
            QUALIFY count(*) OVER (PARTITION BY stratum) > 1 ORDER BY rows, luck, key LIMIT 1
        )
    """
    connection.execute(sql, {**values, "part": part.value, "shelf": _LAST})
