"""What the tests of updates arrange: rows that were imported and cleaned, a model as a training leaves it, and the wait for a chain of jobs."""

import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.actions.registry import Context, perform
from core.actions.update import UpdateCard
from core.training.recipe import Recipe
from storage import datasets, jobs
from storage.bulk import splitting
from storage.rows import LOCAL_OWNER, Dataset, JobId, JobState, Run, UpdateStage, Upload
from tests.unit.kept_run import kept_run
from tests.unit.training_bench import tiny_model

MAPPING = {"shape": "text_label", "columns": {"text": "Testo", "label": "Categoria"}}
FRUIT = ("apple", "plum", "pear")
_LONGEST_S = 240
_BROKEN_OFF = (JobState.FAILED, JobState.STOPPED, JobState.LOST)


def upload(context: Context, name: str, rows: Sequence[tuple[str, str]], columns: tuple[str, str] = ("Testo", "Categoria")) -> Upload:
    path = context.workshop.home.root / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return context.workshop.take_upload(context.actor, name, path)


def imported(context: Context, project: str, rows: Sequence[tuple[str, str]], **more: Any) -> Dataset:
    job = perform(context, "import", {"project": project, "upload": upload(context, "first.csv", rows).id, "mapping": MAPPING, **more})
    assert context.workshop.supervisor.wait(job.id, 60).state is JobState.DONE
    found = datasets.get(context.workshop.store, LOCAL_OWNER, job.subject)
    assert found is not None
    return found


def fruit(count: int, start: int = 0) -> list[tuple[str, str]]:
    return [(f"order {number} of {FRUIT[number % 3]} please", FRUIT[number % 3]) for number in range(start, start + count)]


def trained(context: Context, dataset: Dataset, **recipe: Any) -> Run:
    """A run whose training was left out: a tiny model is what it has kept."""
    split = perform(context, "split", {"dataset": dataset.id, "test_share": 0.2})
    chosen = Recipe(task="classification", base_model="tiny", num_train_epochs=1, evaluations=1, max_length=64, **recipe)
    base = tiny_model(context.workshop.home.models / "tiny")
    return kept_run(context, dataset, split, chosen, base, lambda folder: tiny_model(folder, seed=1).save())


def newest(context: Context, project: str) -> UpdateCard:
    return perform(context, "updates", {"project": project}).cards[0]


def followed(context: Context, project: str, until: UpdateStage = UpdateStage.DONE) -> UpdateCard:
    """Wait from job to job until the newest update is at this stage and its job is there, or something keeps it from going on."""
    ends = time.monotonic() + _LONGEST_S
    while True:
        card = newest(context, project)
        there = card.update.stage is until and (until is UpdateStage.DONE or card.job is not None)
        if there or card.update.error is not None or (card.job is not None and card.job.state in _BROKEN_OFF):
            return card
        assert time.monotonic() < ends, f"the update stays at {card.update.stage}"
        if card.job is not None:
            context.workshop.supervisor.wait(card.job.id, _LONGEST_S)


def parts_of(context: Context, split: str) -> dict[int, str]:
    return dict(context.workshop.store.read(None, "SELECT position, part FROM split_row WHERE split = ?", [split]))


def rows_of(context: Context, dataset: str) -> dict[int, tuple[str, str | None]]:
    sql = "SELECT position, question, answer FROM example WHERE dataset = ? AND gone IS NULL AND NOT erased"
    return {position: (question, answer) for position, question, answer in context.workshop.store.read(None, sql, [dataset])}


def split_of(context: Context, run: Run) -> Any:
    return splitting.get_split(context.workshop.store, LOCAL_OWNER, run.split)


def folder_of(context: Context, job: str) -> Path:
    return Path(jobs.find(context.workshop.store, JobId(job)).folder)
