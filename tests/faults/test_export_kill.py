"""An export whose child is killed leaves no package, and resumed it brings one."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from core.jobs.handle import LOCK_FILE, SPEC_FILE
from storage import packages
from storage.files import sha256_of
from storage.rows import JobId, JobState
from tests.unit.export_workshop import Trained, trained

WAIT_S = 300


def reached(desk: Trained, job: JobId, message: str) -> None:
    """Wait until the child says that it is there."""
    with desk.workshop.supervisor.subscribe(job) as changes:
        while message not in (desk.workshop.supervisor.job(job).message or ""):
            assert changes.wait(WAIT_S)


def child_of(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / LOCK_FILE).read_text()))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_killed_export_leaves_nothing_half_and_its_resume_brings_one_whole_package(tmp_path: Path) -> None:
    with trained(tmp_path) as desk:
        supervisor, home = desk.workshop.supervisor, desk.workshop.home
        job = desk.approved("export", run=desk.run.id, max_rows=4)
        reached(desk, job.id, "export.building")
        child = child_of(Path(job.folder))
        helpers = child.children(recursive=True)
        os.kill(child.pid, signal.SIGKILL)
        assert supervisor.wait(job.id, WAIT_S).state is JobState.LOST
        _, alive = psutil.wait_procs(helpers, timeout=10)
        assert not alive
        assert list(home.packages.iterdir()) == []
        assert not (Path(job.folder) / "package.zip").exists()
        assert packages.of_project(desk.workshop.store, desk.project.id) == []

        supervisor.resume(job.id)
        ended = supervisor.wait(job.id, WAIT_S)
        assert ended.state is JobState.DONE, ended.error
        (found,) = packages.of_project(desk.workshop.store, desk.project.id)
        assert sha256_of(Path(found.path)) == found.sha256
        assert {file.name for file in Path(job.folder).iterdir()} <= {
            SPEC_FILE,
            LOCK_FILE,
            "events.jsonl",
            "log.txt",
            "rows.parquet",
            "certificate.json",
        }


def test_a_stopped_export_ends_soon_and_leaves_no_package(tmp_path: Path) -> None:
    with trained(tmp_path) as desk:
        supervisor = desk.workshop.supervisor
        job = desk.approved("export", run=desk.run.id)
        reached(desk, job.id, "export.building")
        supervisor.stop(job.id)
        assert supervisor.wait(job.id, 10).state is JobState.STOPPED
        assert list(desk.workshop.home.packages.iterdir()) == []
        assert not (Path(job.folder) / "work").exists()
