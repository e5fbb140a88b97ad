"""Change many rows at once: one transaction, one line of history, in SQL."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from storage import changes, marks
from storage.bulk.filtering import matching_sql
from storage.bulk.text_sql import folded_of
from storage.canonical import canonical, question_and_answer, turns_of
from storage.errors import NothingChanged, RowMissing
from storage.ids import row_suffix
from storage.rows import Change, DatasetId, NewExample, OwnerId, RowEdit, RowFilter
from storage.store import Store

_BATCH = 20_000
# The texts that a row need not keep are NULL, as the schema says.
KEPT_MESSAGES = "CASE WHEN {m} = whole_messages(NULL, {q}, {a}) THEN NULL ELSE {m} END"
KEPT_HASH = f"row_hash({KEPT_MESSAGES}, {{q}}, {{a}})"
KEPT_FOLDED = folded_of("{q}", "{a}")


def apply(store: Store, actor: OwnerId, dataset: DatasetId, edits: Sequence[RowEdit] | Path, kind: str, what: str) -> Change:
    """Give rows new messages, or take them out where these are None. `edits` may be a Parquet file below the home: columns position, messages.

    Rows that already say the same are left alone. Versions that were frozen keep what they held. Raises BadMessages, RowMissing when a row is not there,
    NothingChanged when no row would be another.
    """

    def change(connection: Connection) -> Change:
        _stage(connection, _from_file(connection, edits) if isinstance(edits, Path) else _in_batches(edits))
        number = changes.begin(connection, dataset, actor, kind, what, _differing(connection, dataset))
        replace_rows(connection, dataset, number)
        return changes.line(connection, dataset, number)

    return store.write(change)


def rewrite(
    store: Store, actor: OwnerId, dataset: DatasetId, filter: RowFilter, rewritten: Callable[[str], str], kind: str, what: Callable[[int], str]
) -> Change:
    """Give every row that matches the messages that `rewritten` makes of its own, in batches; `what` gets the number of rows. Raises NothingChanged."""
    matching, values = matching_sql(filter)
    sql = f"SELECT position, whole_messages(messages, question, answer) FROM example WHERE {matching} ORDER BY position"

    def change(connection: Connection) -> Change:
        with connection.cursor() as cursor:  # of its own, because the connection writes between two batches
            found = cursor.execute(sql, {**values, "dataset": dataset})
            _stage(connection, _rewritten(found, rewritten))
        rows = _differing(connection, dataset)
        number = changes.begin(connection, dataset, actor, kind, what(rows), rows)
        replace_rows(connection, dataset, number)
        return changes.line(connection, dataset, number)

    return store.write(change)


def take_out(store: Store, actor: OwnerId, dataset: DatasetId, filter: RowFilter, kind: str, what: Callable[[int], str]) -> Change:
    """Take out every row that matches; `what` gets the number of rows. Raises NothingChanged."""
    matching, values = matching_sql(filter)

    def change(connection: Connection) -> Change:
        connection.execute(_STAGED)
        connection.execute(f"INSERT INTO staged (position) SELECT position FROM example WHERE {matching}", {**values, "dataset": dataset})
        rows = _differing(connection, dataset)
        number = changes.begin(connection, dataset, actor, kind, what(rows), rows)
        replace_rows(connection, dataset, number)
        return changes.line(connection, dataset, number)

    return store.write(change)


def merge(store: Store, actor: OwnerId, dataset: DatasetId, keep: int, others: Sequence[int], what: str) -> Change:
    """One row stays and gets the tags of the others, which go. Raises RowMissing."""

    def change(connection: Connection) -> Change:
        marks.choose(connection, dataset, [keep])
        if not connection.execute("SELECT count(*) FROM chosen").fetchall()[0][0]:
            raise RowMissing("example", str(keep))
        gone = [position for position in others if position != keep]
        _stage(connection, _in_batches([RowEdit(position, None) for position in gone]))
        _differing(connection, dataset)
        number = changes.begin(connection, dataset, actor, "merge", what, len(gone) + 1)
        tags = connection.execute(_TAGS_OF, [dataset, gone]).fetchall()[0][0]
        marks.stage(connection, dataset, actor, add_tags=tags)
        marks.keep(connection, dataset, number)
        replace_rows(connection, dataset, number)
        return changes.line(connection, dataset, number)

    return store.write(change)


def replace_rows(connection: Connection, dataset: DatasetId, number: int) -> None:
    """Begin the states that temp table `staged` holds at change `number`, and end those that stood. Drops the table."""
    messages, folded = KEPT_MESSAGES.format(m="s.messages", q="s.question", a="s.answer"), KEPT_FOLDED.format(q="s.question", a="s.answer")
    sql = f"""
        INSERT INTO example
        SELECT e.id, e.owner, e.dataset, e.position, {messages}, s.question, s.answer, s.hash,
               CASE WHEN coalesce(e.imported_hash, e.content_hash) = s.hash THEN NULL ELSE coalesce(e.imported_hash, e.content_hash) END,
               e.source, e.row, whole_original(e.original, e.form, e.question, e.answer), NULL, e.sealed, false, question_key(folded(s.question)),
               {folded}, $number, NULL
        FROM staged s JOIN example e ON e.position = s.position WHERE e.dataset = $dataset AND e.gone IS NULL AND s.messages IS NOT NULL
    """
    connection.execute(sql, {"dataset": dataset, "number": number})
    sql = (
        "UPDATE example SET gone = $number WHERE dataset = $dataset AND gone IS NULL AND born < $number AND position IN (SELECT position FROM staged)"
    )
    connection.execute(sql, {"dataset": dataset, "number": number})
    connection.execute("DROP TABLE temp.staged")


def add_rows(store: Store, actor: OwnerId, dataset: DatasetId, rows: Sequence[NewExample], what: str) -> Change:
    """Append rows that a person wrote, pasted or approved. Raises BadMessages, RowMissing, NothingChanged when there is none."""
    if not rows:
        raise NothingChanged(dataset)
    turns = [turns_of(row.messages) for row in rows]
    pairs = [question_and_answer(each) for each in turns]
    values = {
        "messages": [canonical(each) for each in turns],
        "questions": [question for question, _ in pairs],
        "answers": [answer for _, answer in pairs],
        "sources": [row.source for row in rows],
        "rows": [row.row for row in rows],
        "originals": [row.original for row in rows],
    }

    def add(connection: Connection) -> Change:
        number = changes.begin(connection, dataset, actor, "add", what, len(rows))
        owner, last = connection.execute("SELECT owner, last_position FROM dataset WHERE id = ?", [dataset]).fetchall()[0]
        place = {"owner": owner, "dataset": dataset, "last": last, "number": number, "suffix": row_suffix()}
        connection.execute(_ADD, {**values, **place})
        connection.execute("UPDATE dataset SET last_position = ? WHERE id = ?", [last + len(rows), dataset])
        return changes.line(connection, dataset, number)

    return store.write(add)


def _stage(connection: Connection, batches: Iterator[Sequence[RowEdit]]) -> None:
    """staged(position, messages, question, answer, hash), in batches, so that a million rows need no million objects."""
    connection.execute(_STAGED)
    for batch in batches:
        texts = [None if edit.messages is None else turns_of(edit.messages) for edit in batch]
        pairs = [("", None) if turns is None else question_and_answer(turns) for turns in texts]
        values = [
            [edit.position for edit in batch],
            [None if turns is None else canonical(turns) for turns in texts],
            [question for question, _ in pairs],
            [answer for _, answer in pairs],
        ]
        sql = f"""
            INSERT INTO staged SELECT position, messages, question, answer, {KEPT_HASH.format(m="messages", q="question", a="answer")} FROM
            (SELECT unnest(?::BIGINT[]) AS position, unnest(?::VARCHAR[]) AS messages, unnest(?::VARCHAR[]) AS question, unnest(?::VARCHAR[]) AS answer)
        """
        connection.execute(sql, values)


def _in_batches(edits: Sequence[RowEdit]) -> Iterator[Sequence[RowEdit]]:
    for start in range(0, len(edits), _BATCH):
        yield edits[start : start + _BATCH]


def _from_file(connection: Connection, path: Path) -> Iterator[Sequence[RowEdit]]:
    with connection.cursor() as cursor:  # of its own, because the connection writes between two batches
        found = cursor.execute("SELECT position, messages FROM read_parquet(?)", [str(path)])
        while batch := found.fetchmany(_BATCH):
            yield tuple(RowEdit(position, messages) for position, messages in batch)


def _rewritten(found: Connection, rewritten: Callable[[str], str]) -> Iterator[Sequence[RowEdit]]:
    while batch := found.fetchmany(_BATCH):
        made = ((position, before, rewritten(before)) for position, before in batch)
        yield [RowEdit(position, after) for position, before, after in made if after != before]


def _differing(connection: Connection, dataset: DatasetId) -> int:
    """Leave in `staged` what changes something; returns how many rows."""
    sql = "SELECT count(*), count(DISTINCT position) FROM staged"
    rows, different = connection.execute(sql).fetchall()[0]
    if rows != different:
        raise ValueError("a row is changed twice in one change")
    standing = "SELECT position, content_hash FROM example WHERE dataset = ? AND gone IS NULL AND NOT erased"
    missing = connection.execute(f"SELECT min(position) FROM staged ANTI JOIN ({standing}) USING (position)", [dataset]).fetchall()[0][0]
    if missing is not None:
        raise RowMissing("example", str(missing))
    same = f"SELECT position FROM staged JOIN ({standing}) USING (position) WHERE content_hash = hash"
    connection.execute(f"DELETE FROM staged WHERE position IN ({same})", [dataset])
    left = int(connection.execute("SELECT count(*) FROM staged").fetchall()[0][0])
    if not left:
        raise NothingChanged(dataset)
    return left


_STAGED = "CREATE OR REPLACE TEMP TABLE staged (position BIGINT, messages VARCHAR, question VARCHAR, answer VARCHAR, hash VARCHAR)"
_TAGS_OF = """
    SELECT coalesce(list_sort(list_distinct(flatten(list(tags)))), []) FROM mark
    WHERE dataset = ? AND gone IS NULL AND position IN (SELECT unnest(?::BIGINT[]))
"""
_ADD = f"""
    INSERT INTO example
    SELECT lower(to_base(place, 32, 5)) || $suffix, $owner, $dataset, place, {KEPT_MESSAGES.format(m="messages", q="question", a="answer")},
           question, answer, {KEPT_HASH.format(m="messages", q="question", a="answer")}, NULL, source, row, original, NULL, false, false, question_key(folded(question)),
           {KEPT_FOLDED.format(q="question", a="answer")}, $number, NULL
    FROM (SELECT $last + unnest(range(1, len($messages) + 1)) AS place, unnest($messages::VARCHAR[]) AS messages, unnest($questions::VARCHAR[]) AS question,
                 unnest($answers::VARCHAR[]) AS answer, unnest($sources::VARCHAR[]) AS source, unnest($rows::BIGINT[]) AS row,
                 unnest($originals::VARCHAR[]) AS original)
"""
