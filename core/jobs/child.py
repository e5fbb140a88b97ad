"""The process of a job: `python -m core.jobs.child RUN_FOLDER ATTEMPT`. Imports nothing heavy; what a job needs, its main imports."""

import contextlib
import importlib
import os
import sys
import traceback
import uuid
from pathlib import Path
from typing import Any

from core.errors import Unexpected, UserError
from core.jobs.awake import kept_awake
from core.jobs.events import Failure, State
from core.jobs.failures import OutOfMemory, failure, redacted, told
from core.jobs.handle import LATE_CHILD_S, LOCK_FILE, LOG_FILE, ChildJob, JobPaused, JobStopped
from core.jobs.memory import MemoryWatch
from core.jobs.spec import JobSpec
from core.quiet import be_quiet
from storage.files import FolderLock
from storage.rows import JobState

NOT_MINE = 3  # exit status: another child holds the folder, or this attempt is over


def main(arguments: list[str]) -> int:
    """0 once the job's end was said, NOT_MINE when there was nothing to do."""
    folder, attempt = Path(arguments[0]), int(arguments[1])
    be_quiet(hub=os.environ.get("HF_HUB_OFFLINE") == "0")
    be_modest()
    lock = FolderLock(folder / LOCK_FILE)
    if not lock.acquire(LATE_CHILD_S):
        return NOT_MINE
    spec = JobSpec.of(folder)
    if spec.attempt != attempt:
        lock.release()
        return NOT_MINE
    _limit_memory(spec.memory_limit_bytes)
    job = ChildJob(folder, spec)
    job.listen_to_signals()
    job.emit(State(JobState.RUNNING))
    if spec.heavy:
        with kept_awake(), MemoryWatch(lambda: _end_for_memory(job)):
            end = _end_of(job)
    else:
        end = _end_of(job)
    job.say_end(end)
    job.close()
    return 0  # the lock ends with the process, after the last word


def _end_for_memory(job: ChildJob) -> None:
    """In the watching thread, whatever the main one does: soon the system would kill this process, and no one would say why."""
    job.say_end(failure(OutOfMemory()))
    os._exit(0)


def _end_of(job: ChildJob) -> State | Failure:
    try:
        for name in job.spec.inputs:
            job.input(name)
        _main_of(job.spec)(job)
    except JobPaused:
        return State(JobState.PAUSED)
    except JobStopped:
        return State(JobState.STOPPED)
    except UserError as error:
        return failure(error)
    except Exception as error:  # noqa: BLE001 - the one place where whatever a library throws becomes a sentence
        return _failure(job, error)
    return State(JobState.DONE)


def _failure(job: ChildJob, error: Exception) -> Failure:
    details = redacted("".join(traceback.format_exception(error)), os.environ)
    sentence = told(error, place=job.folder)
    if sentence is None:
        sentence = Unexpected(reference=uuid.uuid4().hex[:8], log=LOG_FILE)
    with contextlib.suppress(OSError):  # a full disk takes no log either
        sys.stderr.write(f"{sentence}\n{details}\n")
        sys.stderr.flush()
    return failure(sentence, details[-4000:])


def _main_of(spec: JobSpec) -> Any:
    module, function = spec.main.split(":")
    return getattr(importlib.import_module(module), function)


def be_modest() -> None:
    """The person's own programs come first. On Windows the parent set the priority class at the start."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(10)


def _limit_memory(limit_bytes: int | None) -> None:
    """POSIX only: Windows has no such limit without a job object, there the limit is not held."""
    if limit_bytes is None or sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # all was said and is on disk: what libraries do at exit (telemetry, thread pools) is not waited for
