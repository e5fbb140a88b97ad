"""What stands in each part of a split, counted in SQL over all of its rows; and what the columns of a dataset hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.bulk.columns import Columns, moment
from storage.bulk.filtering import STANDING
from storage.bulk.versions import ROWS_OF_VERSION, place_of_split
from storage.rows import DatasetId, Part, SplitId
from storage.store import Store

_MOST_VALUES = 2000  # the most frequent values of a column; the others are counted as one
_LOOKED_AT = 20_000  # rows that are looked at to propose a split


@dataclass(frozen=True)
class PartValue:
    """How many rows of a part have a value; None stands for no value, and for the values that are not among the most frequent."""

    part: Part
    value: str | None
    rows: int


@dataclass(frozen=True)
class PartLength:
    """How many rows of a part are this long, in characters of question and answer."""

    part: Part
    length: int
    rows: int


@dataclass(frozen=True)
class ColumnFacts:
    """Of the first rows of a dataset. `most` rows have the commonest value; `repeated` rows have a value that others have too."""

    name: str
    rows: int
    filled: int
    values: int
    most: int
    repeated: int
    longest: int
    days_first: int
    months_first: int
    moments: int
    examples: tuple[str, ...]


def lengths(store: Store, split: SplitId) -> list[PartLength]:
    sql = f"SELECT r.part, length(question) + length(coalesce(answer, '')) AS length, count(*) AS rows FROM {_ROWS} GROUP BY ALL"
    return store.read(PartLength, sql, {**place_of_split(store, split), "split": split})


def answers(store: Store, split: SplitId) -> list[PartValue]:
    return _values(store, split, "answer", {})


def sources(store: Store, split: SplitId) -> list[PartValue]:
    return _values(store, split, "source", {})


def column(store: Store, split: SplitId, name: str) -> list[PartValue]:
    columns = Columns()
    return _values(store, split, columns.text(name), columns.values)


def column_facts(store: Store, dataset: DatasetId, names: list[str]) -> list[ColumnFacts]:
    """Of the columns `names`, over the first 20,000 rows as they stand."""
    found = []
    # By their places, which are a narrow column: a LIMIT without an order gives other rows each time.
    first = f"SELECT position FROM example WHERE dataset = $dataset AND {STANDING} ORDER BY position LIMIT {_LOOKED_AT}"
    for name in names:
        columns = Columns()
        sql = f"""
            WITH cell AS (SELECT {columns.text(name)} AS value FROM example WHERE dataset = $dataset AND {STANDING} AND position IN ({first})),
            counted AS (SELECT value, count(*) AS rows FROM cell WHERE value IS NOT NULL GROUP BY value),
            dated AS (SELECT {moment("value", True)} AS days, {moment("value", False)} AS months, rows FROM (FROM counted ORDER BY value LIMIT 2000))
            SELECT $name AS name, (SELECT count(*) FROM cell) AS rows, coalesce(sum(rows), 0)::BIGINT AS filled, count(*) AS values,
                   coalesce(max(rows), 0) AS most, coalesce(sum(rows) FILTER (rows > 1), 0)::BIGINT AS repeated, coalesce(max(length(value)), 0) AS longest,
                   (SELECT count(days) FROM dated) AS days_first, (SELECT count(months) FROM dated) AS months_first,
                   (SELECT count(DISTINCT coalesce(days, months)) FROM dated) AS moments,
                   to_json(coalesce(arg_max(left(value, 100), {{'rows': rows, 'value': value}}, 3), [])) AS examples
            FROM counted
        """
        found += store.read(ColumnFacts, sql, {**columns.values, "dataset": dataset, "name": name})
    return found


def undated(store: Store, split: SplitId, name: str, day_first: bool) -> int:
    """Answered rows of the split's version in whose column no date can be read."""
    columns = Columns()
    cells = f"SELECT {columns.text(name)} AS value FROM example WHERE {ROWS_OF_VERSION} AND answer IS NOT NULL AND NOT sealed"
    sql = f"""
        SELECT coalesce(sum(rows), 0)::BIGINT FROM (SELECT value, count(*) AS rows FROM ({cells}) GROUP BY value)
        WHERE value IS NULL OR {moment("value", day_first)} IS NULL
    """
    return int(store.read(None, sql, {**place_of_split(store, split), **columns.values})[0][0])


def unnamed(store: Store, split: SplitId, name: str, known: Mapping[str, Part]) -> int:
    """Answered rows of the split's version whose column names no part."""
    columns = Columns()
    cells = f"SELECT {columns.text(name)} AS value FROM example WHERE {ROWS_OF_VERSION} AND answer IS NOT NULL AND NOT sealed"
    sql = f"SELECT count(*) FROM ({cells}) WHERE value IS NULL OR NOT list_contains($known, lower(value))"
    return int(store.read(None, sql, {**place_of_split(store, split), **columns.values, "known": list(known)})[0][0])


def text_columns(store: Store, dataset: DatasetId) -> frozenset[str]:
    """The columns in which the first row's question and answer stand."""
    sql = f"""
        SELECT question, answer, whole_original(original, form, question, answer) FROM example
        WHERE dataset = ? AND {STANDING} ORDER BY position LIMIT 20
    """
    found: set[str] = set()
    for question, answer, original in store.read(None, sql, [dataset]):
        cells = json.loads(original)
        texts = {text.strip() for text in (question, answer) if text and text.strip()}
        found |= {name for name, cell in cells.items() if isinstance(cell, str) and cell.strip() in texts} if isinstance(cells, dict) else set()
    return frozenset(found)


_ROWS = f"""(SELECT position, part FROM split_row WHERE split = $split) r JOIN
    (SELECT position, question, answer, source, original, form FROM example WHERE {ROWS_OF_VERSION}) e USING (position)"""


def _values(store: Store, split: SplitId, value: str, more: dict[str, Any]) -> list[PartValue]:
    sql = f"""
        WITH counted AS (SELECT r.part, {value} AS value, count(*) AS rows FROM {_ROWS} GROUP BY ALL),
        common AS (SELECT value FROM counted GROUP BY value ORDER BY sum(rows) DESC, value LIMIT {_MOST_VALUES})
        SELECT part, CASE WHEN value IN (FROM common) THEN value END AS value, sum(rows)::BIGINT AS rows FROM counted GROUP BY ALL ORDER BY rows DESC, value, part
    """
    return store.read(PartValue, sql, {**place_of_split(store, split), "split": split, **more})
