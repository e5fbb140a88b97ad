"""What waits for its turn, in order. The order is stored as soon as it says more than the order of asking, so that a restart keeps it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.jobs.handle import LATE_CHILD_S, LOCK_FILE, PAUSE_FILE, STOP_FILE
from core.jobs.spec import JobSpec, Kind
from storage import queue
from storage.files import FolderLock
from storage.rows import JobId
from storage.store import Store


@dataclass(frozen=True)
class Waiting:
    """A queued job. The environment may hold a secret: it is in memory only, and a restart forgets it."""

    id: JobId
    kind: Kind
    folder: Path
    environment: Mapping[str, str]


class Queue:
    """Of one supervisor, for threads. First in the list is first served, but a job that needs the machine for itself lets others pass."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._waiting: list[Waiting] = []

    def add(self, waiting: Waiting, *, first: bool = False) -> None:
        """At the end, or before all others."""
        with self._lock:
            self._waiting.insert(0 if first else len(self._waiting), waiting)
            says_something = len(self._waiting) > 1
        if says_something:
            self._keep()

    def adopt(self, found: list[Waiting]) -> None:
        """What an earlier server left, given in the order of asking: as its order was kept, those without a place last."""
        places = queue.places(self._store)
        with self._lock:
            self._waiting += sorted(found, key=lambda one: places.get(one.id, len(places)))

    def take(self, id: JobId) -> Waiting | None:
        """Out of the queue; None when it does not wait there."""
        with self._lock:
            found = next((one for one in self._waiting if one.id == id), None)
            if found is not None:
                self._waiting.remove(found)
        return found

    def next(self, *, exclusive_too: bool) -> Waiting | None:
        """The first whose turn it is, out of the queue."""
        with self._lock:
            chosen = next((one for one in self._waiting if exclusive_too or not one.kind.exclusive), None)
            if chosen is not None:
                self._waiting.remove(chosen)
        return chosen

    def order(self) -> tuple[JobId, ...]:
        with self._lock:
            return tuple(one.id for one in self._waiting)

    def swap(self, one: JobId, other: JobId) -> bool:
        """Each in the other's place; False when one of them waits no more."""
        with self._lock:
            at = {waiting.id: index for index, waiting in enumerate(self._waiting)}
            if one not in at or other not in at:
                return False
            i, j = at[one], at[other]
            self._waiting[i], self._waiting[j] = self._waiting[j], self._waiting[i]
        self._keep()
        return True

    def _keep(self) -> None:
        """Read in the writer's thread, so that the last order that is written is the last there was."""
        self._store.write(lambda connection: queue.keep(connection, self.order()))


def ready_again(folder: Path, *, resume: bool, threads: int) -> None:
    """For one more child: nothing is asked of it, and a late one of the attempt before finds another number. `resume`: there was one before."""
    for asked in (STOP_FILE, PAUSE_FILE):
        (folder / asked).unlink(missing_ok=True)
    lock = FolderLock(folder / LOCK_FILE)
    lock.acquire(LATE_CHILD_S)
    spec = JobSpec.of(folder)
    spec.model_copy(update={"resume": resume, "attempt": spec.attempt + 1, "threads": threads}).save(folder)
    lock.release()
