"""The one owner of the DuckDB file: a writer thread takes all writes, reads use cursors, settings are stated and locked."""

import functools
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.errors import StorageError, StoreBusy, StoreClosed, StoreDamaged, StoreFull
from storage.migrations import migrate, renew_keys
from storage.typed import rows_of

T = TypeVar("T")
Params = Sequence[Any] | dict[str, Any]
_OWNER = re.compile(r"PID (\d+)")
_FULL = ("No space left", "not enough space", "File too large", "quota exceeded", "disk full")
_STOP = None
_Work = tuple[Callable[[Connection], Any], "Future[Any]", bool]


class Store:
    """Opened once per process by the workshop. Functions of the other modules take it first; SQL stands in this package only."""

    def __init__(self, path: Path, connection: Connection, connect: Callable[[], Connection]) -> None:
        self.path = path
        self._connection, self._connect = connection, connect
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._gate = _Gate()
        self._writing: Connection = connection.cursor()
        self._writer = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, path: Path, *, memory_limit: str = "1GB", threads: int = 2) -> "Store":
        """Open or make the file and bring its schema up to date, copying it first into backups/ beside it.

        Raises StoreBusy when another process owns it, StoreDamaged when it does not open, StoreTooNew when a newer Bottega wrote it.
        """
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        connect = functools.partial(_connect, path, memory_limit, threads)
        connection = connect()
        try:
            connection = migrate(path, connection, connect)
            renew_keys(connection)
            _harden(connection)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, connect)

    @overload
    def read(self, row: type[T], sql: str, params: Params = ()) -> list[T]: ...
    @overload
    def read(self, row: None, sql: str, params: Params = ()) -> list[tuple[Any, ...]]: ...

    def read(self, row: type[T] | None, sql: str, params: Params = ()) -> list[T] | list[tuple[Any, ...]]:
        """Rows as they are committed now; inside `write`, as this transaction sees them. Columns are matched to the row class by name.

        Raises StoreDamaged when a block of the file does not read.
        """
        if threading.current_thread() is self._writer:
            return rows_of(row, self._writing.execute(sql, params))
        if self._closed:
            raise StoreClosed(str(self.path))
        try:
            with self._gate.passing(), self._connection.cursor() as cursor:
                return rows_of(row, cursor.execute(sql, params))
        except duckdb.Error as error:
            raise _told(error, self.path) from error

    def write(self, function: Callable[[Connection], T]) -> T:
        """Run it in the writer thread inside one transaction and wait: all of it is there afterwards, or nothing. A write inside a write joins it.

        The function must not wait for another thread that writes.

        Raises what the function raises, StoreFull when the disk is full, StoreClosed after `close`.
        """
        if threading.current_thread() is self._writer:
            return function(self._writing)
        return self._hand_over(function, in_transaction=True)

    def checkpoint(self) -> None:
        """Fold the log into the file."""
        self._hand_over(lambda connection: connection.execute("CHECKPOINT"), in_transaction=False)

    def snapshot_to(self, path: Path) -> None:
        """Write a consistent copy to a new file below the store's folder, while others read and write.

        The file is never copied byte by byte: closing a second handle on it would drop this process's POSIX lock on it.
        """
        with self._gate.passing(), self._connection.cursor() as cursor:
            name, source = f"snapshot_{threading.get_ident()}", cursor.execute("SELECT current_database()").fetchall()[0][0]
            cursor.execute(f"ATTACH '{_quoted(path)}' AS {name}")
            try:
                cursor.execute(f'COPY FROM DATABASE "{source}" TO {name}')
            finally:
                cursor.execute(f"DETACH {name}")

    def rewrite(self) -> None:
        """Write the whole file anew, so that nothing is left in it of what was deleted: not in its free blocks, not in its log. Reads wait meanwhile.

        Raises StoreFull; then the old file is still the one that counts.
        """
        self._hand_over(lambda connection: self._rewrite(), in_transaction=False)

    def close(self) -> None:
        """Finish the writes that wait, then let go of the file. A second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._work.put(_STOP)
        self._writer.join()
        self._writing.close()
        self._connection.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hand_over(self, function: Callable[[Connection], T], *, in_transaction: bool) -> T:
        done: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StoreClosed(str(self.path))
            self._work.put((function, done, in_transaction))
        return done.result()

    def _write_all(self) -> None:
        while (work := self._work.get()) is not _STOP:
            function, done, in_transaction = work
            try:
                done.set_result(self._in_transaction(function) if in_transaction else function(self._writing))
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the thread that asked
                if isinstance(error, duckdb.FatalException):
                    self._open_again()
                done.set_exception(_told(error, self.path))

    def _rewrite(self) -> None:
        fresh = self.path.with_name(f".{self.path.stem}.rewritten.duckdb")
        _remove_store(fresh)
        try:
            self._writing.execute("CHECKPOINT")
            self.snapshot_to(fresh)
            with self._gate.closed():
                self._writing.close()
                self._connection.close()
                try:
                    os.replace(fresh, self.path)
                    _log_of(self.path).unlink(missing_ok=True)  # it was folded into the file before the copy was made
                finally:
                    self._connection = self._connect()
                    _harden(self._connection)
                    self._writing = self._connection.cursor()
        finally:
            _remove_store(fresh)

    def _open_again(self) -> None:
        """After a full disk stopped a checkpoint DuckDB refuses everything until the file is opened anew; what was committed is in it and its log."""
        self._writing.close()
        self._connection.close()
        try:
            connection = self._connect()
            _harden(connection)
        except (duckdb.Error, StorageError):  # still no room: the next write meets a closed connection, and tries again
            return
        self._connection, self._writing = connection, connection.cursor()

    def _in_transaction(self, function: Callable[[Connection], T]) -> T:
        try:
            self._writing.execute("BEGIN")
        except (duckdb.FatalException, duckdb.ConnectionException):
            self._open_again()
            self._writing.execute("BEGIN")
        try:
            result = function(self._writing)
            self._writing.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        return result

    def _roll_back(self) -> None:
        try:
            self._writing.execute("ROLLBACK")
        except duckdb.Error:  # a COMMIT that failed has rolled back already
            return


class _Gate:
    """Many may pass at once; whoever closes it waits until all have passed, and lets nobody in until it is open again."""

    def __init__(self) -> None:
        self._condition, self._inside, self._shut = threading.Condition(), 0, False

    @contextmanager
    def passing(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._shut)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        with self._condition:
            self._shut = True
            self._condition.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._condition:
                self._shut = False
                self._condition.notify_all()


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _remove_store(path: Path) -> None:
    for file in (path, _log_of(path)):
        file.unlink(missing_ok=True)


def _connect(path: Path, memory_limit: str, threads: int) -> Connection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        "python_enable_replacements": False,
        "preserve_insertion_order": False,  # rows have a position; to keep an order that nobody reads takes memory, and one thread
        "temp_directory": str(path.parent / "tmp"),
        "max_temp_directory_size": "20GB",
    }
    try:
        return duckdb.connect(str(path), config=config)
    except duckdb.IOException as error:
        if "set lock on file" in str(error) or "used by another process" in str(error):
            owner = _OWNER.search(str(error))
            raise StoreBusy(path, int(owner.group(1)) if owner else None) from error
        raise StoreDamaged(path, _first_line(error)) from error
    except duckdb.ConnectionException as error:  # this process has it open, hardened, and a second opening is not
        raise StoreBusy(path, os.getpid()) from error
    except duckdb.Error as error:
        raise StoreDamaged(path, _first_line(error)) from error


def _harden(connection: Connection) -> None:
    """SQL may read and write files below the home folder only, load nothing, and change no setting. Comes last: it cannot be taken back."""
    file = connection.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchall()[0][0]
    connection.execute(f"SET allowed_directories = ['{_quoted(Path(file).parent)}/']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _told(error: BaseException, path: Path) -> BaseException:
    """The same in our words, where there are some."""
    if not isinstance(error, duckdb.Error):
        return error
    told: BaseException = error
    if any(words in str(error) for words in _FULL):
        told = StoreFull(_first_line(error))
    elif "Corrupt database file" in str(error) or "checksum" in str(error):
        told = StoreDamaged(path, _first_line(error))
    if told is not error:
        told.__cause__ = error
    return told


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
