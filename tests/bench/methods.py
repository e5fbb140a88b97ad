"""Every method on banking77 and restaurant8k with the starter, in one table.

`python -m tests.bench.methods [--quick] [--json] [--data DIR] [--only NAME,NAME] [--sets NAME,NAME] [--steps N] [--test-rows N]`

Each method trains with the Quick preset's recipe and its own learning rate, and is judged on the official test rows. `--steps` and `--test-rows` cap both,
for all methods alike, where the whole would take hours. --quick takes a few hundred rows, a few steps and three methods, and judges nothing. Seconds are those of this
machine as it stands: leave it alone meanwhile.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.quiet import be_quiet
from tests.bench.figures import Figure, tell
from tests.bench.journey import DATA, Walk

QUICK_ROWS = 300
QUICK = {"max_steps": 3, "evaluations": 1, "per_device_train_batch_size": 8}
QUICK_METHODS = {"banking77": ("full", "lora", "bottleneck"), "restaurant8k": ("lora",)}


@dataclass(frozen=True)
class Rows:
    """A data set with its official test rows, and what a model is to do with it."""

    name: str
    task: str
    train: str
    test: str


SETS = (
    Rows("banking77", "classification", "banking77-train.csv", "banking77-test.csv"),
    Rows("restaurant8k", "extraction", "restaurant8k-train.jsonl", "restaurant8k-test.jsonl"),
)


@dataclass(frozen=True)
class Caps:
    """Less than the whole: optimiser steps of a training, test rows of an evaluation (None: as the preset and the product say)."""

    steps: int | None
    test_rows: int | None

    def changes(self) -> dict[str, Any]:
        return {} if self.steps is None else {"max_steps": self.steps, "evaluations": 2}


@dataclass(frozen=True)
class Measured:
    """A row of the table. `before` is the loss of the first batch, `after` the lowest one on validation rows; both are mean token losses. `seconds` are the
    whole job's, with its start; `memory_bytes` the most that a sample of its process found. What was estimated before counts on all steps: a training that
    stops early is quicker."""

    rows: str
    method: str
    before: float
    after: float
    metric: str
    value: float | None
    test_rows: int
    share: float
    seconds: float
    memory_bytes: int
    estimated_seconds: float
    estimated_bytes: int

    def figures(self) -> Iterator[Figure]:
        name = f"{self.rows}, {self.method}"
        yield Figure(f"{name}: loss before (first batch)", self.before, "")
        yield Figure(f"{name}: loss after (lowest on validation rows)", self.after, "", "before", self.after / self.before)
        if self.value is not None:
            yield Figure(f"{name}: {self.metric}", self.value, f"of {self.test_rows:,}")
        yield Figure(f"{name}: share of the weights", self.share, "")
        yield Figure(f"{name}: the training's whole job", self.seconds, "s")
        yield Figure(f"{name}: highest sample of memory", self.memory_bytes / 1e6, "MB")
        seconds, memory = self.off()
        yield Figure(f"{name}: estimate of the seconds", self.estimated_seconds, "s", "what it took", seconds, "0.7x to 1.3x")
        yield Figure(f"{name}: estimate of the memory", self.estimated_bytes / 1e6, "MB", "the highest sample", memory, "0.75x to 1.25x")

    def off(self) -> tuple[float, float]:
        """How many times what it was the estimate of seconds and of memory was."""
        return self.estimated_seconds / self.seconds, self.estimated_bytes / self.memory_bytes


def measured(walk: Walk, rows: Rows, name: str, caps: Caps, *, quick: bool) -> Measured:
    """Train, and judge unless `quick`."""
    from core.jobs.events import MetricPoint, Resource, from_lines
    from core.jobs.handle import EVENTS_FILE
    from storage import jobs
    from storage.rows import JobId

    preset = walk.do("recipe", {"project": walk.project, "preset": "quick"}).toml
    changes = {"method": name, **(QUICK if quick else caps.changes())}
    wanted = {"project": walk.project, "recipe": walk.do("edit-recipe", {"recipe": preset, "changes": json.dumps(changes)}).toml}
    walk.ended(walk.do("probe", wanted).id)
    estimate = walk.do("estimate", wanted).estimate
    run = walk.do("train", wanted)
    seconds = walk.ended(run.job)
    folder = Path(jobs.find(walk.workshop.store, JobId(run.job)).folder)
    events = [event for event, _ in from_lines((folder / EVENTS_FILE).read_bytes())]
    points = [event for event in events if isinstance(event, MetricPoint)]
    metric, value, asked = ("", None, 0) if quick else _judged(walk, run.id, caps)
    return Measured(
        rows=rows.name,
        method=name,
        before=next(point.value for point in points if point.name == "loss"),
        after=min(point.value for point in points if point.name == "eval_loss"),
        metric=metric,
        value=value,
        test_rows=asked,
        share=_share(folder),
        seconds=seconds,
        memory_bytes=max(event.rss_bytes for event in events if isinstance(event, Resource)),
        estimated_seconds=estimate.seconds,
        estimated_bytes=estimate.memory_bytes,
    )


def _share(folder: Path) -> float:
    """What is kept of what was learned, against the base's weights."""
    from core.models.installed import starter
    from core.models.load import parameters_of
    from core.training.keeping import MODEL_FOLDER

    return parameters_of(folder / MODEL_FOLDER) / parameters_of(starter())


def _judged(walk: Walk, run: str, caps: Caps) -> tuple[str, float, int]:
    walk.ended(walk.do("evaluate", {"run": run, **({} if caps.test_rows is None else {"max_rows": caps.test_rows})}).id)
    document = walk.do("verdict", {"verdict": run}).document
    tuned = next(one for one in document.candidates if one.name == "tuned")
    assert tuned.headline is not None
    return tuned.headline.name, float(tuned.headline.value), document.rows


def bring(walk: Walk, rows: Rows, data: Path, temporary: Path, *, quick: bool) -> None:
    """The rows in a project of their own, split and with their task said. Quick: one row in so many, and no test rows."""
    walk.project = walk.do("create-project", {"name": rows.name}).id
    file = data / rows.train
    if quick:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        head = 1 if file.suffix == ".csv" else 0
        file = temporary / f"some{file.suffix}"
        file.write_text("".join([*lines[:head], *islice(lines[head:], 0, None, max(1, len(lines) // QUICK_ROWS))]), encoding="utf-8")
    walk.bring(file)
    if not quick:
        walk.bring(data / rows.test, sealed=True)
    walk.do("split", {"dataset": walk.do("datasets", {"project": walk.project})[0].id})
    walk.do("choose-task", {"project": walk.project, "task": rows.task})


def table(found: Sequence[Measured]) -> str:
    """Markdown, a line a method."""
    heads = (
        "rows", "method", "loss of first batch", "lowest validation loss", "test metric", "share of weights", "seconds of job", "memory MB, highest sample",
        "estimate of seconds", "estimate of memory",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for one in found:
        metric = "" if one.value is None else f"{one.metric} {one.value:.3f} (of {one.test_rows:,})"
        cells = (one.rows, one.method, f"{one.before:.3f}", f"{one.after:.3f}", metric, f"{one.share:.2%}", f"{one.seconds:.0f}",
                 f"{one.memory_bytes / 1e6:.0f}", *(f"{off:.2f}x" for off in one.off()))  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    from core.methods.base import methods

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", default=",".join(methods()), help="names of methods, with commas between")
    parser.add_argument("--sets", default=",".join(one.name for one in SETS), help="names of data sets, with commas between")
    parser.add_argument("--steps", type=int, help="at most so many optimiser steps, with the schedule made for them")
    parser.add_argument("--test-rows", type=int, help="ask only so many of the test rows, the same for all")
    given = parser.parse_args()
    be_quiet()
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as temporary:
        walk = Walk(Path(temporary) / "home")
        try:
            for rows in (one for one in SETS if one.name in given.sets.split(",")):
                bring(walk, rows, given.data, Path(temporary), quick=given.quick)
                for name in QUICK_METHODS[rows.name] if given.quick else given.only.split(","):
                    found.append(measured(walk, rows, name, Caps(given.steps, given.test_rows), quick=given.quick))
                    for figure in found[-1].figures():
                        tell(figure, as_json=given.as_json)
        finally:
            walk.workshop.close()
    if not given.as_json:
        print(table(found))


if __name__ == "__main__":
    main()
