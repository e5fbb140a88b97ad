"""Which questions are the same: a key of each, worked out once its row is safe."""

from duckdb import DuckDBPyConnection as Connection

from storage.bulk.text_sql import question_key_of
from storage.rows import DatasetId
from storage.store import Store

KEY = f"coalesce(question_key, {question_key_of('question')})"  # of a row that may still be without


def fill(connection: Connection, dataset: str) -> None:
    """Give each row of the dataset its key that has none yet."""
    connection.execute(f"UPDATE example SET question_key = {question_key_of('question')} WHERE dataset = ? AND question_key IS NULL", [dataset])


def fill_soon(store: Store, dataset: DatasetId) -> None:
    """The same, where nobody waits for it."""
    store.write(lambda connection: fill(connection, dataset))
