"""Rows of a project that an older Bottega saved: taken through the same schema changes as a file that is opened."""

from pathlib import Path

import duckdb

from storage.bulk.versions import quoted
from storage.errors import BadArchive
from storage.migrations import apply, migrations

_SHARED = frozenset({"migration", "upload", "made_by", "queue"})  # no project's own


def bring_up_to_date(archive: Path, folder: Path, schema: int) -> None:
    """Write the Parquet files of `folder`, saved with schema `schema`, anew as those of today's. Raises BadArchive."""
    steps = migrations()
    if schema == len(steps):
        return
    file = folder / "old.duckdb"
    connection = duckdb.connect(str(file), config={"memory_limit": "500MB", "threads": 2})
    try:
        apply(connection, steps[:schema])
        for table in _tables(connection):
            if not _parquet(folder, table).is_file():
                raise BadArchive(archive, f"it lacks {table}")
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet({quoted(_parquet(folder, table))})")
        apply(connection, steps[schema:])
        for table in _tables(connection):
            connection.execute(f"COPY {table} TO {quoted(_parquet(folder, table))} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:
        raise BadArchive(archive, f"its rows do not fit ({str(error).splitlines()[0]})") from error
    finally:
        connection.close()
        file.unlink(missing_ok=True)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary").fetchall()
    return [name for (name,) in found if name not in _SHARED]


def _parquet(folder: Path, table: str) -> Path:
    return folder / f"{table}.parquet"
