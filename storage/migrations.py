"""Numbered schema changes, applied in order, each once; a file that holds something is copied before it is changed."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.errors import StoreDamaged, StoreTooNew
from storage.files import sync_folder
from storage.typed import now

SCHEMA_FOLDER = Path(__file__).parent / "schema"
_KNOWN_KEY = "question_key('where is my parcel, and when does it come?')"
_NAME = re.compile(r"(\d{4})_\w+\.sql")


@dataclass(frozen=True, order=True)
class Migration:
    """A file of the schema folder."""

    number: int
    path: Path


def migrations(folder: Path = SCHEMA_FOLDER) -> list[Migration]:
    """In order. Numbers start at 1 and leave no gap."""
    found = sorted(Migration(int(match.group(1)), file) for file in folder.iterdir() if (match := _NAME.fullmatch(file.name)))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations of {folder} are not numbered 1, 2, 3 …")
    return found


def schema_version(connection: Connection) -> int:
    """The number of the last migration that this file has seen; 0 for a new one."""
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'migration' AND database_name = current_database()"
    ).fetchall()
    if not known[0][0]:
        return 0
    return int(connection.execute("SELECT coalesce(max(number), 0) FROM migration").fetchall()[0][0])


def migrate(path: Path, connection: Connection, reopen: Callable[[], Connection], folder: Path = SCHEMA_FOLDER) -> Connection:
    """Bring the file up to date in one transaction; returns the connection to go on with. A failed migration leaves the file as it was."""
    wanted = migrations(folder)
    try:
        found = schema_version(connection)
    except duckdb.Error as error:
        raise StoreDamaged(path, str(error).splitlines()[0]) from error
    if found > len(wanted):
        raise StoreTooNew(path, found, len(wanted))
    if found == len(wanted):
        return connection
    if found:
        connection.execute("CHECKPOINT")
        connection.close()
        back_up_file(path, f"schema-{found}")
        connection = reopen()
    try:
        apply(connection, wanted[found:])
    except duckdb.Error:
        connection.close()
        raise
    return connection


def renew_keys(connection: Connection) -> None:
    """Forget all question keys where this release of DuckDB hashes otherwise than the one that made them, or where nobody knows which one did."""
    if connection.execute(f"SELECT 1 FROM made_by WHERE kind = 'question_key' AND mark = {_KNOWN_KEY}").fetchall():
        return
    connection.execute("BEGIN")
    try:
        connection.execute("UPDATE example SET question_key = NULL WHERE NOT erased")
        connection.execute(f"INSERT OR REPLACE INTO made_by VALUES ('question_key', {_KNOWN_KEY})")
        connection.execute("COMMIT")
    except duckdb.Error:
        connection.execute("ROLLBACK")
        raise


def apply(connection: Connection, steps: list[Migration]) -> None:
    """All of them or none."""
    connection.execute("BEGIN")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER NOT NULL, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)")
        for step in steps:
            connection.execute(step.path.read_text(encoding="utf-8"))
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", [step.number, step.path.stem, now()])
        connection.execute("COMMIT")
    except duckdb.Error:
        connection.execute("ROLLBACK")
        raise


def back_up_file(path: Path, reason: str) -> Path:
    """Copy a file that nobody has open (and the log beside it) into backups/; returns the copy."""
    folder = path.parent / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    copy = folder / f"{path.stem}-{reason}-{now():%Y%m%d-%H%M%S-%f}{path.suffix}"
    for source, target in ((path, copy), (_log_of(path), _log_of(copy))):
        if source.exists():
            temporary = target.with_name(f".{target.name}.part")
            shutil.copyfile(source, temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, target)
    sync_folder(folder)
    return copy


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
