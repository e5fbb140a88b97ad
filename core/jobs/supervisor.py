"""Queue, start, stop, resume and adopt: which job has a child, and what becomes of the job when the child ends."""

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from core.home import Home
from core.jobs.events import Event, Failure, State, to_line
from core.jobs.handle import LOCK_FILE, STOP_FILE
from core.jobs.ingest import Living, Tailer
from core.jobs.launch import launch
from core.jobs.listening import Listeners, Subscription
from core.jobs.refusals import CannotResume, ChildDidNotStart, JobLost, UnknownKind
from core.jobs.spec import SPEC_FILE, JobSpec, Kind
from core.jobs.taking import as_json, finish, take
from storage import jobs
from storage.files import FolderLock
from storage.ids import new_id
from storage.rows import LIVE, Job, JobId, JobState, OwnerId, ProjectId
from storage.store import Store

RESUMABLE = frozenset({JobState.LOST, JobState.STOPPED, JobState.FAILED})
Inputs = Callable[[Path], Mapping[str, str]]


@dataclass(frozen=True)
class _Waiting:
    """A queued job. The environment may hold a secret: it is in memory only, and a restart forgets it."""

    id: JobId
    kind: Kind
    folder: Path
    environment: Mapping[str, str]


class Supervisor:
    """One in a server. `before_exclusive` is called before an exclusive job starts, so that others can give memory back; `after` with each job that has
    ended, in the tailer's thread: it must be quick and raise nothing."""

    def __init__(
        self,
        store: Store,
        home: Home,
        kinds: Iterable[Kind],
        *,
        threads: int = 2,
        before_exclusive: Callable[[], None] | None = None,
        after: Callable[[JobId], None] | None = None,
    ) -> None:
        self._store, self._home, self._threads, self._before_exclusive, self._after = store, home, threads, before_exclusive, after
        self._kinds = {kind.name: kind for kind in kinds}
        self._changed = threading.Condition()  # guards what stands below
        self._waiting: list[_Waiting] = []
        self._living: dict[JobId, Living] = {}
        self._starting: set[JobId] = set()
        self._closed = False
        self._listeners = Listeners()
        self._tailer = Tailer(self._watched, self._take, self._ended, self._drop)
        self._tailer.start()

    def submit(
        self,
        kind: str,
        settings: BaseModel,
        *,
        owner: OwnerId,
        project: ProjectId,
        subject: str,
        inputs: Inputs | None = None,
        id: JobId | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Job:
        """Make the row and the run folder, and start the child as soon as it is its turn. `inputs` writes files into the folder and names their
        SHA-256. `environment` goes to the child and nowhere else. Raises UnknownKind, and what `inputs` raises (then nothing is left)."""
        chosen = self._kind(kind)
        id = id or JobId(new_id())
        folder = self._home.runs / id
        folder.mkdir(parents=True, mode=0o700)
        try:
            hashes = dict(inputs(folder)) if inputs is not None else {}
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        spec = JobSpec(
            id=id,
            kind=kind,
            main=chosen.main,
            settings=settings.model_dump(mode="json"),
            inputs=hashes,
            threads=self._threads,
            memory_limit_bytes=chosen.memory_limit_bytes,
        )
        spec.save(folder)
        jobs.create(self._store, owner, project, kind, folder=str(folder), subject=subject, id=id)
        self._enqueue(_Waiting(id, chosen, folder, environment or {}))
        return self.job(id)

    def stop(self, job_id: JobId) -> Job:
        """Ask it to stop; one that waits in the queue is stopped at once. Stopping what has ended changes nothing."""
        with self._changed:
            waiting = [job for job in self._waiting if job.id == job_id]
            self._waiting = [job for job in self._waiting if job.id != job_id]
            living = self._living.get(job_id)
        if waiting:
            jobs.set_state(self._store, job_id, JobState.STOPPED)
        elif living is not None:
            (living.folder / STOP_FILE).touch()
            if living.kill_at is None:
                living.kill_at = time.monotonic() + living.kind.stop_grace_s
            living.stopping = True
            self._store.write(lambda _: self._mark_stopping(job_id))
        self._listeners.tell(job_id)
        return self.job(job_id)

    def _mark_stopping(self, job_id: JobId) -> None:
        if self.job(job_id).state in LIVE:  # read in the same transaction: it may just have ended
            jobs.set_state(self._store, job_id, JobState.STOPPING)

    def resume(self, job_id: JobId, *, environment: Mapping[str, str] | None = None) -> Job:
        """Go on in the same folder, from what was saved there. Raises CannotResume."""
        job = self.job(job_id)
        if job.state not in RESUMABLE:
            raise CannotResume(state=job.state)
        folder = Path(job.folder)
        (folder / STOP_FILE).unlink(missing_ok=True)
        spec = JobSpec.of(folder)
        spec.model_copy(update={"resume": True, "attempt": spec.attempt + 1, "threads": self._threads}).save(folder)
        jobs.set_state(self._store, job_id, JobState.QUEUED)
        self._enqueue(_Waiting(job_id, self._kind(job.kind), folder, environment or {}))
        return self.job(job_id)

    def job(self, job_id: JobId) -> Job:
        """As it stands now, whoever owns it: callers check the owner first."""
        return jobs.find(self._store, job_id)

    def wait(self, job_id: JobId, timeout_s: float | None = None) -> Job:
        """Until the job has ended or the time is up; then the job as it stands."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self.subscribe(job_id) as changes:
            while (job := self.job(job_id)).state in LIVE:
                if not changes.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
                    return self.job(job_id)
        return job

    def subscribe(self, job_id: JobId, on_change: Callable[[], None] | None = None) -> Subscription:
        """Hear of every change (state, progress, points) of one job. `on_change` is called in another thread and must be quick."""
        return self._listeners.subscribe(job_id, on_change)

    def adopt(self) -> list[Job]:
        """Once, at the start: find the children that an earlier server left, living or dead, and queue again what had not started."""
        found = jobs.live(self._store)
        for job in found:
            kind, folder = self._kinds.get(job.kind), Path(job.folder)
            if kind is None or not (folder / SPEC_FILE).is_file():
                error = UnknownKind(kind=job.kind, known=", ".join(self._kinds)) if kind is None else JobLost()
                jobs.set_state(self._store, job.id, JobState.LOST, error=as_json(error))
                continue
            with self._changed:
                if job.state is JobState.QUEUED:
                    self._waiting.append(_Waiting(job.id, kind, folder, {}))
                    continue
                living = Living(job.id, kind, folder, jobs.offset(self._store, job.id), JobSpec.of(folder).attempt)
                if job.state is JobState.STOPPING:
                    living.stopping, living.kill_at = True, time.monotonic() + kind.stop_grace_s
                self._living[job.id] = living
        self._tailer.wake()
        self._start_what_can()
        return found

    def close(self) -> None:
        """Let go of the store; the children go on, and the next server adopts them."""
        with self._changed:
            self._closed = True
        self._tailer.close()

    def _kind(self, name: str) -> Kind:
        if name not in self._kinds:
            raise UnknownKind(kind=name, known=", ".join(self._kinds))
        return self._kinds[name]

    def _enqueue(self, waiting: _Waiting) -> None:
        with self._changed:
            self._waiting.append(waiting)
        self._start_what_can()
        self._listeners.tell(waiting.id)

    def _start_what_can(self) -> None:
        while (waiting := self._next_to_start()) is not None:
            self._start(waiting)

    def _next_to_start(self) -> _Waiting | None:
        """The first whose turn it is. It counts as living from here on, so that two threads never start two trainers."""
        with self._changed:
            if self._closed:
                return None
            busy = any(job.kind.exclusive for job in self._living.values())
            chosen = next((job for job in self._waiting if not (job.kind.exclusive and busy)), None)
            if chosen is not None:
                self._waiting.remove(chosen)
                offset, attempt = jobs.offset(self._store, chosen.id), JobSpec.of(chosen.folder).attempt
                self._living[chosen.id] = Living(chosen.id, chosen.kind, chosen.folder, offset, attempt)
                self._starting.add(chosen.id)
            return chosen

    def _start(self, waiting: _Waiting) -> None:
        if waiting.kind.exclusive and self._before_exclusive is not None:
            self._before_exclusive()
        jobs.set_state(self._store, waiting.id, JobState.RUNNING)
        living = self._living[waiting.id]
        try:
            living.child = launch(waiting.folder, living.attempt, threads=self._threads, extra=waiting.environment)
        except OSError as error:
            jobs.set_state(self._store, waiting.id, JobState.FAILED, error=as_json(ChildDidNotStart(why=str(error))))
            with self._changed:
                del self._living[waiting.id]
        finally:
            with self._changed:
                self._starting.discard(waiting.id)
        self._tailer.wake()
        self._listeners.tell(waiting.id)

    def _watched(self) -> list[Living]:
        with self._changed:
            return [job for id, job in self._living.items() if id not in self._starting]

    def _take(self, living: Living, said: list[Event], offset: int) -> None:
        take(self._store, living.id, said, offset)
        self._listeners.tell(living.id)

    def _ended(self, living: Living) -> None:
        """In the tailer's thread, once the process is gone and all it said was read."""
        event, offset = living.end or (None, living.offset)
        if isinstance(event, State) and event.state == JobState.DONE:
            finish(self._store, self.job(living.id), living.kind, offset)
        elif isinstance(event, State):
            jobs.take(self._store, living.id, offset=offset, state=JobState.STOPPED)
        elif isinstance(event, Failure):
            jobs.take(self._store, living.id, offset=offset, state=JobState.FAILED, error=to_line(event).strip())
        elif living.stopping:
            jobs.set_state(self._store, living.id, JobState.STOPPED)
        elif self._disown(living):
            jobs.set_state(self._store, living.id, JobState.LOST, error=as_json(JobLost()))
        else:
            return
        self._drop(living)
        if self._after is not None and not self._closed:
            self._after(living.id)

    def _drop(self, living: Living) -> None:
        """It has no child any more: others may start."""
        with self._changed:
            self._living.pop(living.id, None)
        self._listeners.tell(living.id)
        self._start_what_can()

    def _disown(self, living: Living) -> bool:
        """Make sure that a child which starts only now (its server was killed in between) finds another attempt's number and leaves.
        False when it holds the folder already: then it lives."""
        if not (living.folder / SPEC_FILE).is_file():
            return True  # the folder was removed: nothing can start there
        lock = FolderLock(living.folder / LOCK_FILE)
        if not lock.acquire():
            return False
        spec = JobSpec.of(living.folder)
        spec.model_copy(update={"attempt": spec.attempt + 1}).save(living.folder)
        lock.release()
        return True
