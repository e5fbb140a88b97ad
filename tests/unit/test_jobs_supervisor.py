"""Jobs as the server sees them, with real children."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadValue
from core.jobs.handle import EVENTS_FILE, LOG_FILE, SPEC_FILE
from core.jobs.refusals import CannotResume, UnknownKind
from core.jobs.spec import Kind
from core.workshop import HomeBusy
from storage import datasets, jobs
from storage.rows import LOCAL_OWNER, Job, JobState
from storage.store import Store
from tests.unit.jobs_bench import KINDS, MAIN, counted, ended, is_at_work, start, until, workshop

_OPEN = """
import sys
from pathlib import Path
from core.home import Home
from core.workshop import HomeBusy, Workshop
try:
    Workshop.open(Home(Path(sys.argv[1])))
except HomeBusy as busy:
    print(busy.pid)
"""


def test_a_job_counts_to_its_end_and_every_point_is_kept(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=50))
        assert (job.state, job.progress) == (JobState.DONE, 1.0)
        assert counted(shop, job) == [float(n) for n in range(1, 51)]
        assert [file.name for file in jobs.artefacts(shop.store, job.id)] == ["count"]
        assert jobs.offset(shop.store, job.id) == (Path(job.folder) / EVENTS_FILE).stat().st_size


def test_a_point_is_in_the_store_within_half_a_second_of_its_event(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = start(shop, count=1000, pause_s=0.2)
        until(shop, job.id, is_at_work(shop, job))
        waits = []
        with shop.supervisor.subscribe(job.id) as changes:
            for _ in range(5):
                changes.wait(5)
                waits.append(time.time() - (Path(job.folder) / EVENTS_FILE).stat().st_mtime)
        shop.supervisor.stop(job.id)
        ended(shop, job)
    assert sorted(waits)[2] < 0.5


def test_a_stop_ends_a_job_within_two_seconds_and_it_can_be_resumed_from_there(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = start(shop, count=20, pause_s=0.05)
        until(shop, job.id, is_at_work(shop, job))
        asked = time.monotonic()
        assert shop.supervisor.stop(job.id).state is JobState.STOPPING
        assert ended(shop, job).state is JobState.STOPPED
        assert time.monotonic() - asked < 2
        reached = len(counted(shop, job))
        assert 0 < reached < 20
        shop.supervisor.resume(job.id)
        assert ended(shop, job).state is JobState.DONE
        assert counted(shop, job) == [float(n) for n in range(1, 21)]
        assert (Path(job.folder) / EVENTS_FILE).read_text().count('"step": 1,') == 1


def test_a_child_that_does_not_hear_is_killed_after_its_grace_and_counts_as_stopped(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = start(shop, "deaf", count=2, pause_s=60)
        until(shop, job.id, is_at_work(shop, job))
        shop.supervisor.stop(job.id)
        assert ended(shop, job).state is JobState.STOPPED


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_child_is_lost_and_goes_on_from_its_last_count_when_resumed(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = start(shop, count=20, pause_s=0.05)
        until(shop, job.id, is_at_work(shop, job))
        os.kill(int((Path(job.folder) / "lock").read_text()), signal.SIGKILL)
        lost = ended(shop, job)
        assert lost.state is JobState.LOST
        assert '"error": "JobLost"' in (lost.error or "")
        shop.supervisor.resume(job.id)
        assert (ended(shop, job).state, ended(shop, job).error) == (JobState.DONE, None)
        assert counted(shop, job) == [float(n) for n in range(1, 21)]
        assert (Path(job.folder) / EVENTS_FILE).read_text().count('"step": 1,') == 1


def test_one_trainer_runs_at_a_time_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        first = start(shop, "trainer", count=5000, pause_s=0.05)
        second, third = (start(shop, "trainer", count=2) for _ in range(2))
        light = start(shop, count=1)
        assert ended(shop, light).state is JobState.DONE
        assert [shop.supervisor.job(job.id).state for job in (second, third)] == [JobState.QUEUED, JobState.QUEUED]
        assert shop.supervisor.stop(second.id).state is JobState.STOPPED
        shop.supervisor.stop(first.id)
        ends = [ended(shop, job) for job in (first, third)]
        assert [job.state for job in ends] == [JobState.STOPPED, JobState.DONE]
        assert _moment(ends[0].ended_at) <= _moment(ends[1].started_at)
        assert counted(shop, second) == []


def test_loaded_models_are_let_go_before_a_trainer_starts_and_not_before_a_light_job(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        evicted: list[str] = []
        shop.supervisor._before_exclusive = lambda: evicted.append("evicted")
        ended(shop, start(shop, count=1))
        assert evicted == []
        ended(shop, start(shop, "trainer", count=1))
        assert evicted == ["evicted"]


@pytest.mark.parametrize(
    ("how", "name", "said"),
    [
        ("full disk", "DiskFull", "The disk is full"),
        ("memory", "OutOfMemory", "not enough memory"),
        ("ZeroDivisionError", "Unexpected", "Something went wrong in Bottega itself"),
    ],
)
def test_what_a_child_throws_becomes_one_sentence(tmp_path: Path, how: str, name: str, said: str) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=5, fail_at=3, fail_with=how))
        assert job.state is JobState.FAILED
        assert job.error is not None
        assert f'"error": "{name}"' in job.error
        assert said in job.error
        assert counted(shop, job) == [1.0, 2.0]


def test_a_secret_goes_through_the_environment_and_is_in_no_file(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=2, fail_at=1, fail_with="HF_TOKEN", environment={"HF_TOKEN": "hf_verysecret"}))
        assert job.state is JobState.FAILED
        assert "<HF_TOKEN>" in (Path(job.folder) / LOG_FILE).read_text()
        written = [file for file in tmp_path.rglob("*") if file.is_file() and b"hf_verysecret" in file.read_bytes()]
        assert written == []


def test_an_input_that_changed_on_disk_is_refused_by_the_child(tmp_path: Path) -> None:
    def inputs(folder: Path) -> dict[str, str]:
        (folder / "rows.parquet").write_bytes(b"other rows")
        return {"rows.parquet": "0" * 64}

    with workshop(tmp_path) as shop:
        project = start(shop, count=1).project
        settings = _settings(count=1)
        job = shop.supervisor.submit("selftest", settings, owner=LOCAL_OWNER, project=project, subject="x", inputs=inputs)
        job = ended(shop, job)
        assert job.state is JobState.FAILED
        assert '"InputChanged"' in (job.error or "")


def test_inputs_that_cannot_be_written_leave_no_job_and_no_folder(tmp_path: Path) -> None:
    def inputs(folder: Path) -> dict[str, str]:
        raise BadValue(field="rows", value=0, why="there are none")

    with workshop(tmp_path) as shop:
        project = ended(shop, start(shop, count=1)).project
        before = set((tmp_path / "runs").iterdir())
        with pytest.raises(BadValue):
            shop.supervisor.submit("selftest", _settings(count=1), owner=LOCAL_OWNER, project=project, subject="x", inputs=inputs)
        assert set((tmp_path / "runs").iterdir()) == before
        assert len(jobs.of_project(shop.store, project)) == 1


def test_what_a_kind_takes_in_and_the_jobs_end_are_one_transaction(tmp_path: Path) -> None:
    def finish(store: Store, job: Job, folder: Path) -> None:
        datasets.create(store, job.owner, job.project, "taken in", "text_label", ("text",))
        assert jobs.find(store, job.id).state is JobState.RUNNING
        if (folder / "count.txt").read_text() == "2":
            raise BadValue(field="count", value=2, why="two is too few")

    with workshop(tmp_path, (*KINDS, Kind("taking", MAIN, finish, exclusive=False))) as shop:
        bad = ended(shop, start(shop, "taking", count=2))
        assert bad.state is JobState.FAILED
        assert "two is too few" in (bad.error or "")
        assert datasets.of_project(shop.store, bad.project) == []
        good = ended(shop, start(shop, "taking", count=3))
        assert good.state is JobState.DONE
        assert len(datasets.of_project(shop.store, bad.project)) == 1


def test_a_fault_in_a_kinds_ending_fails_that_job_and_leaves_the_others_alone(tmp_path: Path) -> None:
    def finish(store: Store, job: Job, folder: Path) -> None:
        raise KeyError("not there")

    with workshop(tmp_path, (*KINDS, Kind("broken", MAIN, finish, exclusive=False))) as shop:
        broken = ended(shop, start(shop, "broken", count=1))
        assert broken.state is JobState.FAILED
        assert '"Unexpected"' in (broken.error or "")
        assert "not there" in (Path(broken.folder) / LOG_FILE).read_text()
        assert ended(shop, start(shop, count=1)).state is JobState.DONE


def test_only_what_ended_early_is_resumed_and_an_unknown_kind_names_the_known(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=1))
        with pytest.raises(CannotResume, match="done"):
            shop.supervisor.resume(job.id)
        assert shop.supervisor.stop(job.id).state is JobState.DONE
        with pytest.raises(UnknownKind, match="trainer"):
            start(shop, "nothing")


@pytest.mark.skipif(sys.platform == "win32", reason="sessions and niceness are POSIX; the Windows branch was never run here")
def test_a_child_is_modest(tmp_path: Path) -> None:
    import psutil

    with workshop(tmp_path) as shop:
        job = start(shop, count=2, pause_s=60)
        until(shop, job.id, is_at_work(shop, job))
        child = psutil.Process(int((Path(job.folder) / "lock").read_text()))
        assert child.nice() >= 10 or child.nice() == 19
        assert os.getsid(child.pid) == child.pid
        assert Path(child.cwd()) == Path(job.folder)
        assert child.environ()["OMP_NUM_THREADS"] == "2"
        assert child.environ()["HF_HUB_OFFLINE"] == "1"
        assert os.readlink(f"/proc/{child.pid}/fd/0") == os.devnull
        shop.supervisor.stop(job.id)
        child.kill()
        ended(shop, job)


def test_a_second_workshop_on_the_same_home_is_told_who_has_it(tmp_path: Path) -> None:
    with workshop(tmp_path):
        said = subprocess.run([sys.executable, "-c", _OPEN, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True)
    assert int(said.stdout) == os.getpid()
    assert HomeBusy.status == 409


def test_the_spec_holds_no_environment(tmp_path: Path) -> None:
    with workshop(tmp_path) as shop:
        job = ended(shop, start(shop, count=1, environment={"HF_TOKEN": "hf_verysecret"}))
        assert "hf_" not in (Path(job.folder) / SPEC_FILE).read_text()


def _settings(**values: Any) -> Any:
    from core.jobs.selftest import SelfTest

    return SelfTest.model_validate(values)


def _moment(time_of: Any) -> Any:
    assert time_of is not None
    return time_of
