"""Opening a file that does not open: keep copies of everything, then open what can be opened."""

import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storage.errors import StoreDamaged
from storage.ids import new_id
from storage.migrations import back_up_file
from storage.salvage import Lost, salvage
from storage.store import Store


class Recovered(StrEnum):
    """How far it went."""

    WHOLE = "whole"  # it opens as it is
    WITHOUT_LOG = "without_log"  # the file opens; what was written after its last checkpoint lay in the damaged log
    IN_PART = "in_part"  # rows that could be read were taken into a new file; `lost` says which could not
    FROM_BACKUP = "from_backup"  # the file was damaged; the newest backup that opens stands in its place
    NOTHING = "nothing"  # no file and no backup opens; the next start begins an empty one


@dataclass(frozen=True)
class RecoveryResult:
    """`kept` are the copies of what was found (file and log), `backup` the one that was put in place, `lost` the rows that no one can read."""

    recovered: Recovered
    kept: tuple[Path, ...]
    backup: Path | None = None
    lost: tuple[Lost, ...] = ()

    @property
    def opens(self) -> bool:
        return self.recovered is not Recovered.NOTHING


def recover(path: Path) -> RecoveryResult:
    """Nobody may have the file open. Raises StoreBusy when another process has, StoreTooNew when a newer Bottega wrote it."""
    path = path.resolve()
    log = _log_of(path)
    copy = back_up_file(path, "damaged")  # before the first attempt: opening folds the log into the file
    kept = tuple(file for file in (copy, _log_of(copy)) if file.exists())
    if _opens(path):
        for file in kept:
            file.unlink()
        return RecoveryResult(Recovered.WHOLE, ())
    if log.exists():
        log.unlink()
        if _opens(path):
            return RecoveryResult(Recovered.WITHOUT_LOG, kept)
    if (lost := _salvaged(path)) is not None:
        return RecoveryResult(Recovered.IN_PART, kept, lost=lost)
    for backup in sorted(_backups_of(path), key=lambda file: file.stat().st_mtime, reverse=True):
        _put_in_place(backup, path, log)
        if _opens(path):
            return RecoveryResult(Recovered.FROM_BACKUP, kept, backup)
    path.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    return RecoveryResult(Recovered.NOTHING, kept)


def _opens(path: Path) -> bool:
    """Whether every block of every table reads: its checksum is compared then."""
    try:
        with Store.open(path) as store:
            tables = [name for (name,) in store.read(None, "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()")]
            for table in tables:
                store.read(None, f'SELECT count(hash(t)) FROM "{table}" t')
    except StoreDamaged:
        return False
    return True


def _salvaged(path: Path) -> tuple[Lost, ...] | None:
    """Put the readable rows in the file's place; None when there are none."""
    target = path.with_name(f".{path.name}.{new_id()}.part")
    try:
        lost = salvage(path, target)
        if not _opens(target):
            return None
        os.replace(target, path)
    except StoreDamaged:
        return None
    finally:
        target.unlink(missing_ok=True)
        _log_of(target).unlink(missing_ok=True)
    return lost


def _backups_of(path: Path) -> list[Path]:
    folder = path.parent / "backups"
    return [file for file in folder.glob(f"*{path.suffix}") if "-damaged-" not in file.name and not file.name.startswith(".")]


def _put_in_place(backup: Path, path: Path, log: Path) -> None:
    log.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    shutil.copyfile(backup, temporary)
    os.replace(temporary, path)
    if (logged := _log_of(backup)).exists():
        shutil.copyfile(logged, log)


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
