"""Take a Parquet file of rows into a dataset: ids, places and hashes in one pass, all rows or none."""

from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.ids import row_suffix
from storage.rows import DatasetId
from storage.store import Store

_INSERT = """
    INSERT INTO example
    SELECT lower(to_base(place, 32, 5)) || $suffix, $owner, $dataset, place, messages, question, answer, hash, hash, source, row, original, $sealed,
           question_key(folded_question), folded_question || ' ' || folded(coalesce(answer, '')), $change, NULL
    FROM (
        SELECT $last + file_row_number + 1 AS place, sha256(messages) AS hash, folded(question) AS folded_question,
               messages, question, answer, source, row, coalesce(original, '{}') AS original
        FROM read_parquet($file, file_row_number = true)
    )
"""


def import_parquet(store: Store, dataset: DatasetId, parquet: Path, *, sealed: bool) -> int:
    """Append the file's rows (columns messages, question, answer, source, row, original) in their order; returns how many.

    The file lies below the home folder: the store may read no other. `sealed` marks all of them as the test rows. Raises RowMissing, StoreFull.
    """

    def take_in(connection: Connection) -> int:
        found = connection.execute("SELECT owner, change + 1, last_position FROM dataset WHERE id = ?", [dataset]).fetchall()
        if not found:
            raise RowMissing("dataset", dataset)
        owner, change, last = found[0]
        values = {"owner": owner, "dataset": dataset, "change": change, "last": last, "suffix": row_suffix()}
        taken = connection.execute(_INSERT, {**values, "sealed": sealed, "file": str(parquet)}).fetchall()[0][0]
        connection.execute("UPDATE dataset SET change = ?, last_position = ? WHERE id = ?", [change, last + taken, dataset])
        return int(taken)

    return store.write(take_in)
