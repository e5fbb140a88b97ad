"""The server is killed without warning while its job works: the job goes on, and the next server finds it and misses nothing."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.jobs.events import from_lines
from core.jobs.handle import EVENTS_FILE, SPEC_FILE
from core.jobs.spec import JobSpec
from storage import jobs
from storage.files import FolderLock
from storage.rows import Job, JobId, JobState, Point
from tests.unit.jobs_bench import counted, ended, start, until, workshop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")

SERVER = """
import sys, threading
from pathlib import Path
from tests.unit.jobs_bench import is_at_work, start, until, workshop
with workshop(Path(sys.argv[1])) as shop:
    job = start(shop, sys.argv[2], count=int(sys.argv[3]), pause_s=0.02)
    second = start(shop, "trainer", count=3)
    until(shop, job.id, is_at_work(shop, job))
    print(job.id, second.id, flush=True)
    threading.Event().wait()
"""


def _killed_server(home: Path, count: int) -> tuple[JobId, JobId]:
    """A server in its own process that was killed while its trainer worked and another waited."""
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(home), "trainer", str(count)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    first, second = server.stdout.readline().split()
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdout.close()
    return JobId(first), JobId(second)


def test_a_job_outlives_its_server_and_the_next_one_takes_in_every_point_once(tmp_path: Path) -> None:
    first, second = _killed_server(tmp_path, count=60)
    with workshop(tmp_path) as shop:
        assert shop.supervisor.job(first).state is JobState.RUNNING
        assert shop.supervisor.job(second).state is JobState.QUEUED
        job = ended(shop, shop.supervisor.job(first))
        assert job.state is JobState.DONE
        assert counted(shop, job) == [float(n) for n in range(1, 61)]
        assert jobs.offset(shop.store, first) == (Path(job.folder) / EVENTS_FILE).stat().st_size
        assert ended(shop, shop.supervisor.job(second)).state is JobState.DONE  # it kept its place in the queue


def test_a_job_that_ended_while_no_server_ran_is_found_done(tmp_path: Path) -> None:
    first, _ = _killed_server(tmp_path, count=30)
    child = psutil.Process(int((tmp_path / "runs" / first / "lock").read_text()))
    psutil.wait_procs([child], timeout=30)
    with workshop(tmp_path) as shop:
        job = ended(shop, shop.supervisor.job(first))
        assert (job.state, len(counted(shop, job))) == (JobState.DONE, 30)


def test_an_adopted_child_can_be_stopped(tmp_path: Path) -> None:
    first, _ = _killed_server(tmp_path, count=5000)
    with workshop(tmp_path) as shop:
        shop.supervisor.stop(first)
        assert ended(shop, shop.supervisor.job(first)).state is JobState.STOPPED


def test_server_and_child_killed_together_is_a_lost_job_that_resumes_where_it_was(tmp_path: Path) -> None:
    first, _ = _killed_server(tmp_path, count=80)
    folder = tmp_path / "runs" / first
    process = int((folder / "lock").read_text())
    os.kill(process, signal.SIGKILL)
    with (folder / EVENTS_FILE).open("ab") as events:  # what a kill in the middle of a write leaves
        events.write(b'{"kind": "point", "step": 9')
    with workshop(tmp_path) as shop:
        assert ended(shop, shop.supervisor.job(first)).state is JobState.LOST
        shop.supervisor.resume(first)
        job = ended(shop, shop.supervisor.job(first))
        assert job.state is JobState.DONE
        assert counted(shop, job) == [float(n) for n in range(1, 81)]
        assert b'9{"kind"' not in (folder / EVENTS_FILE).read_bytes()


def test_a_lost_job_is_given_a_new_attempt_so_that_a_child_still_starting_cannot_join_in(tmp_path: Path) -> None:
    first, _ = _killed_server(tmp_path, count=5000)
    folder = tmp_path / "runs" / first
    attempt = _spec(folder).attempt
    os.kill(int((folder / "lock").read_text()), signal.SIGKILL)
    with workshop(tmp_path) as shop:
        ended(shop, shop.supervisor.job(first))
    assert _spec(folder).attempt == attempt + 1
    assert not FolderLock(folder / "lock").is_held_by_anyone()


def test_a_job_whose_folder_is_gone_is_lost_and_does_not_keep_the_next_server_from_opening(tmp_path: Path) -> None:
    first, second = _killed_server(tmp_path, count=5000)
    os.kill(int((tmp_path / "runs" / first / "lock").read_text()), signal.SIGKILL)
    for job in (first, second):
        shutil.rmtree(tmp_path / "runs" / job)
    with workshop(tmp_path) as shop:
        assert [shop.supervisor.job(job).state for job in (first, second)] == [JobState.LOST, JobState.LOST]
        assert ended(shop, start(shop, count=1)).state is JobState.DONE


def test_every_whole_line_of_a_job_is_in_the_store_and_none_is_there_twice(tmp_path: Path) -> None:
    first, _ = _killed_server(tmp_path, count=40)
    with workshop(tmp_path) as shop:
        job: Job = ended(shop, shop.supervisor.job(first))
        said = [event for event, _ in from_lines((Path(job.folder) / EVENTS_FILE).read_bytes()) if event.kind == "point"]
        kept = shop.store.read(Point, "SELECT step, name, value FROM point WHERE job = ? ORDER BY step", [first])
        assert [(p.step, p.value) for p in kept] == [(event.step, event.value) for event in said]  # type: ignore[union-attr]


def test_a_new_server_starts_no_second_child_beside_a_living_one(tmp_path: Path) -> None:
    first, second = _killed_server(tmp_path, count=5000)
    process = int((tmp_path / "runs" / first / "lock").read_text())
    with workshop(tmp_path) as shop:
        light = start(shop, count=1)
        ended(shop, light)
        assert shop.supervisor.job(second).state is JobState.QUEUED
        assert int((tmp_path / "runs" / first / "lock").read_text()) == process
        shop.supervisor.stop(first)
        until(shop, second, lambda: shop.supervisor.job(second).state is JobState.DONE)


def _spec(folder: Path) -> JobSpec:
    return JobSpec.model_validate_json((folder / SPEC_FILE).read_text())
