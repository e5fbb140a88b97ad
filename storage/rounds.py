"""Rounds in which colleagues give answers by a link: their rows, who answered what, what is left for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection as Connection

from storage.ids import new_id
from storage.labels import MARKS, OPEN, SKIPPED
from storage.rows import DatasetId, LabelGiven, LabelRound, OwnerId, ProjectId, RoundId
from storage.store import Store
from storage.typed import now

_STANDS = "EXISTS (SELECT 1 FROM example e WHERE e.dataset = $dataset AND e.position = r.position AND e.gone IS NULL AND NOT e.erased)"


@dataclass(frozen=True)
class RoundRow:
    """A row of a round that is to be shown to a colleague."""

    position: int
    question: str


def create(
    store: Store, owner: OwnerId, project: ProjectId, dataset: DatasetId, name: str, *,
    token_hash: str, settings: str, expires_at: datetime, twice_share: float, most: int | None, answered_too: bool,
) -> LabelRound:  # fmt: skip
    """With its rows in an order drawn by lot; `twice_share` of them, evenly among the others, are wanted from two people."""
    id = RoundId(new_id())
    which = "e.dataset = $dataset AND e.gone IS NULL AND NOT e.erased" if answered_too else OPEN

    def make(connection: Connection) -> None:
        values = [id, owner, project, dataset, name, token_hash, settings, now(), expires_at.replace(tzinfo=None), False]
        connection.execute("INSERT INTO label_round VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        sql = f"""
            INSERT INTO label_row
            SELECT $round, position, 1 + (floor(turn * $share) > floor((turn - 1) * $share))::INTEGER, turn FROM (
                SELECT e.position, row_number() OVER (ORDER BY hash(e.position, $round), e.position) AS turn FROM example e
                LEFT JOIN ({MARKS}) m USING (position) WHERE {which} AND NOT coalesce(m.rejected, false)
            ) WHERE turn <= coalesce($most, turn) ORDER BY turn
        """
        connection.execute(sql, {"round": id, "dataset": dataset, "skipped": SKIPPED, "share": twice_share, "most": most})

    store.write(make)
    return _rounds(store, "id = ?", [id])[0]


def get(store: Store, owner: OwnerId, id: RoundId) -> LabelRound | None:
    """None also when it is another owner's."""
    return next(iter(_rounds(store, "id = ? AND owner = ?", [id, owner])), None)


def of_token(store: Store, token_hash: str) -> LabelRound | None:
    """Closed and expired ones too: the caller says what they are."""
    return next(iter(_rounds(store, "token_hash = ?", [token_hash])), None)


def of_dataset(store: Store, dataset: DatasetId) -> list[LabelRound]:
    """Newest first."""
    return _rounds(store, "dataset = ?", [dataset])


def still_open(store: Store) -> list[LabelRound]:
    """Of every owner: those that a link still opens."""
    return _rounds(store, "NOT closed AND expires_at > ?", [now()])


def close(store: Store, id: RoundId) -> None:
    """What was answered stays."""
    store.write(lambda connection: connection.execute("UPDATE label_round SET closed = true WHERE id = ?", [id]))


def size(store: Store, id: RoundId) -> tuple[int, int]:
    """Rows, and answers wanted."""
    found = store.read(None, "SELECT count(*), coalesce(sum(wanted), 0) FROM label_row WHERE round = ?", [id])[0]
    return int(found[0]), int(found[1])


def next_row(store: Store, round: LabelRound, person: str, *, held: Mapping[int, int], passed: Sequence[int]) -> RoundRow | None:
    """The next row for this person: one that still wants an answer, counting those `held` by others, and that they neither answered nor `passed`."""
    sql = f"""
        WITH given AS (SELECT position, count(*) AS answers, bool_or(person = $person) AS mine FROM label_given WHERE round = $round GROUP BY position),
        held AS (SELECT unnest($places::BIGINT[]) AS position, unnest($counts::BIGINT[]) AS holders)
        SELECT r.position FROM label_row r LEFT JOIN given g USING (position) LEFT JOIN held h USING (position)
        WHERE r.round = $round AND coalesce(g.answers, 0) + coalesce(h.holders, 0) < r.wanted AND NOT coalesce(g.mine, false)
          AND NOT list_contains($passed::BIGINT[], r.position)
          AND {_STANDS} ORDER BY r.turn LIMIT 1
    """
    values = {
        "person": person,
        "round": round.id,
        "dataset": round.dataset,
        "places": list(held),
        "counts": list(held.values()),
        "passed": list(passed),
    }
    found = store.read(None, sql, values)
    return row_at(store, round, found[0][0]) if found else None


def row_at(store: Store, round: LabelRound, position: int) -> RoundRow | None:
    """None when the row is not in the round, or is gone."""
    sql = """
        SELECT position, question FROM example WHERE dataset = $dataset AND gone IS NULL AND NOT erased AND position = $position
          AND EXISTS (SELECT 1 FROM label_row WHERE round = $round AND position = $position)
    """
    return next(iter(store.read(RoundRow, sql, {"dataset": round.dataset, "round": round.id, "position": position})), None)


def wants_more(store: Store, round: RoundId, position: int) -> bool:
    """Fewer people than wanted have answered this row of the round."""
    sql = "SELECT wanted > (SELECT count(*) FROM label_given WHERE round = $round AND position = $position) FROM label_row WHERE round = $round AND position = $position"
    found = store.read(None, sql, {"round": round, "position": position})
    return bool(found and found[0][0])


def left_for(store: Store, round: LabelRound, person: str) -> int:
    """Rows that this person could still answer."""
    sql = f"""
        SELECT count(*) FROM label_row r
        LEFT JOIN (SELECT position, count(*) AS answers, bool_or(person = $person) AS mine FROM label_given WHERE round = $round GROUP BY position) g
        USING (position) WHERE r.round = $round AND coalesce(g.answers, 0) < r.wanted AND NOT coalesce(g.mine, false) AND {_STANDS}
    """
    return int(store.read(None, sql, {"round": round.id, "dataset": round.dataset, "person": person})[0][0])


def give(store: Store, round: RoundId, position: int, person: str, answer: str, seconds: float) -> None:
    """A person's answer to a row; a second one of the same person takes the place of the first."""

    def put(connection: Connection) -> None:
        connection.execute("DELETE FROM label_given WHERE round = ? AND position = ? AND person = ?", [round, position, person])
        connection.execute("INSERT INTO label_given VALUES (?, ?, ?, ?, ?, ?, false)", [round, position, person, answer, seconds, now()])

    store.write(put)


def given(store: Store, round: RoundId, person: str | None = None) -> list[LabelGiven]:
    """All answers of a round, or one person's, in the order in which they were given."""
    return store.read(
        LabelGiven, 'SELECT * FROM label_given WHERE round = ? AND (person = ? OR ? IS NULL) ORDER BY "at", position', [round, person, person]
    )


def given_count(store: Store, round: RoundId, person: str) -> int:
    return int(store.read(None, "SELECT count(*) FROM label_given WHERE round = ? AND person = ?", [round, person])[0][0])


def last_given(store: Store, round: RoundId, person: str, before: int | None = None) -> LabelGiven | None:
    """A person's last answer, or the one that they gave before that of row `before`."""
    own = given(store, round, person)
    places = [one.position for one in own]
    end = places.index(before) if before in places else len(own)
    return own[end - 1] if end else None


def people_of(store: Store, round: RoundId) -> list[str]:
    """Who has answered anything."""
    return [row[0] for row in store.read(None, "SELECT DISTINCT person FROM label_given WHERE round = ? ORDER BY 1", [round])]


def mark_taken(store: Store, round: RoundId, positions: Sequence[int]) -> None:
    """These rows' answers are in the dataset."""
    sql = "UPDATE label_given SET taken = true WHERE round = ? AND position IN (SELECT unnest(?::BIGINT[]))"
    store.write(lambda connection: connection.execute(sql, [round, list(positions)]))


def _rounds(store: Store, where: str, values: Sequence[object]) -> list[LabelRound]:
    return store.read(LabelRound, f"SELECT * FROM label_round WHERE {where} ORDER BY created_at DESC, id", list(values))
