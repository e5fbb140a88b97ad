"""Taking out of a damaged file every row that can still be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.errors import StoreDamaged
from storage.migrations import apply, migrations

_BLOCKS = (122_880, 2_048)  # DuckDB's row group and vector: rows that are stored and checked together


@dataclass(frozen=True)
class Lost:
    """How many rows of a table could not be read."""

    table: str
    rows: int


def salvage(damaged: Path, target: Path) -> tuple[Lost, ...]:
    """Write a new file `target` with all readable rows of `damaged`; returns what is lost. Raises StoreDamaged when not even its tables are known."""
    connection = duckdb.connect(str(target), config={"memory_limit": "1GB", "threads": 2})
    try:
        connection.execute(f"ATTACH '{str(damaged).replace(chr(39), chr(39) * 2)}' AS damaged (READ_ONLY)")
        tables = dict(connection.execute("SELECT table_name, estimated_size FROM duckdb_tables() WHERE database_name = 'damaged'").fetchall())
        steps, schema = migrations(), _schema_of(connection, tables)
        apply(connection, steps[:schema])
        for own in {"migration", "made_by"} & tables.keys():  # what the new file says of itself gives way to what the old one said
            connection.execute(f"DELETE FROM {own}")
        lost = [Lost(name, _copied(connection, name, 0, rows, _BLOCKS)) for name, rows in tables.items()]
        connection.execute("DETACH damaged")
        apply(connection, steps[schema:])
        connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise StoreDamaged(damaged, str(error).splitlines()[0]) from error
    finally:
        connection.close()
    return tuple(each for each in lost if each.rows)


def _schema_of(connection: Connection, tables: Mapping[str, int]) -> int:
    """As many migrations as the file tells of; all that there are where that cannot be read."""
    try:
        found = connection.execute("SELECT max(number) FROM damaged.migration").fetchall()[0][0] if "migration" in tables else None
    except duckdb.Error:
        found = None
    return len(migrations()) if found is None else int(found)


def _copied(connection: Connection, table: str, first: int, end: int, blocks: tuple[int, ...]) -> int:
    """Copy the rows from `first` up to `end`, in ever smaller blocks where one does not read; returns how many are lost."""
    try:
        connection.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM damaged."{table}" WHERE rowid >= ? AND rowid < ?', [first, end])
        return 0
    except duckdb.Error:
        if not blocks:
            return end - first
    starts = range(first, end, blocks[0])
    return sum(_copied(connection, table, start, min(start + blocks[0], end), blocks[1:]) for start in starts)
