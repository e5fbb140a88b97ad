"""The rules of the house hold: format, lint, types, who may know whom."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CHECKS = {
    "formatted": [str(BIN / "ruff"), "format", "--check", "."],
    "without lint": [str(BIN / "ruff"), "check", "."],
    "typed": [str(BIN / "mypy")],
    "layered": [str(BIN / "lint-imports")],
}


@pytest.mark.parametrize("what", CHECKS)
def test_the_code_is(what: str) -> None:
    ran = subprocess.run(CHECKS[what], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_top_level_is_fixed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    top = {line.split("/")[0] for line in tracked if not line.startswith(".")}
    assert top <= {"pyproject.toml", "README.md", "ui", "core", "storage", "tests", "spaces", "LICENSE", "constraints.txt"}


def test_spaces_is_no_package() -> None:
    assert not (ROOT / "spaces/__init__.py").exists()
