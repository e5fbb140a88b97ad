"""Every method on banking77 with the starter, in one table: `python -m tests.bench.methods [--quick] [--json] [--data DIR] [--only NAME,NAME]`.

Each trains with the Quick preset's recipe, with its own learning rate, and is judged on the official test rows. --quick takes 500 rows and a few steps,
and judges nothing. Seconds are those of this machine as it stands: leave it alone meanwhile.
"""

import argparse
import json
import tempfile
from itertools import islice
from pathlib import Path

from core.quiet import be_quiet
from tests.bench.figures import Figure, tell
from tests.bench.journey import DATA, Walk

QUICK_ROWS = 500
QUICK = {"num_train_epochs": 0.2, "evaluations": 2, "per_device_train_batch_size": 16}


def measured(walk: Walk, name: str, *, quick: bool) -> list[Figure]:
    """Loss before and after (validation rows are not asked before the first step, so 'before' is that of the first batch), test metric, share, time, memory."""
    from core.jobs.events import MetricPoint, Resource, from_lines
    from core.jobs.handle import EVENTS_FILE
    from core.models.installed import starter
    from core.models.load import parameters_of
    from core.training.keeping import MODEL_FOLDER
    from storage import jobs
    from storage.rows import JobId

    preset = walk.do("recipe", {"project": walk.project, "preset": "quick"}).toml
    changes = {"method": name, **(QUICK if quick else {})}
    recipe = walk.do("edit-recipe", {"recipe": preset, "changes": json.dumps(changes)}).toml if quick or name != "full" else preset
    run = walk.do("train", {"project": walk.project, "recipe": recipe, "name": name})
    seconds = walk.ended(run.job)
    folder = Path(jobs.find(walk.workshop.store, JobId(run.job)).folder)
    events = [event for event, _ in from_lines((folder / EVENTS_FILE).read_bytes())]
    points = [event for event in events if isinstance(event, MetricPoint)]
    losses = [event.value for event in points if event.name == "loss"]
    asked = [event.value for event in points if event.name == "eval_loss"]
    memory = max((event.rss_bytes for event in events if isinstance(event, Resource)), default=0)
    share = parameters_of(folder / MODEL_FOLDER) / parameters_of(starter())
    figures = [
        Figure(f"{name}: loss before", losses[0], ""),
        Figure(f"{name}: loss after", min(asked), "", "before", min(asked) / losses[0]),
        Figure(f"{name}: kept share of the weights", share, ""),
        Figure(f"{name}: training", seconds, "s"),
        Figure(f"{name}: peak memory", memory / 1e6, "MB"),
    ]
    return figures if quick else [*figures, *_judged(walk, run.id, name)]


def _judged(walk: Walk, run: str, name: str) -> list[Figure]:
    walk.ended(walk.do("evaluate", {"run": run}).id)
    document = walk.do("verdict", {"verdict": run}).document
    tuned = next(one for one in document.candidates if one.name == "tuned")
    assert tuned.headline is not None
    return [Figure(f"{name}: accuracy", float(tuned.headline.value), f"of {document.rows:,}")]


def main() -> None:
    from core.methods.base import methods

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", default=",".join(methods()), help="names of methods, with commas between")
    given = parser.parse_args()
    be_quiet()
    with tempfile.TemporaryDirectory() as temporary:
        walk = Walk(Path(temporary) / "home")
        try:
            rows = given.data / "banking77-train.csv"
            if given.quick:
                rows = Path(temporary) / "some.csv"
                with (given.data / "banking77-train.csv").open(encoding="utf-8") as whole:
                    lines = whole.readlines()
                rows.write_text("".join([lines[0], *islice(lines[1:], 0, None, max(1, len(lines) // QUICK_ROWS))]), encoding="utf-8")
            walk.bring(rows)
            if not given.quick:
                walk.bring(given.data / "banking77-test.csv", sealed=True)
            dataset = walk.do("datasets", {"project": walk.project})[0]
            walk.do("split", {"dataset": dataset.id})
            walk.do("choose-task", {"project": walk.project, "task": "classification"})
            for name in given.only.split(","):
                for figure in measured(walk, name, quick=given.quick):
                    tell(figure, as_json=given.as_json)
        finally:
            walk.workshop.close()


if __name__ == "__main__":
    main()
