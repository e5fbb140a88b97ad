"""A child that stands by: it takes a job at once, and is never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.jobs.handle import LOG_FILE
from core.jobs.spec import Kind
from core.jobs.standby import Standby
from core.workshop import Workshop
from storage.rows import JobState
from tests.unit.jobs_bench import MAIN, PATIENCE_S, counted, ended, is_at_work, start, until, workshop

BEFOREHAND = "core.quiet:be_quiet"  # anything that can be called
READY = Kind("ready", MAIN, beforehand=BEFOREHAND)
KINDS = (READY, Kind("plain", MAIN))

_SERVER = """
import sys, threading
from pathlib import Path
from core.jobs.spec import Kind
from core.jobs.standby import Standby
standby = Standby(Path(sys.argv[1]), threads=1)
standby.prepare(Kind("ready", "core.jobs.selftest:main", beforehand="core.quiet:be_quiet"))
print(standby.process_id, flush=True)
threading.Event().wait()
"""


def standing_by(shop: Workshop) -> int:
    assert shop.supervisor.stand_by("ready")
    found = shop.supervisor.standby.process_id
    assert found is not None
    return found


def gone(process_id: int) -> bool:
    """Waits for it; a TimeoutExpired of psutil's when it stays."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(process_id).wait(PATIENCE_S)
    return True


def test_the_child_that_stands_by_does_the_next_job_and_says_it_in_the_jobs_own_log(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        process_id = standing_by(shop)
        job = start(shop, "ready", count=5)
        living = shop.supervisor._living.get(job.id)
        assert living is None or living.child is None or living.child.pid == process_id
        done = ended(shop, job)
        assert done.state is JobState.DONE
        assert counted(shop, job) == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert (Path(job.folder) / LOG_FILE).is_file()
        assert gone(process_id)
        assert shop.supervisor.standby.process_id is None


def test_a_job_of_another_kind_or_with_a_secret_gets_a_child_of_its_own(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        process_id = standing_by(shop)
        assert ended(shop, start(shop, "plain", count=2)).state is JobState.DONE
        assert ended(shop, start(shop, "ready", count=2, environment={"TOKEN": "x"})).state is JobState.DONE
        assert shop.supervisor.standby.process_id == process_id


def test_none_stands_by_while_the_machine_is_at_work_nor_for_a_kind_with_nothing_to_load(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        assert not shop.supervisor.stand_by("plain")
        job = start(shop, "plain", count=1000, pause_s=0.1)
        until(shop, job.id, is_at_work(shop, job))
        assert not shop.supervisor.stand_by("ready")
        shop.supervisor.stop(job.id)
        ended(shop, job)


def test_a_job_starts_all_the_same_when_the_child_that_stood_by_was_killed(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        process_id = standing_by(shop)
        os.kill(process_id, signal.SIGKILL)
        assert gone(process_id)
        assert ended(shop, start(shop, "ready", count=2)).state is JobState.DONE


def test_a_stop_reaches_a_job_in_a_child_that_stood_by(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        standing_by(shop)
        job = start(shop, "ready", count=1000, pause_s=0.1)
        until(shop, job.id, is_at_work(shop, job))
        shop.supervisor.stop(job.id)
        assert ended(shop, job).state is JobState.STOPPED


def test_it_ends_with_its_workshop(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        process_id = standing_by(shop)
    assert gone(process_id)


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_it_ends_when_its_server_is_killed(tmp_path: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(tmp_path / "log")], stdout=subprocess.PIPE)
    assert server.stdout is not None
    process_id = int(server.stdout.readline())
    server.kill()
    server.wait()
    assert gone(process_id)


def test_it_is_given_up_when_nobody_comes(tmp_path: Path) -> None:
    standby = Standby(tmp_path / "log", threads=1, idle_s=0.2)
    assert standby.prepare(READY)
    process_id = standby.process_id
    assert process_id is not None
    assert gone(process_id)
    assert standby.hand_over(READY, tmp_path, 1) is None
