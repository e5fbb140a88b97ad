"""Replace long rows by the pieces of their texts: one transaction, one line of history, which undo takes back as a whole."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection as Connection

from storage import changes
from storage.bulk.changing import KEPT_FOLDED, KEPT_HASH, KEPT_MESSAGES
from storage.canonical import canonical, question_and_answer, turns_of
from storage.errors import NothingChanged
from storage.ids import row_suffix
from storage.rows import Change, DatasetId, OwnerId
from storage.store import Store


@dataclass(frozen=True)
class RowPiece:
    """A piece of the row at `position`: its messages and its original row, both JSON. Source, row number and seal are that row's."""

    position: int
    messages: str
    original: str


def replace_by_pieces(store: Store, actor: OwnerId, dataset: DatasetId, pieces: Sequence[RowPiece], columns: Sequence[str], what: str) -> Change:
    """The rows that have pieces end, and the pieces stand at the end of the dataset. `columns` are those that the pieces' originals have beside the
    row's own. Raises BadMessages, RowMissing, NothingChanged when there is no piece."""
    if not pieces:
        raise NothingChanged(dataset)
    turns = [turns_of(piece.messages) for piece in pieces]
    pairs = [question_and_answer(each) for each in turns]
    values = {
        "parents": [piece.position for piece in pieces],
        "messages": [canonical(each) for each in turns],
        "questions": [question for question, _ in pairs],
        "answers": [answer for _, answer in pairs],
        "originals": [piece.original for piece in pieces],
    }

    def change(connection: Connection) -> Change:
        long = sorted({piece.position for piece in pieces})
        number = changes.begin(connection, dataset, actor, "pieces", what, len(long))
        owner, last, known = connection.execute("SELECT owner, last_position, columns FROM dataset WHERE id = ?", [dataset]).fetchall()[0]
        place = {"owner": owner, "dataset": dataset, "last": last, "number": number, "suffix": row_suffix()}
        connection.execute(_ADD, {**values, **place})
        end = "UPDATE example SET gone = ? WHERE dataset = ? AND gone IS NULL AND born < ? AND list_contains(?::BIGINT[], position)"
        connection.execute(end, [number, dataset, number, long])
        named = json.dumps(list(dict.fromkeys([*json.loads(known), *columns])), ensure_ascii=False)
        connection.execute("UPDATE dataset SET last_position = ?, columns = ? WHERE id = ?", [last + len(pieces), named, dataset])
        return changes.line(connection, dataset, number)

    return store.write(change)


_ADD = f"""
    INSERT INTO example
    SELECT lower(to_base(n.place, 32, 5)) || $suffix, $owner, $dataset, n.place, {KEPT_MESSAGES.format(m="n.messages", q="n.question", a="n.answer")},
           n.question, n.answer, {KEPT_HASH.format(m="n.messages", q="n.question", a="n.answer")},
           NULL, e.source, e.row, n.original, NULL, e.sealed, false, question_key(folded(n.question)),
           {KEPT_FOLDED.format(q="n.question", a="n.answer")}, $number, NULL
    FROM (SELECT $last + unnest(range(1, len($messages) + 1)) AS place, unnest($parents::BIGINT[]) AS parent, unnest($messages::VARCHAR[]) AS messages,
                 unnest($questions::VARCHAR[]) AS question, unnest($answers::VARCHAR[]) AS answer, unnest($originals::VARCHAR[]) AS original) n
    JOIN example e ON e.dataset = $dataset AND e.position = n.parent AND e.gone IS NULL AND NOT e.erased
    ORDER BY n.place
"""
