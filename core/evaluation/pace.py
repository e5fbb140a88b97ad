"""How far an evaluation is and how long it still takes, told at most twice a second."""

import time

from core.jobs.handle import ChildJob

_APART_S = 0.5
_PREPARED = 0.1  # share of the bar for loading and the simple baselines


class Pace:
    """Counts answered rows of all models together; the time left follows the speed so far."""

    def __init__(self, job: ChildJob, rows: int) -> None:
        self._job, self._rows = job, max(1, rows)
        self._key, self._english = "evaluate.preparing", "Preparing"
        self._before, self._started, self._told = 0, 0.0, 0.0

    def say(self, share: float, key: str, english: str) -> None:
        self._job.progress(share, key, english)

    def begin(self, key: str, english: str, rows_before: int) -> None:
        """A model starts to answer; `rows_before` were answered by those before it."""
        self._key, self._english, self._before = key, english, rows_before
        self._started, self._told = self._started or time.monotonic(), 0.0
        self.told(0, 1)

    def told(self, done: int, asked: int) -> None:
        """Progress of the model that answers now."""
        now = time.monotonic()
        if now - self._told < _APART_S and done < asked:
            return
        self._told = now
        answered = self._before + done
        left = (now - self._started) / answered * (self._rows - answered) if answered else None
        self._job.progress(_PREPARED + (0.95 - _PREPARED) * answered / self._rows, self._key, self._english, left)
