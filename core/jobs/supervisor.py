"""Start, stop, pause, resume and adopt: which job has a child, and what becomes of the job when the child ends."""

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel

from core.home import Home
from core.jobs.events import Event, Failure, State, to_line
from core.jobs.handle import PAUSE_FILE, STOP_FILE
from core.jobs.ingest import Living, Tailer
from core.jobs.launch import launch
from core.jobs.listening import Listeners, Subscription
from core.jobs.queue import Queue, Waiting, ready_again
from core.jobs.refusals import CannotPause, CannotResume, ChildDidNotStart, JobLost, NotWaiting, UnknownKind
from core.jobs.spec import SPEC_FILE, JobSpec, Kind
from core.jobs.standby import Standby
from core.jobs.taking import as_json, finish, take
from storage import jobs
from storage.ids import new_id
from storage.rows import LIVE, Job, JobId, JobState, OwnerId, ProjectId
from storage.store import Store

RESUMABLE = frozenset({JobState.LOST, JobState.STOPPED, JobState.FAILED, JobState.PAUSED})
Inputs = Callable[[Path], Mapping[str, str]]


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
        self._queue = Queue(store)
        self._living: dict[JobId, Living] = {}
        self._starting: set[JobId] = set()
        self._closed = False
        self._listeners = Listeners()
        self.standby = Standby(home.root / "standby.log", threads=threads)
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
        """Make the row and the run folder, and start the child in its turn. `inputs` writes files into the folder and names their SHA-256. `environment` goes to the
        child and nowhere else. Raises UnknownKind, and what `inputs` raises (then nothing is left)."""
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
            heavy=chosen.exclusive,
        )
        spec.save(folder)
        jobs.create(self._store, owner, project, kind, folder=str(folder), subject=subject, id=id)
        self._enqueue(Waiting(id, chosen, folder, environment or {}))
        return self.job(id)

    def stop(self, job_id: JobId) -> Job:
        """Ask it to stop; one that waits or is paused is stopped at once. Stopping what has ended changes nothing."""
        living = self._called_off(job_id, JobState.STOPPED)
        if living is not None:
            self._ask(living, STOP_FILE, JobState.STOPPING, living.kind.stop_grace_s)
        elif self.job(job_id).state is JobState.PAUSED:
            jobs.set_state(self._store, job_id, JobState.STOPPED)
        self._listeners.tell(job_id)
        return self.job(job_id)

    def pause(self, job_id: JobId) -> Job:
        """Ask it to keep its place and end, so that the machine is free; one that waits leaves the queue. `resume` goes on. Raises CannotPause."""
        job = self.job(job_id)
        if job.state in (JobState.PAUSED, JobState.PAUSING):
            return job
        if not self._kind(job.kind).pauses or job.state not in LIVE or job.state is JobState.STOPPING:
            raise CannotPause(state=job.state)
        living = self._called_off(job_id, JobState.PAUSED)
        if living is not None:
            self._ask(living, PAUSE_FILE, JobState.PAUSING, living.kind.pause_grace_s)
        self._listeners.tell(job_id)
        return self.job(job_id)

    def _called_off(self, job_id: JobId, state: JobState) -> Living | None:
        """Take it out of the queue, into `state`; where it has a child, that is what must be asked."""
        with self._changed:
            waiting, living = self._queue.take(job_id), self._living.get(job_id)
        if waiting is not None:
            jobs.set_state(self._store, job_id, state)
        return living

    def _ask(self, living: Living, file: str, state: JobState, grace_s: float) -> None:
        (living.folder / file).touch()
        patience_ends = time.monotonic() + grace_s
        living.kill_at = patience_ends if living.kill_at is None else min(living.kill_at, patience_ends)
        living.stopping = True

        def mark(_: object) -> None:
            if self.job(living.id).state in LIVE:  # read in the same transaction: it may just have ended
                jobs.set_state(self._store, living.id, state)

        self._store.write(mark)

    def waiting(self) -> tuple[JobId, ...]:
        """In the order in which they get their turn."""
        return self._queue.order()

    def holder(self) -> JobId | None:
        """The job that has the machine for itself."""
        with self._changed:
            return next((job.id for job in self._living.values() if job.kind.exclusive), None)

    def takes_turns(self, kind: str) -> bool:
        """Whether jobs of this kind have the machine one at a time."""
        return kind in self._kinds and self._kinds[kind].exclusive

    def swap(self, one: JobId, other: JobId) -> None:
        """Two that wait change places. Raises NotWaiting."""
        if not self._queue.swap(one, other):
            waiting = self._queue.order()
            raise NotWaiting(state=self.job(other if one in waiting else one).state)
        self._listeners.tell(one)

    def resume(self, job_id: JobId, *, environment: Mapping[str, str] | None = None) -> Job:
        """Go on in the same folder, from what was saved there. Raises CannotResume."""
        job = self.job(job_id)
        if job.state not in RESUMABLE:
            raise CannotResume(state=job.state)
        folder = Path(job.folder)
        ready_again(folder, resume=job.started_at is not None, threads=self._threads)
        jobs.set_state(self._store, job_id, JobState.QUEUED)
        self._enqueue(Waiting(job_id, self._kind(job.kind), folder, environment or {}))
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

    def adopt(self) -> None:
        """Once, at the start: find the children that an earlier server left, living or dead, and queue again what had not started."""
        waiting = list[Waiting]()
        for job in jobs.live(self._store):
            kind, folder = self._kinds.get(job.kind), Path(job.folder)
            if kind is None or not (folder / SPEC_FILE).is_file():
                error = UnknownKind(kind=job.kind, known=", ".join(self._kinds)) if kind is None else JobLost()
                jobs.set_state(self._store, job.id, JobState.LOST, error=as_json(error))
                continue
            if job.state is JobState.QUEUED:
                waiting.append(Waiting(job.id, kind, folder, {}))
                continue
            with self._changed:
                self._living[job.id] = Living.left(job, kind, jobs.offset(self._store, job.id))
        self._queue.adopt(waiting)
        self._tailer.wake()
        self._start_what_can()

    def close(self) -> None:
        """Let go of the store; the children go on, and the next server adopts them."""
        with self._changed:
            self._closed = True
        self._tailer.close()
        self.standby.give_up()

    def stand_by(self, kind: str) -> bool:
        """Have a child ready for the next job of this kind, unless the machine is at work. Raises UnknownKind."""
        with self._changed:
            busy = self._closed or self.holder() is not None
        return not busy and self.standby.prepare(self._kind(kind))

    def _kind(self, name: str) -> Kind:
        if name not in self._kinds:
            raise UnknownKind(kind=name, known=", ".join(self._kinds))
        return self._kinds[name]

    def _enqueue(self, waiting: Waiting) -> None:
        self._queue.add(waiting)
        self._start_what_can()
        self._listeners.tell(waiting.id)

    def _start_what_can(self) -> None:
        while (waiting := self._next_to_start()) is not None:
            self._start(waiting)

    def _next_to_start(self) -> Waiting | None:
        """The first whose turn it is. It counts as living from here on, so that two threads never start two trainers."""
        with self._changed:
            if self._closed:
                return None
            chosen = self._queue.next(exclusive_too=self.holder() is None)
            if chosen is not None:
                offset, attempt = jobs.offset(self._store, chosen.id), JobSpec.of(chosen.folder).attempt
                self._living[chosen.id] = Living(chosen.id, chosen.kind, chosen.folder, offset, attempt)
                self._starting.add(chosen.id)
            return chosen

    def _start(self, waiting: Waiting) -> None:
        if waiting.kind.exclusive and self._before_exclusive is not None:
            self._before_exclusive()
        jobs.set_state(self._store, waiting.id, JobState.RUNNING)
        living = self._living[waiting.id]
        try:
            ready = None if waiting.environment else self.standby.hand_over(waiting.kind, waiting.folder, living.attempt)
            living.child = ready or launch(waiting.folder, living.attempt, threads=self._threads, extra=waiting.environment)
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
            jobs.take(self._store, living.id, offset=offset, state=living.end_asked(event))
        elif isinstance(event, Failure):
            jobs.take(self._store, living.id, offset=offset, state=JobState.FAILED, error=to_line(event).strip())
        elif not living.disown():
            return
        elif living.stopping:
            jobs.set_state(self._store, living.id, living.end_asked())
        elif living.child is None and not living.begun:
            jobs.set_state(self._store, living.id, JobState.QUEUED)  # its server ended while it was starting: nothing was done, it has its turn still
            self._queue.add(Waiting(living.id, living.kind, living.folder, {}), first=True)
            self._drop(living)
            return
        else:
            jobs.set_state(self._store, living.id, JobState.LOST, error=as_json(JobLost()))
        self._drop(living)
        if self._after is not None and not self._closed:
            self._after(living.id)

    def _drop(self, living: Living) -> None:
        """It has no child any more: others may start."""
        with self._changed:
            self._living.pop(living.id, None)
        self._listeners.tell(living.id)
        self._start_what_can()
