"""An export that is killed, stopped, or meets a full disk leaves nothing half and says what happened."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import BaseModel

from core.errors import DiskFull
from core.export import job as export_job
from core.export.job import WeightsChanged
from core.export.onnx import BuildRequest
from core.export.room import check_room, estimate
from core.export.steps import ExportFailed, run_step
from core.export.targets import target
from core.jobs.handle import ChildJob, InputChanged, JobStopped
from core.models.load import NoSafetensors
from tests.unit.export_help import job_in, settings_of, tiny_model

STEPS = "tests.faults.export_steps"


class Values(BaseModel):
    """What a step of export_steps.py is told."""

    file: str = ""
    port: int = 0
    request: dict[str, Any] | None = None


@pytest.fixture
def job(tmp_path: Path) -> ChildJob:
    made = job_in(tmp_path / "run", settings_of(tiny_reference(tmp_path)))
    (made.folder / "work").mkdir()
    return made


def tiny_reference(tmp_path: Path) -> Any:
    return tiny_model(tmp_path / "model", "llama")


def step(job: ChildJob, name: str, **values: Any) -> None:
    run_step(job, job.folder / "work", f"{STEPS}:{name}", Values(**values), doing="building the ONNX model")


def test_a_librarys_error_is_told_in_a_sentence(job: ChildJob) -> None:
    with pytest.raises(ExportFailed, match="while building the ONNX model: ValueError: this model has an odd number of heads"):
        step(job, "fails")


def test_our_own_error_comes_through_as_itself(job: ChildJob) -> None:
    with pytest.raises(NoSafetensors, match="mine"):
        step(job, "tells")


def test_a_full_disk_in_a_step_is_called_that(job: ChildJob) -> None:
    with pytest.raises(DiskFull):
        step(job, "fills_the_disk")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_step_that_the_system_killed_is_told_as_such(job: ChildJob) -> None:
    with pytest.raises(ExportFailed, match="memory"):
        step(job, "is_killed")


def test_a_step_reaches_no_network(job: ChildJob) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        with pytest.raises(ExportFailed, match="does not use the network"):
            step(job, "connects", port=server.getsockname()[1])
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_step_ends_when_a_stop_was_asked_for(job: ChildJob, tmp_path: Path) -> None:
    (job.folder / "stop").touch()
    with pytest.raises(JobStopped):
        step(job, "waits", file=str(tmp_path / "pid"))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_step_ends_when_its_parent_was_killed(job: ChildJob, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    code = (
        "import sys; from pathlib import Path; from core.jobs.handle import ChildJob; from core.jobs.spec import JobSpec\n"
        "from tests.faults.test_export_faults import step\n"
        f"folder = Path({str(job.folder)!r}); spec = JobSpec.model_validate_json((folder / 'spec.json').read_text())\n"
        f"step(ChildJob(folder, spec), 'waits', file={str(tmp_path / 'pid')!r})"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    child = psutil.Process(int((tmp_path / "pid").read_text()))  # waits until the step has started
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive


def test_a_changed_weight_file_is_refused_before_any_work(job: ChildJob, tmp_path: Path) -> None:
    weights = tmp_path / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(WeightsChanged, match=r"model\.safetensors is changed"):
        export_job.main(job)
    assert not (job.folder / "work").exists()
    assert not (job.folder / "package.zip").exists()


def test_changed_rows_are_refused(job: ChildJob) -> None:
    (job.folder / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputChanged):
        job.input("rows.parquet")


def test_a_disk_without_room_is_told_before_the_work(tmp_path: Path) -> None:
    taken = estimate(tiny_reference(tmp_path).folder, target("cpu", "fp32")[1], "fp32", 100, ())
    assert taken.peak_bytes > 3 * taken.package_bytes
    check_room(tmp_path, 1)
    with pytest.raises(DiskFull, match="free"):
        check_room(tmp_path, 1 << 60)


def test_a_build_sends_nothing_and_writes_into_its_own_folder_only(job: ChildJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, work = tmp_path / "home", job.folder / "work"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("CI", raising=False)
    request = BuildRequest(merged=tmp_path / "model", cache=work / "olive", output=work / "package", target="cpu", precision="fp32")
    values = Values(file=str(tmp_path / "sent"), request=request.model_dump(mode="json"))
    run_step(job, work, f"{STEPS}:builds_while_watched", values, doing="building the ONNX model", extra={"CI": "1"})
    assert (tmp_path / "sent").read_text() == ""
    assert list(home.iterdir()) == []
    assert not (work / "olive").exists()
    assert sorted(file.name for file in (work / "package").iterdir() if "foot" in file.name or "history" in file.name) == []
    assert not any(str(tmp_path).encode() in file.read_bytes() for file in (work / "package").iterdir())


def test_a_build_that_fails_names_the_reason(job: ChildJob, tmp_path: Path) -> None:
    work = job.folder / "work"
    request = BuildRequest(merged=tmp_path / "nowhere", cache=work / "olive", output=work / "package", target="cpu", precision="fp32")
    with pytest.raises(ExportFailed, match="building the ONNX model"):
        run_step(job, work, "core.export.onnx:main", request, doing="building the ONNX model", extra={"CI": "1"})
