"""Replace long rows by the pieces of their texts: one transaction, one line of history, which undo takes back as a whole."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from storage import changes
from storage.bulk.changing import KEPT_FOLDED, KEPT_HASH, KEPT_MESSAGES
from storage.bulk.filtering import STANDING
from storage.bulk.versions import copy_to_file
from storage.errors import NothingChanged
from storage.ids import row_suffix
from storage.rows import Change, DatasetId, OwnerId
from storage.store import Store


def write_longer(store: Store, dataset: DatasetId, chars: int, path: Path) -> str:
    """Columns position, content_hash, messages, original of the rows that `storage.layouts.count_longer` counts, in order; returns the file's SHA-256."""
    sql = f"""
        SELECT position, content_hash, whole_messages(messages, question, answer) AS messages, whole_original(original, form, question, answer) AS original
        FROM example WHERE dataset = $dataset AND {STANDING} AND strlen(question) + strlen(coalesce(answer, '')) > $chars ORDER BY position
    """
    return copy_to_file(store, sql, {"dataset": dataset, "chars": chars}, path)


def replace_by_pieces(
    store: Store, actor: OwnerId, dataset: DatasetId, pieces: Path, columns: Sequence[str], what: Callable[[int, int], str]
) -> Change:
    """The rows that have pieces end, and the pieces stand at the end of the dataset. A row that is no longer what it was is left alone.

    `pieces` is a Parquet file below the home with a line a piece: position and content_hash of its row, and the piece's own messages (canonical), question,
    answer, original. Source, row number and seal are the row's. `columns` are those that the pieces' originals have beside the row's own; `what` gets the
    numbers of rows and of pieces. Raises RowMissing, NothingChanged when there is no piece.
    """

    def change(connection: Connection) -> Change:
        connection.execute(_STAGE, {"dataset": dataset, "file": str(pieces)})
        rows, count = connection.execute("SELECT count(DISTINCT parent), count(*) FROM piece").fetchall()[0]
        if not count:
            raise NothingChanged(dataset)
        number = changes.begin(connection, dataset, actor, "pieces", what(rows, count), rows)
        owner, last, known = connection.execute("SELECT owner, last_position, columns FROM dataset WHERE id = ?", [dataset]).fetchall()[0]
        connection.execute(_ADD, {"owner": owner, "dataset": dataset, "last": last, "number": number, "suffix": row_suffix()})
        end = "UPDATE example SET gone = ? WHERE dataset = ? AND gone IS NULL AND born < ? AND position IN (SELECT parent FROM piece)"
        connection.execute(end, [number, dataset, number])
        named = json.dumps(list(dict.fromkeys([*json.loads(known), *columns])), ensure_ascii=False)
        connection.execute("UPDATE dataset SET last_position = ?, columns = ? WHERE id = ?", [last + count, named, dataset])
        connection.execute("DROP TABLE temp.piece")
        return changes.line(connection, dataset, number)

    return store.write(change)


_STAGE = """
    CREATE OR REPLACE TEMP TABLE piece AS
    SELECT row_number() OVER (ORDER BY p.file_row_number) AS place, e.position AS parent, p.messages, p.question, p.answer, p.original
    FROM read_parquet($file, file_row_number = true) p
    JOIN example e ON e.dataset = $dataset AND e.position = p.position AND e.gone IS NULL AND NOT e.erased AND e.content_hash = p.content_hash
"""
_ADD = f"""
    INSERT INTO example
    SELECT lower(to_base($last + n.place, 32, 5)) || $suffix, $owner, $dataset, $last + n.place, {KEPT_MESSAGES.format(m="n.messages", q="n.question", a="n.answer")},
           n.question, n.answer, {KEPT_HASH.format(m="n.messages", q="n.question", a="n.answer")},
           NULL, e.source, e.row, n.original, NULL, e.sealed, false, question_key(folded(n.question)),
           {KEPT_FOLDED.format(q="n.question", a="n.answer")}, $number, NULL
    FROM piece n JOIN example e ON e.dataset = $dataset AND e.position = n.parent AND e.gone IS NULL ORDER BY n.place
"""
