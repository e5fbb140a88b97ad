"""No byte leaves unasked: the whole path under strace, in an empty HOME, tries no connection to anywhere but this computer and writes nowhere else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHORT = '{"num_train_epochs": 1, "evaluations": 1}'
REMOTE = re.compile(r"(?:connect|sendto|sendmsg)\(.*sa_family=AF_INET6?.*?(?:inet_addr\(\"|inet_pton\(AF_INET6, \")([^\"]+)")


@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_from_the_sample_to_the_package_nothing_is_sent_and_nothing_is_left_in_home(tmp_path: Path) -> None:
    empty, home, log = tmp_path / "empty", tmp_path / "home", tmp_path / "calls"
    empty.mkdir()
    # Nothing of ours is set: the product itself must be silent.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("HF_", "ORT_", "OLIVE_", "GRADIO_", "DO_NOT_TRACK", "XDG_"))
    }
    environment |= {"HOME": str(empty), "PYTHONPATH": str(ROOT), "BOTTEGA_HOME": str(home)}
    walk = "import ui.cli; from core.recovery import open_workshop; import gradio, ui.app"
    _traced([sys.executable, "-c", walk], log.with_suffix(".import"), environment)
    command = [sys.executable, "-m", "ui.cli"]
    recipe = _recipe(command, environment, tmp_path)
    for number, step in enumerate((["train", "--recipe", f"@{recipe}", "--yes"], ["evaluate", "--yes"], ["export", "--max-rows", "10", "--yes"])):
        _traced([*command, *step, "--project", "Silent"], log.with_suffix(f".{number}"), environment)
    reached = {found for file in tmp_path.glob("calls.*") for found in REMOTE.findall(file.read_text(encoding="utf-8", errors="replace"))}
    assert {address for address in reached if not address.startswith(("127.", "::1"))} == set()
    assert [path for path in empty.rglob("*") if path.is_file()] == []


def _recipe(command: list[str], environment: dict[str, str], folder: Path) -> Path:
    _run([*command, "sample", "--project", "Silent"], environment)
    _run([*command, "choose-task", "--project", "Silent", "--task", "classification"], environment)
    made = _run([*command, "recipe", "--project", "Silent", "--json"], environment)
    first = folder / "first.toml"
    first.write_text(_toml(made), encoding="utf-8")
    target = folder / "recipe.toml"
    target.write_text(_toml(_run([*command, "edit-recipe", "--recipe", f"@{first}", "--changes", SHORT, "--json"], environment)), encoding="utf-8")
    return target


def _toml(said: str) -> str:
    import json

    return str(json.loads(said)["toml"])


def _run(command: list[str], environment: dict[str, str]) -> str:
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _traced(command: list[str], log: Path, environment: dict[str, str]) -> None:
    _run(["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(log), *command], environment)
