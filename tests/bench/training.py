"""Training against TRL: `python -m tests.bench.training [--quick] [--json] [--repeats N] [--rows N] [--only NAME,NAME] [--clicks]`.

The same model, rows, batches and steps on each side, each training alone in a process of its own, the sides alternating; tokens are the real ones, filling is
not counted. TRL and what it needs are no part of the product: `pip install -e .[bench]`; where TRL is not installed its columns are left out and that is said.
--clicks adds the seconds from the click on Train to the first point of the curve, with no child alive and with one that stands by.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, tell
from tests.bench.training_side import Case, Side, make_model

ROOT = Path(__file__).parents[2]
_DEADLINE_S = 1800
CASES = {
    "lora": Case(),
    "lora-49k": Case(vocabulary=49_152, rows=192),
    "dora": Case(rows=192, options={"r": 16, "lora_alpha": 32, "use_dora": True}),
    "qlora": Case(rows=192, method="qlora"),
    "bottleneck": Case(rows=192, method="bottleneck", options={}),
    "full": Case(rows=192, method="full", options={}),
}
GOALS = {"lora": "at least 5x, aim 6x", "lora-49k": "at least 6.5x, aim 8x"}
BEST_GOALS = {"lora": "at least 2x, aim 2.5x"}
MEMORY_GOAL = "at most 0.37x, aim 0.33x"  # 1/2.7 and a third
QUICK = {"rows": 24, "batch": 8, "hidden": 64, "layers": 2, "median": 40.0}
_OURS_ONLY = frozenset({"bottleneck"})  # peft has no such adapters


def figures(names: Sequence[str], repeats: int, changes: Mapping[str, Any]) -> Iterator[Figure]:
    for name in names:
        case = replace(CASES[name], **changes)
        yield from _compared(name, case, _sides(name), repeats)


def _sides(name: str) -> tuple[str, ...]:
    if importlib.util.find_spec("trl") is None or name in _OURS_ONLY:
        return ("ours",)
    return ("ours", "trl default", "trl best")


def _compared(name: str, case: Case, sides: Sequence[str], repeats: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        case.save(folder)
        make_model(case, folder / "model")
        took: dict[str, list[Side]] = {side: [] for side in sides}
        for number in range(repeats):
            for side in sides if number % 2 == 0 else sides[::-1]:
                took[side].append(_alone(side, folder, case.threads))
    speeds = {side: [one.tokens / one.seconds for one in found] for side, found in took.items()}
    memory = {side: statistics.median(one.peak_bytes for one in found) for side, found in took.items()}
    speed, mega = statistics.median(speeds["ours"]), memory["ours"] / 1e6
    if sides == ("ours",):
        yield Figure(f"{name}: our tokens a second", speed, "1/s")
        yield Figure(f"{name}: our peak memory", mega, "MB")
    for side in sides[1:]:
        _same_training(took["ours"][0], took[side][0])
        ratios = [own / peer for own, peer in zip(speeds["ours"], speeds[side], strict=True)]
        goal = (GOALS if side == "trl default" else BEST_GOALS).get(name, "")
        peer = f"{side} ({statistics.median(speeds[side]):,.0f} 1/s)"
        yield Figure(f"{name}: our tokens a second", speed, "1/s", peer, statistics.median(ratios), goal)
        yield Figure(f"{name}: tokens a second against {side}: spread of the ratio", max(ratios) - min(ratios), "x")
        peer, share = f"{side} ({memory[side] / 1e6:,.0f} MB)", memory["ours"] / memory[side]
        yield Figure(f"{name}: our peak memory", mega, "MB", peer, share, MEMORY_GOAL if side == "trl default" else "")


def _same_training(ours: Side, theirs: Side) -> None:
    """The same rows in another order and, in TRL's default, in bf16: so the losses are near each other, not equal."""
    assert ours.tokens == theirs.tokens
    assert abs(ours.first_loss - theirs.first_loss) < 0.05 * ours.first_loss, (ours, theirs)
    assert abs(ours.last_loss - theirs.last_loss) < 0.1 * ours.last_loss, (ours, theirs)


def _alone(side: str, folder: Path, threads: int) -> Side:
    """In the environment that the product gives its children, and so the peer too."""
    from core.jobs.launch import child_environment

    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.training_side", side, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=_DEADLINE_S, env=child_environment(threads=threads) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    if ran.returncode != 0:
        raise RuntimeError(f"{side}: {ran.stderr[-2000:]}")
    return Side(**json.loads(ran.stdout.splitlines()[-1]))


def clicks() -> Iterator[Figure]:
    """From the click to the first point, on the sample data with the starter model and the Quick preset."""
    from core.quiet import be_quiet
    from storage.rows import JobId
    from tests.bench.journey import Walk, first_point

    be_quiet()
    with tempfile.TemporaryDirectory() as temporary:
        walk = Walk(Path(temporary))
        try:
            walk.ended(walk.do("sample", {"project": walk.project}).id)
            for name, goal in (("no child alive", "at most 12 s"), ("a child standing by", "at most 2 s")):
                if name != "no child alive":
                    walk.do("get-ready", {})
                    yield Figure("memory of the child that stands by", _memory_when_idle(walk.workshop.supervisor.standby.process_id), "MB")
                clicked = time.perf_counter()
                run = walk.do("train", {"project": walk.project})
                yield Figure(f"click to first loss, {name}", first_point(walk, run.id, clicked), "s", goal=goal)
                walk.do("stop", {"project": walk.project})
                walk.workshop.supervisor.wait(JobId(run.job), 60)
        finally:
            walk.workshop.close()


def _memory_when_idle(process_id: int | None) -> float:
    """Of a process of its own, in MB (what it shares with others left out), once it has stopped working."""
    import psutil

    process, before = psutil.Process(process_id), -1.0
    while (spent := sum(process.cpu_times()[:2])) > before:
        before = spent
        time.sleep(1.0)
    return float(process.memory_full_info().uss) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, help="fewer of them, where the whole would take hours")
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--clicks", action="store_true")
    given = parser.parse_args()
    if importlib.util.find_spec("trl") is None:
        print("TRL is not installed (pip install -e .[bench]): our side alone.", file=sys.stderr)
    names = [name for name in CASES if name in given.only.split(",")]
    changes = QUICK if given.quick else {} if given.rows is None else {"rows": given.rows}
    for figure in figures(names, 1 if given.quick else given.repeats, changes):
        tell(figure, as_json=given.as_json)
    for figure in clicks() if given.clicks else ():
        tell(figure, as_json=given.as_json)


if __name__ == "__main__":
    main()
