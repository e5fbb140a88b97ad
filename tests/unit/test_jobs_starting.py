"""A job whose child is only starting: what it meets when its server ends, when it comes too late, when somebody looks at its folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.child import NOT_MINE
from core.jobs.handle import EVENTS_FILE, LOCK_FILE
from core.jobs.launch import launch
from core.workshop import Workshop
from storage.files import FolderLock
from storage.rows import Job, JobState
from tests.unit.jobs_bench import counted, ended, start, until, workshop


def _has_not_come(folder: Path, attempt: int, **_: object) -> subprocess.Popen[bytes]:
    """A child as it is before its first line: a process that has not touched its folder."""
    return subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)


def test_a_job_whose_servers_ended_while_its_child_was_starting_is_started_anew_and_each_late_child_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.supervisor.launch", _has_not_come)
    with workshop(tmp_path) as shop:
        job, second = start(shop, "trainer", count=3), start(shop, "trainer", count=1)
        _let_go(shop, job)
    with workshop(tmp_path) as shop:
        until(shop, job.id, lambda: _child_of(shop, job) is not None)
        assert shop.supervisor.waiting() == (second.id,), "it kept its turn"
        _let_go(shop, job)
    monkeypatch.undo()
    late = launch(Path(job.folder), 1, threads=1)
    with workshop(tmp_path) as shop:
        assert ended(shop, job).state is JobState.DONE
        assert ended(shop, second).state is JobState.DONE
        assert counted(shop, job) == [1.0, 2.0, 3.0]
    assert late.wait(20) == NOT_MINE
    assert (Path(job.folder) / EVENTS_FILE).read_text().count('"step": 1,') == 1


def test_a_job_that_is_to_stop_before_its_child_has_come_stays_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.supervisor.launch", _has_not_come)
    with workshop(tmp_path) as shop:
        job = start(shop, count=3)
        shop.supervisor.stop(job.id)
        _let_go(shop, job)
    monkeypatch.undo()
    with workshop(tmp_path) as shop:
        assert ended(shop, job).state is JobState.STOPPED
    assert launch(Path(job.folder), 1, threads=1).wait(20) == NOT_MINE
    assert not (Path(job.folder) / EVENTS_FILE).exists()


def test_a_child_waits_while_somebody_looks_at_its_lock(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=2))
    lock = FolderLock(Path(job.folder) / LOCK_FILE)
    assert lock.acquire()
    child = launch(Path(job.folder), 1, threads=1)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.5)
    lock.release()
    assert child.wait(20) == 0


def _child_of(shop: Workshop, job: Job) -> "subprocess.Popen[bytes] | None":
    living = shop.supervisor._living.get(job.id)
    return living.child if living is not None else None


def _let_go(shop: Workshop, job: Job) -> None:
    """End the stand-in for its child once its server has closed: it never becomes one."""
    child = _child_of(shop, job)
    assert child is not None
    shop.supervisor.close()
    child.kill()
    child.communicate()


def test_a_child_of_an_earlier_attempt_that_starts_late_leaves_without_a_word(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=3))
        before = (Path(job.folder) / EVENTS_FILE).read_bytes()
        late = launch(Path(job.folder), 99, threads=1)
        assert late.wait(20) == NOT_MINE
        assert (Path(job.folder) / EVENTS_FILE).read_bytes() == before
