"""The one tailer: reads what living children append to their events, takes it into the store with the offset reached, and notices their end."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from core.jobs.events import Event, Failure, State, from_lines
from core.jobs.handle import EVENTS_FILE, LOCK_FILE, PAUSE_FILE, STOP_FILE
from core.jobs.launch import kill_child, kill_tree
from core.jobs.spec import SPEC_FILE, JobSpec, Kind
from storage.errors import RowMissing, StoreClosed, StoreFull
from storage.files import FolderLock
from storage.rows import Job, JobId, JobState

log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.1
_READ_AT_ONCE = 1 << 20
_LINGER_S = 10.0  # a child that said its end and does not go is ended

ENDS = frozenset({JobState.DONE, JobState.STOPPED, JobState.PAUSED})


@dataclass
class Living:
    """A job whose child runs or has just ended. `child` is None for one that an earlier server started: its lock tells whether it lives.

    `end` is what it said last with the offset behind it; `kill_at` is when patience ends. `begun` is false for one that was disowned before it had come.
    """

    id: JobId
    kind: Kind
    folder: Path
    offset: int
    attempt: int
    child: "Popen[bytes] | None" = None
    end: tuple[State | Failure, int] | None = None
    kill_at: float | None = None
    stopping: bool = False
    begun: bool = True

    @classmethod
    def left(cls, job: Job, kind: Kind, offset: int) -> "Living":
        """As an earlier server left it. One that was asked to end has its whole grace again."""
        folder = Path(job.folder)
        living = cls(job.id, kind, folder, offset, JobSpec.of(folder).attempt, stopping=job.state in (JobState.STOPPING, JobState.PAUSING))
        if living.stopping:
            living.kill_at = time.monotonic() + (kind.stop_grace_s if job.state is JobState.STOPPING else kind.pause_grace_s)
        return living

    def is_alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return FolderLock(self.folder / LOCK_FILE).is_held_by_anyone()

    def kill(self) -> None:
        if self.child is not None:
            kill_tree(self.child.pid)
            with contextlib.suppress(OSError):
                self.child.kill()
        else:
            kill_child(self.folder)

    def end_asked(self, said: State | None = None) -> JobState:
        """What an end that was asked for counts as: the files in its folder tell, also to a server that came after. One that did not hear a pause and
        was killed is paused too: it goes on from what it had kept."""
        paused = (self.folder / PAUSE_FILE).exists() if said is None else said.state == JobState.PAUSED
        return JobState.PAUSED if paused and not (self.folder / STOP_FILE).exists() else JobState.STOPPED

    def disown(self) -> bool:
        """Make sure that a child which starts only now (its server was killed in between) finds another attempt's number and leaves.
        False when it holds the folder already: then it lives."""
        if not (self.folder / SPEC_FILE).is_file():
            return True  # the folder was removed: nothing can start there
        lock = FolderLock(self.folder / LOCK_FILE)
        if not lock.acquire():
            return False
        self.begun = lock.left_behind
        spec = JobSpec.of(self.folder)
        spec.model_copy(update={"attempt": spec.attempt + 1}).save(self.folder)
        lock.release()
        return True


class Tailer:
    """One thread for all jobs. It sleeps while no job lives, and is woken by `wake`."""

    def __init__(
        self,
        living: Callable[[], list[Living]],
        take: Callable[[Living, list[Event], int], None],
        ended: Callable[[Living], None],
        vanished: Callable[[Living], None],
    ) -> None:
        self._living, self._take, self._ended, self._vanished = living, take, ended, vanished
        self._complained: set[JobId] = set()
        self._wake, self._closed = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="tailer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            living = self._living()
            self._wake.wait(_LOOK_EVERY_S if living else None)
            self._wake.clear()
            for job in self._living():
                if self._closed:
                    return
                self._look_safely(job)

    def _look_safely(self, job: Living) -> None:
        """What one job meets must not end the looking after the others. Nothing is lost by coming again: the offset stands where it stood."""
        try:
            self._look(job)
        except StoreClosed:
            self._closed = True
        except StoreFull:
            return  # the disk has no room: the events wait in their file until it has
        except RowMissing:  # its project was deleted
            job.kill()
            self._vanished(job)
        except Exception:  # the one tailer outlives every fault; each job's first is told to the log
            if job.id not in self._complained:
                self._complained.add(job.id)
                log.exception("job %s could not be looked after", job.id)

    def _look(self, job: Living) -> None:
        alive = job.is_alive()  # asked before reading: what a dead child said last is then read for certain
        self._read(job)
        if alive:
            if job.end is not None and job.kill_at is None:
                job.kill_at = time.monotonic() + _LINGER_S
            if job.kill_at is not None and time.monotonic() > job.kill_at:
                job.kill()
        else:
            self._ended(job)

    def _read(self, job: Living) -> None:
        """All whole lines from the offset on. The last word (done, stopped, failed) is kept for the end: it counts once the process is gone."""
        while job.end is None and (data := _bytes_from(job.folder / EVENTS_FILE, job.offset)):
            found = list(from_lines(data))
            reached = data.rfind(b"\n") + 1
            if not reached:
                return
            said, ending = _until_end(found)
            if ending is None:
                self._take(job, said, job.offset + reached)
                job.offset += reached
                continue
            before, (event, after) = found[: len(said)], ending
            upto = before[-1][1] if before else 0
            self._take(job, said, job.offset + upto)
            job.end = (event, job.offset + after)
            job.offset += upto


def _until_end(found: Iterable[tuple[Event, int]]) -> tuple[list[Event], tuple[State | Failure, int] | None]:
    said: list[Event] = []
    for event, after in found:
        if isinstance(event, Failure) or (isinstance(event, State) and event.state in ENDS):
            return said, (event, after)
        said.append(event)
    return said, None


def _bytes_from(path: Path, offset: int) -> bytes:
    """A line longer than one reading is read in a larger one."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(_READ_AT_ONCE)
            while len(data) and len(data) % _READ_AT_ONCE == 0 and b"\n" not in data and (more := file.read(_READ_AT_ONCE)):
                data += more
    except FileNotFoundError:
        return b""
    return data
