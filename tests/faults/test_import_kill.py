"""An import whose server or child is killed at any moment: all rows of a file or none, and nothing that was acknowledged is lost."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.data.kind import KINDS
from core.home import Home
from core.workshop import Workshop
from storage.rows import LIVE, LOCAL_OWNER, JobId
from tests.unit.data_files import written

ROWS = 20_000
_SERVER = """
import sys
from pathlib import Path
from core.actions.registry import Context, perform
from core.data.kind import KINDS
from core.home import Home
from core.workshop import Workshop
from storage.rows import LIVE, LOCAL_OWNER, JobState
home, dataset = Path(sys.argv[1]), sys.argv[2] or None
workshop = Workshop.open(Home(home), kinds=KINDS)
context = Context(workshop, LOCAL_OWNER)
project = (perform(context, "projects", {}) or [None])[0]
project = project.project if project else perform(context, "create-project", {"name": "P"}).id
for name in ("rows.jsonl", "rows.csv", "odd.jsonl"):
    upload = workshop.take_upload(LOCAL_OWNER, name, home / name)
    job = perform(context, "import", {"upload": upload.id, "project": project, "dataset": dataset})
    print("began", job.id, flush=True)
    while (job := workshop.supervisor.wait(job.id, 5)).state in LIVE:
        pass
    print("ended", job.id, job.state, job.subject, flush=True)
    dataset = dataset or (job.subject if job.state is JobState.DONE else None)
"""


def _files(home: Path) -> None:
    """One taken at once as lines, one as a table, one that must go row by row."""
    rows = [{"text": f"Where is  order {n}?", "label": f"k{n % 7}"} for n in range(ROWS)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    written(home, lines, "rows.jsonl")
    written(home, "text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in rows), "rows.csv")
    written(home, lines + '{"text": ["a list"], "label": "k1"}\n', "odd.jsonl")


def _killed(home: Path, dataset: str, after_s: float, *, child: bool, signs: int) -> tuple[list[str], list[str]]:
    """Run the server, kill it or its child `after_s` after so many signs of life; returns the imports that it began and those it said were done."""
    began, done = list[str](), list[str]()
    command = [sys.executable, "-c", _SERVER, str(home), dataset]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], start_new_session=True) as server:
        assert server.stdout is not None
        for line in server.stdout:
            word, job, *rest = line.split()
            (began if word == "began" else done).append(job) if word == "began" or rest[0] == "done" else None
            signs -= 1
            if signs == 0:
                _kill_soon(server, home / "runs" / job, after_s, child=child)
        server.wait()
    return began, done


def _kill_soon(server: "subprocess.Popen[str]", folder: Path, after_s: float, *, child: bool) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(after_s)
    with contextlib.suppress(ProcessLookupError, OSError, ValueError):
        os.kill(int((folder / "lock").read_text()) if child else server.pid, signal.SIGKILL)


def _rows_of(home: Path) -> tuple[dict[str, int], dict[str, str]]:
    """After the next start and the end of what still ran: rows by the file they came from, and how each import ended."""
    with Workshop.open(Home(home), kinds=KINDS) as workshop:
        deadline = time.monotonic() + 60
        while waiting := [job for (job,) in workshop.store.read(None, "SELECT id FROM job") if workshop.supervisor.job(JobId(job)).state in LIVE]:
            assert time.monotonic() < deadline
            workshop.supervisor.wait(JobId(waiting[0]), 5)
        by_file = workshop.store.read(None, "SELECT dataset || ' ' || source || ' ' || born, count(*) FROM example GROUP BY ALL")
        ended = workshop.store.read(None, "SELECT id, state FROM job WHERE owner = ?", [LOCAL_OWNER])
        positions = workshop.store.read(None, "SELECT count(*), count(DISTINCT (dataset, position)), count(DISTINCT id) FROM example")[0]
        assert positions[0] == positions[1] == positions[2]
        return dict(by_file), dict(ended)


def _all_or_none(home: Path, kills: int, seed: int) -> None:
    _files(home)
    chance, acknowledged, dataset = random.Random(seed), 0, ""
    for _ in range(kills):
        _, done = _killed(home, dataset, chance.uniform(0, 2.5), child=chance.random() < 0.4, signs=chance.randint(1, 4))
        acknowledged += len(done)
        groups, ended = _rows_of(home)
        assert set(groups.values()) <= {ROWS, ROWS + 1}
        assert len(groups) == list(ended.values()).count("done") >= acknowledged
        dataset = next(iter(groups), "").split(" ")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_kill_at_any_moment_of_an_import_leaves_all_rows_or_none(tmp_path: Path) -> None:
    _all_or_none(tmp_path, kills=4, seed=11)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_fifty_kills_leave_all_rows_or_none(tmp_path: Path) -> None:
    _all_or_none(tmp_path, kills=50, seed=5)
