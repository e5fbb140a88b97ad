"""The quick benchmark ends in time and prints what it promises. Its figures are not judged here: a suite never measures."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 250  # five times what `--quick` is to take


def test_the_quick_journey_prints_one_object_a_line() -> None:
    command = [sys.executable, "-m", "tests.bench.journey", "--quick", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ran.returncode == 0, ran.stderr
    figures = [json.loads(line) for line in ran.stdout.splitlines()]
    assert all(figure.keys() == {"name", "value", "unit", "peer", "ratio", "goal"} for figure in figures)
    values = {figure["name"]: figure["value"] for figure in figures}
    assert values["click to first loss point"] < 5 * 12
    assert values["accuracy, tuned"] > values["accuracy, majority"]


def test_the_quick_figures_of_the_data_workshop_leave_no_part_out() -> None:
    command = [sys.executable, "-m", "tests.bench.data", "--quick", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ran.returncode == 0, ran.stderr
    figures = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {"datasets", "pandas", "datasketch"} <= {str(figure["peer"]).split(" ")[0] for figure in figures}
