"""Erasing a person: from rows and all their earlier states, from what the doctor and colleagues noted, from conversations and documents."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage import changes
from storage.bulk.versions import HELD
from storage.person import ERASED, Person
from storage.rows import DatasetId, OwnerId, ProjectId, RunId
from storage.store import Store

_AT_ONCE = 2_000
# Columns that hold what people wrote, by table, and how a row of it is known to be somebody's. Rows of `example` are erased whole.
_OWNED, _OF_DATASET, _OF_JOB = (
    "owner = $owner",
    "dataset IN (SELECT id FROM dataset WHERE owner = $owner)",
    "job IN (SELECT id FROM job WHERE owner = $owner)",
)
_OF_ROUND = "round IN (SELECT id FROM label_round WHERE owner = $owner)"
TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "project": (_OWNED, ("name",)),
    "dataset": (_OWNED, ("name",)),
    "change": (_OWNED, ("what",)),
    "saved_view": (_OWNED, ("name", "filter")),
    "checkup": (_OWNED, ("document",)),
    "finding": (_OF_DATASET, ("facts", "repair")),
    "layout": (_OWNED, ("document",)),
    "label_round": (_OWNED, ("name", "settings")),
    "label_given": (_OF_ROUND, ("person", "answer")),
    "version": (_OWNED, ("name",)),
    "split": (_OWNED, ("plan", "settings")),
    "job": (_OWNED, ("message", "error")),
    "advice": (_OF_JOB, ("english", "facts")),
    "run": (_OWNED, ("name", "recipe")),
    "verdict": (_OWNED, ("document",)),
    "model_update": (_OWNED, ("file", "told", "error")),
    "package": (_OWNED, ("name", "certificate")),
    "said": (_OWNED, ("text", "plan")),
    "vote": (_OWNED, ("question", "left_answer", "right_answer")),
}


@dataclass(frozen=True)
class RowMatch:
    """A row of which some state holds the person. `standing`: the row is not deleted. `snippet` is what stands around the first place."""

    dataset: DatasetId
    position: int
    standing: bool
    snippet: str
    source: str


@dataclass(frozen=True)
class TextMatch:
    """Rows of another table that name the person."""

    table: str
    rows: int


@dataclass(frozen=True)
class TouchedRun:
    """A training whose version held a row of the person."""

    run: RunId
    name: str
    project: ProjectId
    version: str


@dataclass(frozen=True)
class Erased:
    """What was found and is gone: rows, trainings that learned from them, and how many rows of other tables were rewritten."""

    rows: tuple[RowMatch, ...]
    learned: tuple[TouchedRun, ...]
    texts: int


def find_rows(store: Store, owner: OwnerId, person: Person) -> list[RowMatch]:
    """In the order of datasets and rows, each once."""
    found: dict[tuple[str, int], RowMatch] = {}
    for dataset, position, standing, source, *texts in _candidates(store, owner, person):
        hit = next((text for text in (*texts, source) if person.is_in(text)), None)
        if hit is None:
            continue
        key = (dataset, position)
        if key not in found or (standing and not found[key].standing):
            found[key] = RowMatch(dataset, position, standing, person.around(hit), source)
    return sorted(found.values(), key=lambda match: (match.dataset, match.position))


def find_texts(store: Store, owner: OwnerId, person: Person) -> list[TextMatch]:
    """Tables other than rows that name the person."""
    found = [(table, len(list(_named(store.read(None, sql, {"owner": owner}), person)))) for table, sql in _text_queries()]
    return [TextMatch(table, rows) for table, rows in found if rows]


def runs_that_learned(store: Store, owner: OwnerId, matches: Sequence[RowMatch]) -> list[TouchedRun]:
    """Trainings whose split gave them one of these rows to learn from or to watch with."""
    found: list[TouchedRun] = []
    for dataset in dict.fromkeys(match.dataset for match in matches):
        places = [match.position for match in matches if match.dataset == dataset]
        sql = """
            SELECT r.id AS run, r.name, r.project, v.name AS version FROM run r JOIN version v ON v.id = r.version
            WHERE r.owner = $owner AND r.dataset = $dataset AND EXISTS (
                SELECT 1 FROM split_row s WHERE s.split = r.split AND s.part <> 'test' AND s.position IN (SELECT unnest($places::BIGINT[])))
            ORDER BY r.created_at
        """
        found += store.read(TouchedRun, sql, {"owner": owner, "dataset": dataset, "places": places})
    return found


def erase(store: Store, owner: OwnerId, actor: OwnerId, person: Person, what: Callable[[int], str]) -> Erased:
    """All in one transaction, on the rows as they are by then. What lies in files is the caller's, then `Store.rewrite`.

    The rows leave their dataset as a change that cannot be taken back; versions keep their hashes and count them. `what` gives that change's Sentence
    as JSON for a number of rows.
    """

    def remove(connection: Connection) -> Erased:
        matches = find_rows(store, owner, person)
        learned = runs_that_learned(store, owner, matches)
        for dataset in dict.fromkeys(match.dataset for match in matches):
            places = [match.position for match in matches if match.dataset == dataset]
            _erase_rows(connection, dataset, actor, places, what(len(places)))
        _rewrite_tags(connection, owner, person)
        return Erased(tuple(matches), tuple(learned), _rewrite_texts(connection, owner, person))

    return store.write(remove)


def _candidates(store: Store, owner: OwnerId, person: Person) -> Iterator[tuple[Any, ...]]:
    """States that may hold the person: every spelling's longest word stands in them, or an escape that may hide it."""
    whole = "coalesce(messages, '') || ' ' || question || ' ' || coalesce(answer, '') || ' ' || original || ' ' || source"
    holds = " OR ".join(f"contains(folded(whole), $word_{number})" for number in range(len(person.least_words)))
    sql = f"""
        SELECT rowid FROM (SELECT rowid, {whole} AS whole FROM example WHERE owner = $owner AND NOT erased)
        WHERE {holds} OR contains(whole, '\\u') ORDER BY rowid
    """
    values = {"owner": owner, **{f"word_{i}": word for i, word in enumerate(person.least_words)}}
    places = [row[0] for row in store.read(None, sql, values)]
    for start in range(0, len(places), _AT_ONCE):
        sql = """
            SELECT dataset, position, gone IS NULL, source, question, answer, whole_messages(messages, question, answer),
                   whole_original(original, form, question, answer) FROM example WHERE rowid IN (SELECT unnest(?::BIGINT[])) ORDER BY rowid
        """
        yield from store.read(None, sql, [places[start : start + _AT_ONCE]])


def _erase_rows(connection: Connection, dataset: DatasetId, actor: OwnerId, positions: list[int], what: str) -> None:
    number = changes.begin(connection, dataset, actor, changes.ERASE, what, len(positions))
    connection.execute("CREATE OR REPLACE TEMP TABLE erasing AS SELECT unnest(?::BIGINT[]) AS position", [positions])
    ours = "dataset = $dataset AND position IN (SELECT position FROM erasing)"
    for table in ("example", "mark"):
        connection.execute(f"UPDATE {table} SET gone = $number WHERE {ours} AND gone IS NULL", {"dataset": dataset, "number": number})
    sql = f"""
        UPDATE example SET messages = NULL, question = '', answer = NULL, original = '{{}}', form = NULL, folded = NULL, question_key = 0,
               source = '{ERASED}', erased = true WHERE {ours}
    """
    connection.execute(sql, {"dataset": dataset})
    for table in ("finding", "near"):
        connection.execute(f"DELETE FROM {table} WHERE {ours}", {"dataset": dataset})
    for table in ("label_row", "label_given"):
        of_dataset = "round IN (SELECT id FROM label_round WHERE dataset = $dataset) AND position IN (SELECT position FROM erasing)"
        connection.execute(f"DELETE FROM {table} WHERE {of_dataset}", {"dataset": dataset})
    for id, change in connection.execute("SELECT id, change FROM version WHERE dataset = ?", [dataset]).fetchall():
        held = f"SELECT count(*) FROM example WHERE {HELD} AND erased"
        rows = connection.execute(held, {"dataset": dataset, "change": change}).fetchall()[0][0]
        connection.execute("UPDATE version SET erased = ? WHERE id = ?", [rows, id])
    connection.execute("DROP TABLE temp.erasing")


def _text_queries() -> list[tuple[str, str]]:
    return [(table, f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE {scope}") for table, (scope, columns) in TEXTS.items()]


def _named(rows: Sequence[tuple[object, ...]], person: Person) -> Iterator[tuple[object, ...]]:
    return (row for row in rows if person.is_in(*(text for text in row[1:] if isinstance(text, str))))


def _rewrite_texts(connection: Connection, owner: OwnerId, person: Person) -> int:
    rewritten = 0
    for table, sql in _text_queries():
        columns = TEXTS[table][1]
        for rowid, *texts in _named(connection.execute(sql, {"owner": owner}).fetchall(), person):
            without = [person.erased_from(text) if isinstance(text, str) else None for text in texts]
            connection.execute(f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE rowid = ?", [*without, rowid])
            rewritten += 1
    return rewritten


def _rewrite_tags(connection: Connection, owner: OwnerId, person: Person) -> None:
    for (tags,) in connection.execute(f"SELECT DISTINCT tags FROM mark WHERE {_OF_DATASET} AND len(tags) > 0", {"owner": owner}).fetchall():
        if person.is_in(*tags):
            without = sorted({person.erased_from(tag) for tag in tags})
            connection.execute(
                f"UPDATE mark SET tags = $without WHERE tags = $tags AND {_OF_DATASET}", {"owner": owner, "tags": tags, "without": without}
            )
