"""Take the rows of a file into a dataset: ids and places, and what else the file does not have, in one pass, all rows or none."""

from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from storage import changes
from storage.bulk.changing import KEPT_FOLDED, KEPT_MESSAGES
from storage.bulk.lines import Lines, rows_of_lines
from storage.errors import RowMissing, RowsLost
from storage.ids import row_suffix
from storage.rows import DatasetId
from storage.store import Store

_ROWS_CAME = '{"key":"rows_came","english":"Rows were imported","facts":{}}'
_ROWS = f"""
    SELECT place, kept AS messages, question, answer, row_hash(kept, question, answer) AS content_hash, source, row, original, NULL AS form,
           {KEPT_FOLDED.format(q="question", a="answer")} AS folded
    FROM (
        SELECT $last + file_row_number + 1 AS place, {KEPT_MESSAGES.format(m="messages", q="question", a="answer")} AS kept,
               question, answer, source, row, coalesce(original, '{{}}') AS original
        FROM read_parquet($file, file_row_number = true)
    )
"""
_DERIVED_ROWS = """
    SELECT $last + file_row_number + 1 AS place, messages, question, answer, content_hash, $source AS source, file_row_number + 1 AS row, original,
           CASE WHEN form THEN $form END AS form, folded
    FROM read_parquet($file, file_row_number = true)
"""
_LINES = """
    SELECT $last + place AS place, messages, question, answer, content_hash, $source AS source, place AS row, original,
           CASE WHEN form THEN $form END AS form, folded
    FROM ({lines})
"""
_INSERT = """
    INSERT INTO example
    SELECT lower(to_base(place, 32, 5)) || $suffix, $owner, $dataset, place, messages, question, answer, content_hash, NULL, source, row, original, form,
           $sealed, false, NULL, folded, $change, NULL
    FROM ({rows})
"""


def import_parquet(store: Store, dataset: DatasetId, parquet: Path, *, sealed: bool, what: str = _ROWS_CAME) -> int:
    """Append the file's rows (columns messages, question, answer, source, row, original) in their order; returns how many.

    The file lies below the home folder: the store may read no other. `sealed` marks all of them as the test rows. `what` is what history says, a
    sentence as JSON. Raises RowMissing, StoreFull.
    """
    return _take(store, dataset, _ROWS, parquet, {}, sealed, what)


def import_derived(store: Store, dataset: DatasetId, parquet: Path, *, source: str, form: str, sealed: bool, what: str = _ROWS_CAME) -> int:
    """Append the rows of a file that bulk.deriving wrote; `source` is what they came from, `form` their plan's. As `import_parquet` otherwise."""
    return _take(store, dataset, _DERIVED_ROWS, parquet, {"source": source, "form": form}, sealed, what)


def import_lines(store: Store, dataset: DatasetId, folder: Path, lines: Lines, *, source: str, sealed: bool, what: str = _ROWS_CAME) -> int:
    """Append the rows of a file of JSON lines that a child has found to be good; its parts lie in `folder`. As `import_parquet` otherwise."""
    rows = _LINES.replace("{lines}", rows_of_lines(folder, lines))
    return _take(store, dataset, rows, lines.rows, {"source": source, "form": lines.plan.form}, sealed, what)


def _take(store: Store, dataset: DatasetId, rows: str, come: Path | int, own: dict[str, str], sealed: bool, what: str) -> int:
    """`come` is the file that they come from, or how many must come."""

    def take_in(connection: Connection) -> int:
        found = connection.execute("SELECT owner, last_position FROM dataset WHERE id = ?", [dataset]).fetchall()
        if not found:
            raise RowMissing("dataset", dataset)
        owner, last = found[0]
        count = come if isinstance(come, int) else connection.execute("SELECT count(*) FROM read_parquet(?)", [str(come)]).fetchall()[0][0]
        change = changes.begin(connection, dataset, owner, changes.IMPORT, what, count)
        values = {"owner": owner, "dataset": dataset, "change": change, "last": last, "suffix": row_suffix(), "sealed": sealed}
        if isinstance(come, Path):
            values["file"] = str(come)
        taken = connection.execute(_INSERT.replace("{rows}", rows), values | own).fetchall()[0][0]
        if taken != count:
            raise RowsLost(count, taken)
        connection.execute("UPDATE dataset SET last_position = ? WHERE id = ?", [last + taken, dataset])
        return int(taken)

    return store.write(take_in)
