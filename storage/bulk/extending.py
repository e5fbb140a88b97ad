"""A split of more rows: those that had a part keep it, rows that came since are dealt out, and some of them join the exam."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage import changes
from storage.bulk import keys
from storage.bulk.bundles import join_bundles
from storage.bulk.columns import Columns
from storage.bulk.dealing import Rows, deal
from storage.bulk.drawing import Draw
from storage.bulk.versions import HELD, freeze_version, place_of_split
from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import DatasetId, OwnerId, Part, Split, SplitId
from storage.store import Store
from storage.typed import now, rows_of

_NOT_REJECTED = "position NOT IN (SELECT position FROM mark WHERE dataset = $dataset AND gone IS NULL AND review = 'rejected')"
_ANSWERED = f"FROM example WHERE dataset = $dataset AND gone IS NULL AND NOT erased AND answer IS NOT NULL AND {_NOT_REJECTED}"


def known_positions(store: Store, dataset: DatasetId, first: int) -> list[int]:
    """Of the standing rows from position `first` on: those whose content an earlier row has, had before it was changed, or had when it was taken out.
    A row from which a person was erased is known by its hash."""
    earlier = (
        "SELECT unnest([content_hash, coalesce(imported_hash, content_hash)]) AS hash FROM example WHERE dataset = $dataset AND position < $first"
    )
    sql = f"""
        SELECT position FROM example WHERE dataset = $dataset AND position >= $first AND gone IS NULL AND NOT erased
        AND content_hash IN ({earlier}) ORDER BY position
    """
    return [position for (position,) in store.read(None, sql, {"dataset": dataset, "first": first})]


def beyond(store: Store, split: SplitId) -> int:
    """The first position that the version of a split did not know."""
    sql = f"SELECT coalesce(max(position), 0) + 1 FROM example WHERE {HELD}"
    return int(store.read(None, sql, place_of_split(store, split))[0][0])


def extend_split(store: Store, actor: OwnerId, split: SplitId, wish: Draw, sealed_said: str, near: Path | None = None) -> tuple[Split, int]:
    """The same split of the rows as they stand now: returns it, and how many new rows joined the exam.

    Rows keep the part that they had; rows that were in none stay in none. A new row (one without an answer then counts as new) goes where `wish` says
    with the shares of the old parts. One that belongs together with a row of the training goes there, with a row of validation or test nowhere: its
    question was asked before. Where the exam is sealed the new rows of it are sealed too, as a change that says `sealed_said`, a Sentence as JSON.
    `near` is a Parquet file below the home that says which rows are nearly the same (position, bundle); without it those of the latest check-up are.
    Raises RowMissing.
    """

    def extend(connection: Connection) -> tuple[Split, int]:
        found = rows_of(Split, connection.execute("SELECT * FROM split WHERE id = ?", [split]))
        if not found:
            raise RowMissing("split", split)
        old, was = found[0], place_of_split(store, split)
        dataset = DatasetId(str(was["dataset"]))
        keys.fill(connection, dataset)
        _gather(connection, {**was, "split": split}, wish)
        _tie(connection, dataset, wish, near)
        _deal(connection, old, wish)
        tests = [row[0] for row in connection.execute("SELECT position FROM drawn WHERE fresh AND part = 'test' ORDER BY position").fetchall()]
        if tests and _is_sealed(connection, split, was):
            _seal(connection, dataset, actor, tests, sealed_said)
        version = freeze_version(store, dataset)
        id = _keep(connection, old, version.id)
        connection.execute("DROP TABLE temp.drawn")
        return rows_of(Split, connection.execute("SELECT * FROM split WHERE id = ?", [id]))[0], len(tests)

    return store.write(extend)


def _gather(connection: Connection, place: Mapping[str, Any], wish: Draw) -> None:
    """drawn(position, stratum, key, group, said, part, fresh, out)."""
    columns = Columns()
    stratum = "answer" if wish.stratify else "''"
    if wish.stratify and wish.stratify_by:
        stratum = "concat_ws(chr(31), " + ", ".join(f"coalesce({columns.text(column)}, '')" for column in wish.stratify_by) + ")"
    group = columns.text(wish.group_by) if wish.group_by is not None else "NULL::VARCHAR"
    said = columns.text(wish.part_column) if wish.part_column is not None else "NULL::VARCHAR"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE drawn AS
        SELECT position, stratum, key, "group", said, part, was.position IS NULL AND part IS NULL AS fresh, was.position IS NOT NULL AND part IS NULL AS out
        FROM (SELECT position, {stratum} AS stratum, question_key AS key, {group} AS "group", {said} AS said {_ANSWERED})
        LEFT JOIN (SELECT position, part FROM split_row WHERE split = $split) USING (position)
        LEFT JOIN (SELECT position FROM example WHERE {HELD} AND answer IS NOT NULL) was USING (position)
    """
    connection.execute(sql, {**place, **columns.values})
    connection.execute("DELETE FROM drawn WHERE out")


def _tie(connection: Connection, dataset: DatasetId, wish: Draw, near: Path | None) -> None:
    """Rows that belong together get one key; new ones that hang together with an older row go with it or nowhere."""
    connection.execute("""CREATE OR REPLACE TEMP TABLE tie AS SELECT key, 'g' || "group" AS tie FROM drawn WHERE "group" IS NOT NULL""")
    if wish.near_together:
        table = "(SELECT position, bundle FROM near WHERE dataset = $from)" if near is None else "read_parquet($from)"
        sql = f"INSERT INTO tie SELECT key, 'n' || bundle FROM drawn JOIN {table} USING (position)"
        connection.execute(sql, {"from": dataset if near is None else str(near)})
    join_bundles(connection)
    sql = """
        UPDATE drawn SET part = CASE WHEN given.part = 'train' THEN 'train' END, out = given.part <> 'train'
        FROM (SELECT key, CASE WHEN bool_and(part = 'train') THEN 'train' ELSE 'other' END AS part FROM drawn WHERE part IS NOT NULL GROUP BY key) given
        WHERE drawn.fresh AND drawn.key = given.key
    """
    connection.execute(sql)


def _deal(connection: Connection, old: Split, wish: Draw) -> None:
    """By the column that names the parts, where there is one and the new rows say it; else by lot, each category its share."""
    open_ = "fresh AND NOT out AND part IS NULL"
    if wish.part_column is not None:
        names, parts = list(wish.part_values), [part.value for part in wish.part_values.values()]
        sql = f"""
            UPDATE drawn SET part = n.part FROM (SELECT unnest($names::VARCHAR[]) AS name, unnest($parts::VARCHAR[]) AS part) n
            WHERE {open_.replace("part IS", "drawn.part IS")} AND lower(drawn.said) = n.name RETURNING position
        """
        if connection.execute(sql, {"names": names, "parts": parts}).fetchall():
            return
    if connection.execute(f"SELECT count(*) FROM drawn WHERE {open_}").fetchall()[0][0]:
        rows = max(1, old.train + old.validation + old.test)
        new = Rows(f"SELECT position, stratum, key FROM drawn WHERE {open_}", {})
        deal(connection, new, test_share=old.test / rows, validation_share=old.validation / rows, seed=wish.seed)
        connection.execute(f"UPDATE drawn SET part = coalesce((SELECT c.part FROM chosen c WHERE c.key = drawn.key), 'train') WHERE {open_}")
        connection.execute("DROP TABLE temp.chosen")


def _is_sealed(connection: Connection, split: SplitId, was: Mapping[str, Any]) -> bool:
    """Whether the exam came as a file of its own."""
    sql = f"SELECT count(*) FILTER (sealed) > 0 FROM example WHERE {HELD} AND position IN (SELECT position FROM split_row WHERE split = $split AND part = 'test')"
    return bool(connection.execute(sql, {**was, "split": split}).fetchall()[0][0])


def _seal(connection: Connection, dataset: DatasetId, actor: OwnerId, positions: list[int], said: str) -> None:
    """As a change of its own, so that earlier versions stay what they were."""
    number = changes.begin(connection, dataset, actor, "seal", said, len(positions))
    values = {"dataset": dataset, "number": number, "positions": positions}
    standing = "dataset = $dataset AND gone IS NULL AND list_contains($positions::BIGINT[], position)"
    connection.execute(f"INSERT INTO example SELECT * REPLACE (true AS sealed, $number::BIGINT AS born) FROM example WHERE {standing}", values)
    connection.execute(f"UPDATE example SET gone = $number WHERE {standing} AND born < $number", values)


def _keep(connection: Connection, old: Split, version: str) -> SplitId:
    id = SplitId(new_id())
    connection.execute("INSERT INTO split_row SELECT ?, position, part FROM drawn WHERE part IS NOT NULL", [id])
    counts = {part: f"(SELECT count(*) FROM drawn WHERE part = '{part.value}') AS {part.value}" for part in Part}
    sql = f"""
        INSERT INTO split BY NAME SELECT s.* REPLACE ($id AS id, $version AS version, $now AS created_at, s.settings || ' and more ' || $id AS settings,
            {", ".join(counts.values())}, (SELECT count(*) FROM drawn WHERE part IS NULL) + s.kept_out AS kept_out) FROM split s WHERE s.id = $old
    """
    connection.execute(sql, {"id": id, "version": version, "now": now(), "old": old.id})
    return id
