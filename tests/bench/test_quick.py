"""The quick benchmark ends in time and prints what it promises. Its figures are not judged here: a suite never measures."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 250  # five times what `--quick` is to take


def figures_of(name: str, *more: str) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{name}", *more, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert all(figure.keys() == {"name", "value", "unit", "peer", "ratio", "goal"} for figure in found)
    return found


def test_the_quick_journey_prints_one_object_a_line() -> None:
    values = {figure["name"]: figure["value"] for figure in figures_of("journey", "--quick")}
    assert values["click to first loss point"] < 5 * 12
    assert values["accuracy, tuned"] > values["accuracy, majority"]


def test_the_quick_figures_of_the_data_workshop_leave_no_part_out() -> None:
    assert {"datasets", "pandas", "datasketch"} <= {str(figure["peer"]).split(" ")[0] for figure in figures_of("data", "--quick")}


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("methods", "--quick"), "loss after"), (("training", "--quick", "--clicks"), "click to first loss"),
        (("search", "--quick"), "tokens learned from"), (("adapters",), "after a switch"),
    ],
)  # fmt: skip
def test_every_other_benchmark_says_what_it_is_for(command: tuple[str, ...], says: str) -> None:
    assert any(says in figure["name"] for figure in figures_of(*command))
