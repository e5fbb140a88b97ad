"""What people say of rows without changing them: tags, and approved or rejected. A state holds from one change until another, as a row's does."""

from collections.abc import Callable, Sequence

from duckdb import DuckDBPyConnection as Connection

from storage import changes
from storage.bulk.filtering import STANDING, matching_sql
from storage.errors import NothingChanged
from storage.rows import Change, DatasetId, OwnerId, Review, RowFilter
from storage.store import Store


def mark(
    store: Store,
    actor: OwnerId,
    dataset: DatasetId,
    which: Sequence[int] | RowFilter,
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
    review: Review | None = None,
    clear_review: bool = False,
    kind: str = "mark",
    what: str | Callable[[int], str],
) -> Change:
    """Add and remove tags, and say what was thought of the rows at these positions or of all that match. A row that says so already is left alone.

    Raises RowMissing when the dataset is not there, NothingChanged when no row would say another thing.
    """

    def say(connection: Connection) -> Change:
        choose(connection, dataset, which)
        stage(connection, dataset, actor, add_tags=add_tags, remove_tags=remove_tags, review=review, clear_review=clear_review)
        rows = int(connection.execute("SELECT count(*) FROM said_now").fetchall()[0][0])
        if not rows:
            raise NothingChanged(dataset)
        number = changes.begin(connection, dataset, actor, kind, what if isinstance(what, str) else what(rows), rows)
        keep(connection, dataset, number)
        return changes.line(connection, dataset, number)

    return store.write(say)


def tags_of(store: Store, dataset: DatasetId) -> list[tuple[str, int]]:
    """Tags that stand on rows, with how many rows each, the most frequent first."""
    sql = """
        SELECT tag, count(*) FROM (SELECT unnest(tags) AS tag, position FROM mark WHERE dataset = $dataset AND gone IS NULL)
        GROUP BY tag ORDER BY 2 DESC, 1
    """
    return [(tag, rows) for tag, rows in store.read(None, sql, {"dataset": dataset})]


def reviewers_of(store: Store, dataset: DatasetId) -> list[OwnerId]:
    """Who approved or rejected a row that says so still."""
    sql = "SELECT DISTINCT reviewer FROM mark WHERE dataset = ? AND gone IS NULL AND review IS NOT NULL AND reviewer IS NOT NULL ORDER BY reviewer"
    return [OwnerId(reviewer) for (reviewer,) in store.read(None, sql, [dataset])]


def choose(connection: Connection, dataset: DatasetId, which: Sequence[int] | RowFilter) -> None:
    """chosen(position): the standing rows that are meant. Inside a write."""
    matching, values = matching_sql(which if isinstance(which, RowFilter) else RowFilter(positions=tuple(which)))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE chosen AS SELECT position FROM example WHERE {matching}", {**values, "dataset": dataset})


def stage(
    connection: Connection,
    dataset: DatasetId,
    actor: OwnerId,
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
    review: Review | None = None,
    clear_review: bool = False,
) -> None:
    """said_now(position, tags, review, reviewer): what `chosen` rows will say, where that is another thing than now. Drops `chosen`."""
    reviewed = "$review::VARCHAR, $actor" if review is not None else "NULL, NULL" if clear_review else "review, reviewer"
    sql = f"""
        CREATE OR REPLACE TEMP TABLE said_now AS
        SELECT position, new[1] AS tags, new[2] AS review, new[3] AS reviewer FROM (
            SELECT position, old_tags, old_review, row(
                coalesce(list_sort(list_distinct(list_filter(old_tags, lambda tag: NOT list_contains($remove::VARCHAR[], tag)) || $add::VARCHAR[])), []),
                {reviewed}) AS new
            FROM (SELECT c.position, coalesce(m.tags, []) AS old_tags, m.review AS old_review, m.review, m.reviewer FROM chosen c
                  LEFT JOIN (SELECT * FROM mark WHERE dataset = $dataset AND gone IS NULL) m USING (position))
        ) WHERE old_tags IS DISTINCT FROM new[1] OR old_review IS DISTINCT FROM new[2]
    """
    values = {"dataset": dataset, "add": list(add_tags), "remove": list(remove_tags)}
    connection.execute(sql, values | ({"review": review.value, "actor": actor} if review is not None else {}))
    connection.execute("DROP TABLE temp.chosen")


def keep(connection: Connection, dataset: DatasetId, number: int) -> None:
    """Begin the states of `said_now` at change `number`, and end those that stood. Drops the table."""
    ended = "UPDATE mark SET gone = ? WHERE dataset = ? AND gone IS NULL AND position IN (SELECT position FROM said_now)"
    connection.execute(ended, [number, dataset])
    begun = """
        INSERT INTO mark SELECT ?, position, tags, review, reviewer, ?, NULL FROM said_now WHERE len(tags) > 0 OR review IS NOT NULL ORDER BY position
    """
    connection.execute(begun, [dataset, number])
    connection.execute("DROP TABLE temp.said_now")


def review_counts(store: Store, dataset: DatasetId) -> dict[Review, int]:
    """How many standing rows were approved and rejected."""
    sql = f"""
        SELECT review, count(*) FROM mark WHERE dataset = $dataset AND gone IS NULL AND review IS NOT NULL
        AND position IN (SELECT position FROM example WHERE dataset = $dataset AND {STANDING}) GROUP BY review
    """
    return {Review(review): rows for review, rows in store.read(None, sql, {"dataset": dataset})}
