"""Rows that wait for an answer: the next ones, how many, and samples of those that have one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from storage import marks
from storage.bulk.versions import copy_to_file, quoted
from storage.rows import DatasetId, OwnerId
from storage.store import Store

SKIPPED = "skipped"  # a tag: the table can filter by it, and a person can take it away
OPEN = "e.dataset = $dataset AND e.gone IS NULL AND NOT e.erased AND (e.answer IS NULL OR trim(e.answer) = '')"
MARKS = (
    "SELECT position, list_contains(tags, $skipped) AS skipped, review = 'rejected' AS rejected FROM mark WHERE dataset = $dataset AND gone IS NULL"
)
_MOST_CHARS = 4_000  # of a text, for suggestions
_AGAIN = "LEFT JOIN (SELECT * FROM example WHERE dataset = $dataset AND gone IS NULL) w ON w.position = s.position AND s.answer IS NULL"
_WHOLE = """, CASE WHEN w.position IS NOT NULL THEN whole_messages(w.messages, w.question, w.answer) END AS messages,
    CASE WHEN w.position IS NOT NULL THEN whole_original(w.original, w.form, w.question, w.answer) END AS original"""


@dataclass(frozen=True)
class ToLabel:
    """A row as the labelling screen shows it. `certainty` from 0 to 1 is that of the suggestion."""

    position: int
    question: str
    answer: str | None
    suggestion: str | None = None
    certainty: float | None = None


@dataclass(frozen=True)
class LabelCounts:
    """Of the rows that stand; `skipped` ones have no answer."""

    rows: int
    answered: int
    skipped: int


def open_rows(store: Store, dataset: DatasetId, *, size: int, suggestions: Path | None = None, leave_out: Sequence[int] = ()) -> list[ToLabel]:
    """The next rows without an answer: the most useful first where `suggestions` (a Parquet of the home) says so, skipped ones last."""
    known = suggestions is not None and suggestions.is_file()
    order, joined = (
        ("", "")
        if not known or suggestions is None
        else ('s."order" NULLS LAST,', f"LEFT JOIN read_parquet({quoted(suggestions)}) s USING (position)")
    )
    sql = f"""
        SELECT e.position FROM example e {joined} LEFT JOIN ({MARKS}) m USING (position)
        WHERE {OPEN} AND NOT coalesce(m.rejected, false) AND NOT list_contains($leave_out::BIGINT[], e.position)
        ORDER BY coalesce(m.skipped, false), {order} e.position LIMIT {int(size)}
    """
    found = store.read(None, sql, {"dataset": dataset, "skipped": SKIPPED, "leave_out": list(leave_out)})
    return rows_at(store, dataset, [row[0] for row in found], suggestions)


def rows_at(store: Store, dataset: DatasetId, positions: Sequence[int], suggestions: Path | None = None) -> list[ToLabel]:
    """These rows in this order, those that stand."""
    if not positions:
        return []
    said, joined = "NULL AS suggestion, NULL::DOUBLE AS certainty", ""
    if suggestions is not None and suggestions.is_file():
        said, joined = "s.answer AS suggestion, s.certainty", f"LEFT JOIN read_parquet({quoted(suggestions)}) s USING (position)"
    sql = f"""
        SELECT e.position, e.question, e.answer, {said} FROM example e {joined}
        WHERE e.dataset = $dataset AND e.gone IS NULL AND NOT e.erased AND e.position IN (SELECT unnest($places::BIGINT[]))
    """
    found = {row.position: row for row in store.read(ToLabel, sql, {"dataset": dataset, "places": list(positions)})}
    return [found[place] for place in positions if place in found]


def messages_at(store: Store, dataset: DatasetId, positions: Sequence[int]) -> dict[int, str]:
    """The whole messages of these rows, those that stand."""
    sql = """
        SELECT position, whole_messages(messages, question, answer) FROM example
        WHERE dataset = ? AND gone IS NULL AND NOT erased AND position IN (SELECT unnest(?::BIGINT[]))
    """
    return dict(store.read(None, sql, [dataset, list(positions)])) if positions else {}


def counts(store: Store, dataset: DatasetId) -> LabelCounts:
    sql = f"""
        SELECT count(*) AS rows, count(*) FILTER (e.answer IS NOT NULL AND trim(e.answer) <> '') AS answered,
               count(*) FILTER (coalesce(m.skipped, false) AND (e.answer IS NULL OR trim(e.answer) = '')) AS skipped
        FROM example e LEFT JOIN ({MARKS}) m USING (position) WHERE e.dataset = $dataset AND e.gone IS NULL
    """
    return store.read(LabelCounts, sql, {"dataset": dataset, "skipped": SKIPPED})[0]


def answers_of(store: Store, dataset: DatasetId, most: int) -> list[str]:
    """Those of the first rows that have one, each once: enough to see which fields they have."""
    first = "SELECT position FROM example WHERE dataset = $dataset AND gone IS NULL AND answer IS NOT NULL ORDER BY position LIMIT $most"
    sql = f"SELECT DISTINCT answer FROM example WHERE dataset = $dataset AND gone IS NULL AND position IN ({first}) ORDER BY answer"
    return [row[0] for row in store.read(None, sql, {"dataset": dataset, "most": most})]


def answered_rows(store: Store, dataset: DatasetId, *, most: int, seed: int, label: str | None, without_tag: str) -> list[tuple[str, int, str, str]]:
    """Id, position, question and answer of answered rows drawn by lot, in the order of the rows; sealed, rejected and tagged ones are left out."""
    sql = """
        SELECT id, position, question, answer FROM (
            SELECT e.id, e.position, e.question, e.answer FROM example e
            LEFT JOIN (SELECT position, tags, review FROM mark WHERE dataset = $dataset AND gone IS NULL) m USING (position)
            WHERE e.dataset = $dataset AND e.gone IS NULL AND NOT e.erased AND NOT e.sealed AND e.answer IS NOT NULL AND trim(e.answer) <> ''
              AND coalesce(m.review, '') <> 'rejected' AND NOT coalesce(list_contains(m.tags, $without_tag), false) AND ($label IS NULL OR e.answer = $label)
            ORDER BY hash(e.position, $seed) LIMIT $most
        ) ORDER BY position
    """
    return store.read(None, sql, {"dataset": dataset, "most": most, "seed": seed, "label": label, "without_tag": without_tag})


def tag_added(store: Store, actor: OwnerId, dataset: DatasetId, number: int, tag: str) -> None:
    """Tag the rows that change `number` added, as a part of that change: who takes it back takes back both."""

    def say(connection: Connection) -> None:
        added = "SELECT position FROM example WHERE dataset = ? AND born = ? AND gone IS NULL"
        marks.choose(connection, dataset, [row[0] for row in connection.execute(added, [dataset, number]).fetchall()])
        marks.stage(connection, dataset, actor, add_tags=(tag,))
        marks.keep(connection, dataset, number)

    store.write(say)


def write_sample(store: Store, dataset: DatasetId, path: Path, *, most_answered: int, most_open: int, whole: bool = False) -> str:
    """Parquet (position, question, answer) to suggest from: of many rows as many as asked for, the same ones each time. Returns its SHA-256.

    `whole`: with the messages and the original row, both JSON, of those without an answer. Sealed rows teach nothing, here as elsewhere.
    """
    columns, joined = (_WHOLE, _AGAIN) if whole else ("", "")
    sql = f"""
        SELECT s.position, left(s.question, {_MOST_CHARS}) AS question, s.answer {columns} FROM (
            SELECT e.position, e.question, nullif(trim(e.answer), '') AS answer, row_number() OVER (
                PARTITION BY nullif(trim(e.answer), '') IS NULL ORDER BY hash(e.position)) AS turn
            FROM example e LEFT JOIN ({MARKS}) m USING (position)
            WHERE e.dataset = $dataset AND e.gone IS NULL AND NOT e.erased AND NOT coalesce(m.rejected, false)
              AND NOT (e.sealed AND e.answer IS NOT NULL)
        ) s {joined} WHERE s.turn <= CASE WHEN s.answer IS NULL THEN $most_open ELSE $most_answered END ORDER BY s.position
    """
    return copy_to_file(store, sql, {"dataset": dataset, "skipped": SKIPPED, "most_open": most_open, "most_answered": most_answered}, path)


def field_names(answers: Sequence[str]) -> list[str]:
    """The fields of answers that are JSON objects, in alphabetical order."""
    found: set[str] = set()
    for answer in answers:
        try:
            parsed = json.loads(answer)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            found |= set(parsed)
    return sorted(found)
