"""What waits, in which order, and what is paused: kept through restarts and kills."""

import os
import signal
import sys
from pathlib import Path

import pytest

from core.jobs.handle import PAUSE_FILE
from core.jobs.refusals import CannotPause, NotWaiting
from core.jobs.spec import Kind
from storage.rows import JobState
from tests.unit.jobs_bench import MAIN, counted, ended, is_at_work, start, until, workshop

KINDS = (
    Kind("trainer", MAIN, pauses=True),
    Kind("selftest", MAIN, exclusive=False),
    Kind("deaf", MAIN, exclusive=False, pauses=True, pause_grace_s=0.3),
)
WHOLE = [float(n) for n in range(1, 21)]


def test_a_paused_job_frees_the_machine_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        job, other = start(shop, "trainer", count=20, pause_s=0.05), start(shop, "trainer", count=2)
        until(shop, job.id, is_at_work(shop, job))
        assert shop.supervisor.pause(job.id).state in (JobState.PAUSING, JobState.PAUSED)
        assert ended(shop, job).state is JobState.PAUSED
        assert ended(shop, other).state is JobState.DONE
        assert 0 < len(counted(shop, job)) < 20
        shop.supervisor.resume(job.id)
        assert ended(shop, job).state is JobState.DONE
        assert counted(shop, job) == WHOLE


def test_a_paused_job_is_still_paused_after_a_restart(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        job = start(shop, "trainer", count=20, pause_s=0.05)
        until(shop, job.id, is_at_work(shop, job))
        shop.supervisor.pause(job.id)
        ended(shop, job)
    with workshop(tmp_path, KINDS) as shop:
        assert shop.supervisor.job(job.id).state is JobState.PAUSED
        shop.supervisor.resume(job.id)
        assert ended(shop, job).state is JobState.DONE
        assert counted(shop, job) == WHOLE


def test_a_pause_that_a_server_did_not_live_to_see_counts_for_the_next_one(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        job = start(shop, "trainer", count=400, pause_s=0.05)
        until(shop, job.id, is_at_work(shop, job))
    (Path(job.folder) / PAUSE_FILE).touch()  # what `pause` does first
    with workshop(tmp_path, KINDS) as shop:
        assert ended(shop, job).state is JobState.PAUSED


def test_a_job_that_is_killed_while_it_is_to_pause_is_paused_at_what_it_kept(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        job = start(shop, "deaf", count=20, pause_s=30)
        until(shop, job.id, is_at_work(shop, job))
        shop.supervisor.pause(job.id)
        assert ended(shop, job).state is JobState.PAUSED


def test_a_stop_goes_before_a_pause_and_ends_a_paused_job(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        both = start(shop, "trainer", count=400, pause_s=0.05)
        until(shop, both.id, is_at_work(shop, both))
        shop.supervisor.pause(both.id)
        shop.supervisor.stop(both.id)
        assert ended(shop, both).state in (JobState.STOPPED, JobState.PAUSED)  # it may have heard the pause before
        assert shop.supervisor.stop(both.id).state is JobState.STOPPED


def test_a_job_that_waits_is_paused_out_of_the_queue_and_starts_from_the_start(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        first, second = start(shop, "trainer", count=400, pause_s=0.05), start(shop, "trainer", count=3)
        assert shop.supervisor.pause(second.id).state is JobState.PAUSED
        assert shop.supervisor.waiting() == ()
        shop.supervisor.resume(second.id)
        assert shop.supervisor.waiting() == (second.id,)
        shop.supervisor.stop(first.id)
        assert ended(shop, second).state is JobState.DONE
        assert counted(shop, second) == [1.0, 2.0, 3.0]


def test_what_waits_starts_in_the_order_it_was_given_also_after_a_restart(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        first = start(shop, "trainer", count=4000, pause_s=0.05)
        second, third, fourth = (start(shop, "trainer", count=1) for _ in range(3))
        until(shop, first.id, is_at_work(shop, first))
        assert shop.supervisor.holder() == first.id
        assert shop.supervisor.waiting() == (second.id, third.id, fourth.id)
        shop.supervisor.swap(fourth.id, third.id)
        shop.supervisor.swap(fourth.id, second.id)
    with workshop(tmp_path, KINDS) as shop:
        assert shop.supervisor.waiting() == (fourth.id, second.id, third.id)
        shop.supervisor.stop(first.id)
        ends = [ended(shop, job) for job in (fourth, second, third)]
        started = [end.started_at for end in ends]
        assert started == sorted(started, key=str)


def test_only_what_waits_changes_places_and_only_what_can_go_on_is_paused(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        done = ended(shop, start(shop, "selftest", count=1))
        waiting = start(shop, "trainer", count=1)
        ended(shop, waiting)
        with pytest.raises(NotWaiting, match="done"):
            shop.supervisor.swap(done.id, waiting.id)
        with pytest.raises(CannotPause, match="done"):
            shop.supervisor.pause(waiting.id)
        light = start(shop, "selftest", count=400, pause_s=0.05)
        with pytest.raises(CannotPause):
            shop.supervisor.pause(light.id)
        shop.supervisor.stop(light.id)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_job_that_was_resumed_from_a_pause_is_lost_and_goes_on_again(tmp_path: Path) -> None:
    with workshop(tmp_path, KINDS) as shop:
        job = start(shop, "trainer", count=20, pause_s=0.05)
        until(shop, job.id, is_at_work(shop, job))
        shop.supervisor.pause(job.id)
        ended(shop, job)
        shop.supervisor.resume(job.id)
        reached = len(counted(shop, job))
        until(shop, job.id, lambda: len(counted(shop, job)) > reached)
        os.kill(int((Path(job.folder) / "lock").read_text()), signal.SIGKILL)
        assert ended(shop, job).state is JobState.LOST
        shop.supervisor.resume(job.id)
        assert ended(shop, job).state is JobState.DONE
        assert counted(shop, job) == WHOLE
