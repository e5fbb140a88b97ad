"""What can go wrong with the store, told to code; actions turn these into sentences."""

from pathlib import Path


class StorageError(Exception):
    """Any of these."""


class StoreBusy(StorageError):
    """Another process owns the file. `process_id` is None where the system does not tell."""

    def __init__(self, path: Path, process_id: int | None) -> None:
        super().__init__(f"{path} is in use" + (f" by process {process_id}" if process_id else ""))
        self.path, self.process_id = path, process_id


class StoreDamaged(StorageError):
    """The file, or the log beside it, does not open. storage.recovery.recover may open what can be opened."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} does not open: {why}")
        self.path, self.why = path, why


class StoreTooNew(StorageError):
    """A newer Bottega wrote this file or archive."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path} has schema {found}; this version knows {known}")
        self.path, self.found, self.known = path, found, known


class StoreFull(StorageError):
    """The disk is full. What was being written is not there, all that was there before is."""


class StoreClosed(StorageError):
    """The store was closed before this could be done."""


class RowMissing(StorageError):
    """A row that was to be changed is not there (any more)."""

    def __init__(self, thing: str, id: str) -> None:
        super().__init__(f"no {thing} {id}")
        self.thing, self.id = thing, id


class RowsLost(StorageError):
    """Fewer or more rows came out of a file than were found in it before. Nothing was taken."""

    def __init__(self, wanted: int, came: int) -> None:
        super().__init__(f"{came} rows came of {wanted}")


class BadMessages(StorageError):
    """Not a JSON list of messages with a role and a content each."""


class NothingChanged(StorageError):
    """The change would leave every row as it is."""


class NothingToTakeBack(StorageError):
    """There is no change that stands, or none of that number."""


class ChangedSince(StorageError):
    """Rows of a change that was to be taken back were changed again later."""

    def __init__(self, number: int, rows: int) -> None:
        super().__init__(f"{rows} row(s) of change {number} were changed since")
        self.number, self.rows = number, rows


class NothingToSplit(StorageError):
    """A version without an answered row."""


class NoDates(StorageError):
    """A column in which fewer than two moments can be read: nothing is older or newer."""

    def __init__(self, dataset: str, column: str) -> None:
        super().__init__(f"no dates in '{column}' of {dataset}")
        self.column = column


class BadArchive(StorageError):
    """A project archive that is not what it should be; `why` is a clause. Nothing was taken from it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why
