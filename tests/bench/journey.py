"""The whole path on banking77, measured: `python -m tests.bench.journey [--quick] [--json] [--data DIR] [--home DIR]`.

Trains on the 10,003 rows with the Quick preset, judges on the 3,080 official test rows, exports fp32 and int4. --quick walks the same path on
the support-desk sample with a short recipe.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.quiet import be_quiet
from tests.bench.figures import Figure, tell

DATA = Path(os.environ.get("BOTTEGA_TEST_DATA", Path(__file__).parents[3] / "shared/data"))

SHORT = '{"num_train_epochs": 1, "evaluations": 1}'


class Walk:
    """One workshop, walked through by its actions, with what each step took."""

    def __init__(self, home: Path) -> None:
        from core.actions.registry import Context
        from core.home import Home
        from core.workshop import Workshop
        from storage.rows import LOCAL_OWNER

        self.workshop = Workshop.open(Home(home).prepare())
        self.context = Context(self.workshop, LOCAL_OWNER)
        self.project = self.do("create-project", {"name": "bench"}).id

    def do(self, verb: str, values: Mapping[str, Any]) -> Any:
        """As a person who agrees to every plan."""
        from tests.agreeing import done

        return done(self.context, verb, values)

    def ended(self, job: str) -> float:
        """Wait for a job and give its seconds. Raises RuntimeError when it did not end well."""
        from storage.rows import LIVE, JobId, JobState

        while (now := self.workshop.supervisor.wait(JobId(job), 5)).state in LIVE:
            pass
        if now.state is not JobState.DONE or now.started_at is None or now.ended_at is None:
            raise RuntimeError(f"{now.kind} ended as {now.state}: {now.error}")
        return (now.ended_at - now.started_at).total_seconds()

    def bring(self, file: Path, *, sealed: bool = False) -> None:
        from storage.rows import LOCAL_OWNER

        upload = self.workshop.take_upload(LOCAL_OWNER, file.name, file)
        self.ended(self.do("import", {"upload": upload.id, "project": self.project, "sealed": sealed}).id)


def measured(walk: Walk, *, quick: bool) -> list[Figure]:
    """Split, train, evaluate and export what was brought. Quick: one round, one small export, few rows in its check."""
    dataset = walk.do("datasets", {"project": walk.project})[0]
    walk.do("split", {"dataset": dataset.id})
    walk.do("choose-task", {"project": walk.project, "task": "classification"})
    recipe = walk.do("recipe", {"project": walk.project, "preset": "quick"}).toml
    if quick:
        recipe = walk.do("edit-recipe", {"recipe": recipe, "changes": SHORT}).toml
    clicked = time.perf_counter()
    run = walk.do("train", {"project": walk.project, "recipe": recipe})
    first = first_point(walk, run.id, clicked)
    figures = [Figure("click to first loss point", first, "s", goal="at most 12 s")]
    figures.append(Figure("the Quick run", walk.ended(run.job) / 60, "min", goal="at most 10 min on banking77"))
    figures += _judged(walk, run.id)
    for precision in ("int4",) if quick else ("fp32", "int4"):
        figures += _exported(walk, run.id, precision, 10 if quick else None)
    return figures


def first_point(walk: Walk, run: str, clicked: float) -> float:
    from storage import runs
    from storage.rows import LIVE, JobId, RunId

    job = runs.get(walk.workshop.store, walk.context.actor, RunId(run))
    assert job is not None
    while not runs.points_after(walk.workshop.store, RunId(run)):
        if walk.workshop.supervisor.wait(JobId(job.job), 0.1).state not in LIVE:
            raise RuntimeError("the training ended without a point")
    return time.perf_counter() - clicked


def _judged(walk: Walk, run: str) -> list[Figure]:
    seconds = walk.ended(walk.do("evaluate", {"run": run}).id)
    document = walk.do("verdict", {"verdict": run}).document
    found = [Figure("evaluation", seconds, "s")]
    classic = next((one for one in document.candidates if one.name == "classic"), None)
    for one in document.candidates:
        value = _headline(one)
        ratio = value / _headline(classic) if classic is not None and one.name == "tuned" else None
        goal = "above the classic method" if one.name == "tuned" else ""
        found.append(Figure(f"accuracy, {one.name}", value, f"of {document.rows:,}", "classic" if ratio else None, ratio, goal))
    return found


def _headline(candidate: Any) -> float:
    return float(candidate.headline.value) if candidate.headline is not None else float("nan")


def _exported(walk: Walk, run: str, precision: str, max_rows: int | None) -> list[Figure]:
    from core.export.certificate import Certificate

    seconds = walk.ended(walk.do("export", {"run": run, "precision": precision, "max_rows": max_rows}).id)
    package = walk.do("packages", {"project": walk.project})[0]
    found = Certificate.model_validate_json(package.certificate).findings
    assert found.logits is not None and found.answers is not None and found.speed is not None  # noqa: PT018
    figures = [
        Figure(f"{precision}: export", seconds, "s"),
        Figure(f"{precision}: package", package.size_bytes / 1e6, "MB"),
        Figure(f"{precision}: largest logit difference", found.logits.largest, "", goal="at most 1e-4" if precision == "fp32" else ""),
        Figure(f"{precision}: metric loss", found.metric_loss_points, "points", goal="at most 1 point"),
        Figure(f"{precision}: equal answers", found.answers.equal, f"of {found.answers.rows:,}"),
        Figure(f"{precision}: tokens a second", found.speed.exported, "1/s", "transformers", found.speed.exported / found.speed.tuned),
    ]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    be_quiet()
    with tempfile.TemporaryDirectory() as temporary:
        walk = Walk(given.home or Path(temporary))
        try:
            if given.quick:
                walk.ended(walk.do("sample", {"project": walk.project}).id)
            else:
                walk.bring(given.data / "banking77-train.csv")
                walk.bring(given.data / "banking77-test.csv", sealed=True)
            for figure in measured(walk, quick=given.quick):
                tell(figure, as_json=given.as_json)
        finally:
            walk.workshop.close()


if __name__ == "__main__":
    main()
