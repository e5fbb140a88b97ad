"""Copies of the whole database in the home's backups folder: whether one holds a person. They are only read, never written."""

from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.person import Person
from storage.person_files import names

_MEMORY = "256MB"
_AT_ONCE = 2_000
_BETWEEN = "chr(1)"  # no name goes on over it


def copies_that_hold(folder: Path, person: Person) -> list[Path]:
    """Those that name the person, and those that cannot be opened, since nobody can say what is in them."""
    return [path for path in sorted(folder.glob("*.duckdb")) if path.is_file() and _holds(path, person)]


def delete_copies(paths: list[Path]) -> None:
    """With the logs beside them."""
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)


def _holds(path: Path, person: Person) -> bool:
    """In any table that a copy of any age has; or in its bytes, where rows that were deleted may still lie."""
    if names(path, person):
        return True
    try:
        with duckdb.connect(str(path), read_only=True, config={"memory_limit": _MEMORY, "threads": 1}) as copy:
            return any(_named_in(copy, table, columns, person) for table, columns in _texts(copy))
    except duckdb.Error:  # another version's, or damaged
        return True


def _texts(copy: Connection) -> list[tuple[str, list[str]]]:
    sql = "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE NOT internal AND data_type LIKE 'VARCHAR%' GROUP BY table_name ORDER BY table_name"
    return copy.execute(sql).fetchall()


def _named_in(copy: Connection, table: str, columns: list[str], person: Person) -> bool:
    quoted = [f'"{name}"::VARCHAR' for name in columns]
    whole = f"concat_ws({_BETWEEN}, {', '.join(quoted)})"
    likely = " OR ".join(f"contains(strip_accents(lower(whole)), $word_{number})" for number in range(len(person.least_words)))
    sql = f"""SELECT whole FROM (SELECT {whole} AS whole FROM "{table}") WHERE {likely} OR contains(whole, '\\u')"""
    found = copy.execute(sql, {f"word_{number}": word for number, word in enumerate(person.least_words)})
    while rows := found.fetchmany(_AT_ONCE):
        if any(person.is_in(row[0]) for row in rows):
            return True
    return False
