"""How a dataset's rows are put to the model, and the rows that a person or a report looks at for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.filtering import STANDING
from storage.rows import DatasetId, OwnerId
from storage.store import Store
from storage.typed import now

_STANDING = f"dataset = $dataset AND {STANDING}"
_LONGER = f"{_STANDING} AND strlen(question) + strlen(coalesce(answer, '')) > $chars"
_TEXTS = "position, whole_messages(messages, question, answer) AS messages, whole_original(original, form, question, answer) AS original"


@dataclass(frozen=True)
class PlainRow:
    """A row's texts: its messages and the row as it was in its file, both JSON."""

    position: int
    messages: str
    original: str


@dataclass(frozen=True)
class Neighbours:
    """The positions beside a row; None at an end. `number` counts the rows up to it, of `rows`."""

    previous: int | None
    next: int | None
    number: int
    rows: int


def get(store: Store, dataset: DatasetId) -> str | None:
    """core.data.layout.Layout as JSON; None where none was set."""
    found = store.read(None, "SELECT document FROM layout WHERE dataset = ?", [dataset])
    return found[0][0] if found else None


def put(store: Store, owner: OwnerId, dataset: DatasetId, document: str | None) -> None:
    """None takes it away."""

    def write(connection: Connection) -> None:
        connection.execute("DELETE FROM layout WHERE dataset = ?", [dataset])
        if document is not None:
            connection.execute("INSERT INTO layout VALUES (?, ?, ?, ?)", [dataset, owner, document, now()])

    store.write(write)


def row_at(store: Store, dataset: DatasetId, position: int) -> PlainRow | None:
    """The first row at or behind a position; the last one where there is none; None in an empty dataset."""
    sql = f"SELECT {_TEXTS} FROM example WHERE {_STANDING} AND position >= $position ORDER BY position LIMIT 1"
    found = store.read(PlainRow, sql, {"dataset": dataset, "position": position})
    if not found:
        found = store.read(PlainRow, f"SELECT {_TEXTS} FROM example WHERE {_STANDING} ORDER BY position DESC LIMIT 1", {"dataset": dataset})
    return found[0] if found else None


def neighbours(store: Store, dataset: DatasetId, position: int) -> Neighbours:
    sql = f"""
        SELECT max(position) FILTER (position < $position) AS previous, min(position) FILTER (position > $position) AS next,
               count(*) FILTER (position <= $position) AS number, count(*) AS rows
        FROM example WHERE {_STANDING}
    """
    return store.read(Neighbours, sql, {"dataset": dataset, "position": position})[0]


def sampled(store: Store, dataset: DatasetId, most: int, seed: int = 0) -> list[PlainRow]:
    """Rows with an answer, in the order in which they were drawn by seed: all of them, or `most`."""
    lot = "hash(position + $seed * 1000003), position"
    drawn = f"SELECT position FROM example WHERE {_STANDING} AND answer IS NOT NULL ORDER BY {lot} LIMIT $most"
    sql = f"SELECT {_TEXTS} FROM example WHERE {_STANDING} AND position IN ({drawn}) ORDER BY {lot}"  # the texts of the drawn rows only are read
    return store.read(PlainRow, sql, {"dataset": dataset, "most": most, "seed": seed})


def columns_like_the_answer(store: Store, dataset: DatasetId, columns: Sequence[str], look: int = 50) -> list[str]:
    """Those of the columns whose cells are the rows' very answers, by the first rows that have one."""
    first = f"SELECT position FROM example WHERE {_STANDING} AND answer IS NOT NULL ORDER BY position LIMIT $look"
    sql = f"SELECT answer, whole_original(original, form, question, answer) FROM example WHERE {_STANDING} AND position IN ({first})"
    rows = [(answer.strip(), json.loads(cells)) for answer, cells in store.read(None, sql, {"dataset": dataset, "look": look})]
    return [name for name in columns if len(rows) > 1 and all(str(cells.get(name)).strip() == answer for answer, cells in rows)]


def answered(store: Store, dataset: DatasetId) -> int:
    """Rows with an answer."""
    return int(store.read(None, f"SELECT count(*) FROM example WHERE {_STANDING} AND answer IS NOT NULL", {"dataset": dataset})[0][0])


def longest_chars(store: Store, dataset: DatasetId) -> int:
    """Characters of the longest question and the longest answer together; 0 without rows."""
    sql = f"SELECT coalesce(max(length(question)), 0) + coalesce(max(length(answer)), 0) FROM example WHERE {_STANDING}"
    return int(store.read(None, sql, {"dataset": dataset})[0][0])


def count_longer(store: Store, dataset: DatasetId, chars: int) -> int:
    """Rows whose question and answer have more bytes than `chars`: no shorter one has as many tokens."""
    return int(store.read(None, f"SELECT count(*) FROM example WHERE {_LONGER}", {"dataset": dataset, "chars": chars})[0][0])


def longer_than(store: Store, dataset: DatasetId, chars: int, most: int) -> list[PlainRow]:
    """Those rows, in order: all of them, or `most`, drawn by lot and the same ones each time."""
    drawn = f"SELECT position FROM example WHERE {_LONGER} ORDER BY hash(position), position LIMIT $most"
    sql = f"SELECT {_TEXTS} FROM example WHERE {_STANDING} AND position IN ({drawn}) ORDER BY position"
    return store.read(PlainRow, sql, {"dataset": dataset, "chars": chars, "most": most})
