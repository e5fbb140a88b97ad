"""Every file of the record of bad input gives one clear sentence or its right rows: no crash, no half import, nothing run, in bounds."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hostile_files import Hostile, table
from tests.unit.hostile_run import CONFINES
from tests.unit.hostile_text import CANARY

_SECONDS, _PEAK_BYTES = 10, 1 << 30


def _run(cases: Sequence[tuple[int, Hostile]], folder: Path) -> Iterator[dict[str, Any]]:
    """One child over these files, in order; it ends early where a file takes it down."""
    folder.mkdir(parents=True)
    temporary = folder / "tmp"
    temporary.mkdir()
    for number, case in cases:
        (folder / f"{number}.file").write_bytes(case.build())
    (folder / "list.json").write_text(json.dumps([(number, case.name) for number, case in cases]), "utf-8")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    child = subprocess.run([sys.executable, "-m", "tests.unit.hostile_run", str(folder)], env=environment, stdin=subprocess.DEVNULL, cwd=folder,
                           capture_output=True, timeout=CONFINES.wall_s, check=False)  # fmt: skip
    assert not list(temporary.iterdir()), "temporary files were left behind"
    yield from map(json.loads, child.stdout.decode().splitlines())
    if child.returncode:
        yield {"died": child.returncode, "said": child.stderr.decode()[-2_000:]}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def told(base: Path) -> dict[int, dict[str, Any]]:
    """What came of each file, by its number in the table."""
    cases = list(enumerate(table()))
    groups = [[(number, case) for number, case in cases if not case.alone], *[[(number, case)] for number, case in cases if case.alone]]
    found: dict[int, dict[str, Any]] = {}
    while groups:
        group = groups.pop(0)
        lines = list(_run(group, base / str(len(groups)) / str(len(found))))
        for line in lines:
            died = "died" in line
            found[group[len(lines) - 1][0] if died else line["number"]] = {"outcome": f"died:{line['died']}", **line} if died else line
        if rest := group[len(lines) :]:
            groups.append(rest)
    return found


def test_the_record_has_enough_files_of_enough_causes() -> None:
    cases = table()
    assert len(cases) >= 200
    assert len({case.cause for case in cases}) >= 60


def test_every_hostile_file_gives_its_sentence_or_its_rows(told: dict[int, dict[str, Any]]) -> None:
    wrong = [f"{case.cause} | {case.name[:60]!r}: expected {case.expected}, was {told.get(number, {}).get('outcome', 'nothing')}: "
             f"{told.get(number, {}).get('said', '')[:200]}"
             for number, case in enumerate(table()) if told.get(number, {}).get("outcome") not in case.expected.split("|")]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_every_sentence_is_whole_and_says_that_nothing_was_imported(told: dict[int, dict[str, Any]]) -> None:
    for number, case in enumerate(table()):
        line = told[number]
        if line["outcome"].startswith("rows:"):
            continue
        plain = line["said"].replace(case.name, "").replace("{file}", "")
        assert "imported" in plain, plain
        assert not re.search(r"\{[a-z_]+(:[^}]*)?\}", plain), plain
        assert "Traceback" not in plain, plain
        assert "Error" not in plain, plain


def test_no_hostile_file_takes_more_time_or_memory_than_it_may(told: dict[int, dict[str, Any]]) -> None:
    cases = table()
    assert not [(cases[number].name[:60], line["seconds"]) for number, line in told.items() if "seconds" in line and line["seconds"] > _SECONDS]
    assert max(line["peak"] for line in told.values() if "peak" in line) <= _PEAK_BYTES


def test_nothing_in_a_hostile_file_was_run(told: dict[int, dict[str, Any]], base: Path) -> None:
    assert told
    assert not list(base.rglob(CANARY))
