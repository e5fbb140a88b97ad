"""A workshop with a project whose run has a trained (tiny) model, ready to export."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from core.actions.registry import Context, perform
from core.data.split import SplitPlan, freeze
from core.export.kind import KINDS
from core.home import Home
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage import datasets, jobs, projects, runs
from storage.bulk.importing import import_parquet
from storage.files import Manifest
from storage.rows import LOCAL_OWNER, JobState, Project, Run
from tests.agreeing import done
from tests.unit.export_help import LABELS, QUESTIONS, tiny_model


@dataclass(frozen=True)
class Trained:
    """`run` is done; its model lies where a training keeps it."""

    workshop: Workshop
    project: Project
    run: Run

    @property
    def context(self) -> Context:
        return Context(self.workshop, LOCAL_OWNER)

    @property
    def model_folder(self) -> Path:
        return Path(jobs.find(self.workshop.store, self.run.job).folder) / "model"

    def ask(self, verb: str, **values: Any) -> Any:
        return perform(self.context, verb, values)

    def approved(self, verb: str, **values: Any) -> Any:
        """As a person who sees the plan and says yes."""
        return done(self.context, verb, values)


@contextmanager
def trained(folder: Path) -> Iterator[Trained]:
    home = Home(folder / "home")
    with Workshop.open(home, kinds=KINDS) as workshop:
        store = workshop.store
        project = projects.create(store, LOCAL_OWNER, "Support")
        dataset = datasets.create(store, LOCAL_OWNER, project.id, "tickets", "text_label", ("text", "label"))
        import_parquet(store, dataset.id, _rows(home.root / "rows.parquet"), sealed=False)
        split = freeze(store, dataset.id, SplitPlan(), sealed_test=True)
        job = jobs.create(store, LOCAL_OWNER, project.id, "train", folder=str(home.runs / "training"), subject="run")
        model = tiny_model(home.runs / "training" / "model", "llama")
        model.save()
        Manifest.write(model.folder)
        jobs.set_state(store, job.id, JobState.DONE)
        recipe = Recipe(task="classification").to_toml()
        run = runs.create(
            store, LOCAL_OWNER, project.id, dataset=dataset.id, version=split.version, split=split.id, job=job.id, name="Quick 1", recipe=recipe
        )
        yield Trained(workshop, project, run)


def _rows(path: Path) -> Path:
    rows = []
    for number in range(80):
        question, label = f"{QUESTIONS[number % len(QUESTIONS)]} ({number})", LABELS[number % len(LABELS)]
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": label}]
        row = {"messages": json.dumps(turns), "question": question, "answer": label, "source": "tickets.csv", "row": number + 1, "original": "{}"}
        rows.append(row)
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path
