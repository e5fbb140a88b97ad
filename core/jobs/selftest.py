"""A small honest job: counts, emits a point a count, writes what it reached. `bottega check` runs it to prove that jobs work on this machine."""

import os
import threading
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.jobs.events import MetricPoint
from core.jobs.handle import ChildJob
from core.jobs.spec import Kind
from storage.files import write_atomically

COUNT_FILE = "count.txt"


class SelfTest(BaseModel):
    """`pause_s` is waited between counts; at `fail_at` it throws what `fail_with` says, to show what becomes of it: 'full disk', 'memory', or the
    name of an environment variable whose value is then in the error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = 10
    pause_s: float = 0.0
    fail_at: int | None = None
    fail_with: str = "ZeroDivisionError"


def main(job: ChildJob) -> None:
    """Goes on from the count that an earlier attempt wrote when it is resumed."""
    settings = SelfTest.model_validate(job.spec.settings)
    file = job.folder / COUNT_FILE
    start = int(file.read_text()) if job.spec.resume and file.exists() else 0
    pause = threading.Event()
    for step in range(start + 1, settings.count + 1):
        job.check_stop()
        if step == settings.fail_at:
            _fail(settings.fail_with, job.folder)
        job.emit(MetricPoint(step, "count", float(step)))
        job.progress(step / settings.count, "counting", "Counting")
        write_atomically(file, str(step).encode())  # a kill between the two halves of a write must not lose the place
        if settings.pause_s:
            pause.wait(settings.pause_s)
    job.artefact("count", file)


def _fail(how: str, folder: Path) -> None:
    if how == "full disk":
        raise OSError(28, "No space left on device", str(folder / COUNT_FILE))
    if how == "memory":
        raise MemoryError
    raise ZeroDivisionError(f"asked to fail: {os.environ.get(how, how)}")


KINDS: tuple[Kind, ...] = (Kind("selftest", "core.jobs.selftest:main", exclusive=False),)
