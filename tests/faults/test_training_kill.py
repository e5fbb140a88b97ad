"""kill -9 in the middle of a training, with the real child; then it goes on from its last whole checkpoint."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.events import MetricPoint, State
from core.jobs.handle import EVENTS_FILE, STOP_FILE
from core.jobs.launch import child_environment
from core.jobs.spec import JobSpec
from core.training.job import main
from core.training.keeping import kept_model, last_checkpoint
from storage.files import Manifest
from tests.unit.training_bench import curve, job_in, recipe, run_folder, said, tiny_model

CHOSEN = recipe(num_train_epochs=6, evaluations=18, early_stopping_patience=99)


def start(folder: Path, attempt: int = 1) -> "subprocess.Popen[bytes]":
    spec = JobSpec.model_validate_json((folder / "spec.json").read_text())
    (folder / "spec.json").write_text(spec.model_copy(update={"attempt": attempt}).model_dump_json())
    log = (folder / "log.txt").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "core.jobs.child", str(folder), str(attempt)], env=child_environment(threads=1), stdout=log, stderr=log
    )


def wait_for(folder: Path, child: "subprocess.Popen[bytes]", seen) -> None:
    """Until the child has said something, looking at its file as the server's tailer does."""
    while child.poll() is None:
        if (folder / EVENTS_FILE).exists() and any(seen(event) for event in said(folder)):
            return
        try:
            child.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    pytest.fail((folder / "log.txt").read_text()[-2000:])


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_after_kill_9_the_run_goes_on_and_ends_as_if_nothing_had_been(base, tmp_path):
    whole, torn = run_folder(tmp_path / "whole", base, CHOSEN), run_folder(tmp_path / "torn", base, CHOSEN)
    child = start(torn)
    main(job_in(whole))
    wait_for(torn, child, lambda event: isinstance(event, MetricPoint) and event.name == "eval_loss" and event.step >= 8)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert kept_model(torn) is not None
    assert Manifest.check(torn / "model") == []
    assert last_checkpoint(torn) is not None
    run_folder(torn, base, CHOSEN, resume=True)
    assert start(torn, 2).wait(120) == 0
    expected, found = curve(whole, "eval_loss"), curve(torn, "eval_loss")
    assert set(found) == set(expected)
    assert all(found[step] == pytest.approx(expected[step], abs=1e-6) for step in expected)
    assert [event.state for event in said(torn) if isinstance(event, State)][-1] == "done"


def test_a_child_that_is_asked_to_stop_ends_stopped_with_its_best_weights(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=150, evaluations=150, early_stopping_patience=999))
    child = start(folder)
    wait_for(folder, child, lambda event: isinstance(event, MetricPoint) and event.name == "eval_loss" and event.step >= 8)
    (folder / STOP_FILE).touch()
    assert child.wait(20) == 0
    assert [event.state for event in said(folder) if isinstance(event, State)][-1] == "stopped"
    assert kept_model(folder) is not None
