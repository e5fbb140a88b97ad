"""A long job keeps its computer awake, notices that it slept, and ends in words before memory ends."""

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.awake import SleepWatch, command, kept_awake
from core.jobs.events import Advice
from core.jobs.memory import MemoryWatch, free_share
from core.training.telling import Telling
from tests.unit.training_bench import job_in, recipe, run_folder
from tests.unit.training_bench import tiny_model as _tiny


class Clocks:
    def __init__(self):
        self.awake = self.always = 100.0

    def pass_by(self, seconds, *, asleep=False):
        self.always += seconds
        self.awake += 0 if asleep else seconds

    def watch(self):
        return SleepWatch(awake=lambda: self.awake, always=lambda: self.always)


@given(st.floats(31, 1e6), st.floats(0, 1e6))
def test_a_sleep_is_noticed_once_and_work_is_not_taken_for_one(asleep, work):
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_by(work)
    assert watch.slept_s() == 0
    clocks.pass_by(asleep, asleep=True)
    assert watch.slept_s() == pytest.approx(asleep, abs=1e-3)
    assert watch.slept_s() == 0


def test_a_correction_of_the_clock_is_no_sleep():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_by(20, asleep=True)
    assert watch.slept_s() == 0


def test_a_training_says_that_the_computer_slept(tmp_path):
    folder = run_folder(tmp_path / "r", _tiny(tmp_path / "tiny"), recipe())
    said, clocks = [], Clocks()
    job = job_in(folder)
    job.emit = said.append
    telling = Telling(job, clock=lambda: clocks.awake, watch=clocks.watch())
    telling.step(7, 10, learning_rate=1e-3, grad_norm=None)
    clocks.pass_by(1800, asleep=True)
    clocks.pass_by(2)
    telling.step(8, 10, learning_rate=1e-3, grad_norm=None)
    notes = [event for event in said if isinstance(event, Advice)]
    assert [(note.key, note.step, round(note.facts["minutes"])) for note in notes] == [("training.slept", 8, 30)]


def test_each_system_is_asked_in_its_own_way_and_none_where_it_has_none():
    assert command("darwin", 42, lambda name: f"/usr/bin/{name}") == ["caffeinate", "-i", "-m", "-w", "42"]
    linux = command("linux", 42, lambda name: f"/usr/bin/{name}")
    assert linux is not None
    assert linux[0] == "systemd-inhibit"
    assert linux[-1] == "cat"  # ends with the pipe, however this process ends
    assert command("linux", 42, lambda name: None) is None


@pytest.mark.skipif(sys.platform == "win32", reason="a command of POSIX systems stands in")
def test_what_holds_sleep_off_ends_with_the_job(monkeypatch):
    import subprocess

    from core.jobs import awake

    started = []
    usual = subprocess.Popen
    monkeypatch.setattr(awake, "command", lambda *_: ["cat"])
    monkeypatch.setattr(awake.subprocess, "Popen", lambda *a, **k: started.append(usual(*a, **k)) or started[-1])
    with kept_awake():
        assert started[0].poll() is None
    assert started[0].poll() is not None


def test_memory_that_is_nearly_used_up_by_this_job_ends_it_and_by_another_does_not():
    called = threading.Event()
    with MemoryWatch(called.set, free=lambda: 0.01, held=lambda: 0.8):
        assert called.wait(10)
    spared, asked = threading.Event(), threading.Event()

    def held():
        asked.set()
        return 0.1

    with MemoryWatch(spared.set, free=lambda: 0.01, held=held):
        assert asked.wait(10)
    assert not spared.is_set()


def test_a_container_s_own_limit_counts(tmp_path):
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("990\n")
    (tmp_path / "memory.stat").write_text("anon 900\ninactive_file 10\nactive_file 0\n")
    assert free_share(tmp_path) == pytest.approx(0.02)
    (tmp_path / "memory.max").write_text("max\n")
    assert 0 <= free_share(tmp_path) <= 1
