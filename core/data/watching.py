"""How an import goes on: what it tells, whether it is asked to stop, whether its time is up."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.containers.packing import packing_of
from core.errors import UserError

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob

_TELL_EVERY_S = 0.5


class ImportTooSlow(UserError):
    """Reading took longer than the limit."""

    sentence = (
        "Reading {file} took longer than {limit:time} and was ended. Import it in parts, or raise import_s in the settings. Nothing was imported."
    )
    status = 413

    def __init__(self, *, file: str, limit: float) -> None:
        super().__init__(file=file, limit=limit)


class Watched:
    """Tells how far the import is, twice a second, whether it is to stop and whether its time is up. The share is guessed from the characters written."""

    def __init__(self, job: "ChildJob", upload: Path, file: str, limit_s: float) -> None:
        self._job, self._file, self._limit_s = job, file, limit_s
        with upload.open("rb") as start:
            packed = packing_of(start.read(8)) is not None
        self._expected = None if packed else max(upload.stat().st_size, 1)
        self._chars = self._rows = 0
        self._began = self._told = time.monotonic()

    def row(self, original_chars: int) -> None:
        """Raises JobStopped, ImportTooSlow."""
        self._rows += 1
        self._chars += original_chars
        if self._rows % 500:
            return
        self.check()
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        share = None if self._expected is None else min(self._chars / self._expected, 0.99)
        left = (now - self._began) * (1 - share) / share if share and share > 0.02 else None
        self._job.progress(share, "importing", f"{self._rows:,} rows of {self._file} read", left)

    def goes_on(self, share: float) -> bool:
        """For work that cannot be looked at row by row; asked from another thread."""
        self._job.progress(share or None, "importing", f"Reading {self._file}")
        return not self._job.stop_requested() and not self._is_late()

    def check(self) -> None:
        """Raises JobStopped, ImportTooSlow."""
        self._job.check_stop()
        if self._is_late():
            raise ImportTooSlow(file=self._file, limit=self._limit_s)

    def _is_late(self) -> bool:
        return time.monotonic() - self._began > self._limit_s
