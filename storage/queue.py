"""The order in which waiting jobs get their turn, where it is another than that of asking."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection as Connection

from storage.rows import JobId
from storage.store import Store


def places(store: Store) -> dict[JobId, int]:
    """From 0 on. Jobs that have started since may still stand here."""
    return {JobId(job): place for place, (job,) in enumerate(store.read(None, "SELECT job FROM queue ORDER BY place"))}


def keep(connection: Connection, jobs: Sequence[JobId]) -> None:
    """Used inside a write: just these, in this order."""
    connection.execute("DELETE FROM queue")
    if jobs:
        connection.execute("INSERT INTO queue SELECT unnest(?::VARCHAR[]), unnest(?::BIGINT[])", [list(jobs), list(range(len(jobs)))])
