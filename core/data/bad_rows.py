"""The rows of a file that cannot be used: told one by one, kept as a table that a person can work through, summed up in one error."""

import csv
from pathlib import Path
from typing import Any, TextIO

from core.data.exported import guarded
from core.data.limits import Limits
from core.data.records import Fault
from core.errors import UserError
from core.sentence import Sentence

BAD_ROWS_FILE = "bad_rows.csv"
COLUMNS = ("row", "file", "column", "problem", "original")
_ORIGINAL_CHARS = 20_000
_OWN = ("file", "count", "what", "what_key")


class BadRow(UserError):
    """One row cannot be used. `what` is its sentence, `what_key` the sentence's key in word files; its facts stand beside them."""

    sentence = "{what} {file} was not imported; its other rows are fine. To import it without that row, choose to leave out incomplete rows."

    def __init__(self, *, file: str, what: Sentence, what_key: str, **facts: Any) -> None:
        super().__init__(**{**facts, "file": file, "what": what, "what_key": what_key})


class BadRows(UserError):
    """Several rows cannot be used; the first are told (as in BadRow), all stand in the job's bad_rows.csv."""

    sentence = "{count:,} rows of {file} cannot be used, the first: {what} Nothing was imported. Mend them, or choose to leave out incomplete rows."

    def __init__(self, *, file: str, count: int, what: Sentence, what_key: str, **facts: Any) -> None:
        super().__init__(**{**facts, "file": file, "count": count, "what": what, "what_key": what_key})


class Faults:
    """All bad rows of a file: counted, the first kept, up to a limit written to a CSV file. A context manager; the file is there only where a row is."""

    def __init__(self, path: Path, file: str, limits: Limits) -> None:
        self._path, self._name, self._limits = path, file, limits
        self._file: TextIO | None = None
        self.count = 0
        self.first = list[Fault]()
        self.ends: UserError | None = None

    def __enter__(self) -> "Faults":
        return self

    def add(self, found: Fault) -> None:
        self.count += 1
        self.ends = self.ends or found.ends
        if len(self.first) < min(self._limits.faults_told, 3):
            self.first.append(found)
        if self.count > self._limits.faults_kept:
            return
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(COLUMNS)
        original = guarded(found.original[:_ORIGINAL_CHARS].replace("\0", "").encode("utf-8", "replace").decode())
        csv.writer(self._file).writerow([found.row, guarded(found.source or self._name), guarded(found.column or ""), str(found.sentence), original])

    def facts(self) -> dict[str, Any]:
        """What an error or a warning says: the number, the first ones as a Sentence, and the key and facts of the first."""
        first = self.first[0].sentence
        own = {name: value for name, value in first.facts.items() if name not in _OWN}
        return {**own, "file": self._name, "count": self.count, "what": self._told(), "what_key": first.key}

    def _told(self) -> Sentence:
        told = [fault.sentence for fault in self.first]
        if len(told) == 1:
            return told[0]
        if len(told) == 2:
            return Sentence("two_sentences", "{first} {second}", {"first": told[0], "second": told[1]})
        return Sentence("three_sentences", "{first} {second} {third}", {"first": told[0], "second": told[1], "third": told[2]})

    def error(self) -> UserError:
        """Once there is one."""
        if self.ends is not None:
            return self.ends
        facts = self.facts()
        if self.count > 1:
            return BadRows(**facts)
        return BadRow(**{name: value for name, value in facts.items() if name != "count"})

    def __exit__(self, *raised: object) -> None:
        if self._file is not None:
            self._file.close()
