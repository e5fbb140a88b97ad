"""Erasing a person after a whole way from import to verdict: no file that the jobs left names them."""

import os
from pathlib import Path

import pytest

from core.actions.registry import Context, perform
from core.home import Home
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage import jobs, projects
from storage.rows import LIVE, LOCAL_OWNER, JobState
from tests.agreeing import agreed, done
from tests.unit.test_erasing_packed import NAME, holding
from tests.unit.training_bench import tiny_model
from tests.unit.update_bench import FRUIT, imported


@pytest.mark.long
def test_no_file_of_a_finished_training_and_evaluation_names_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "OMP_WAIT_POLICY", "PASSIVE")
    with Workshop.open(Home(tmp_path / "home")) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        project = perform(context, "create-project", {"name": "Fruit"}).id
        tiny_model(workshop.home.models / "tiny")
        rows = [(f"{NAME} orders {number} of {FRUIT[number % 3]}" if number % 2 else f"order {number}", FRUIT[number % 3]) for number in range(40)]
        dataset = imported(context, project, rows)
        (workshop.home.root / "first.csv").unlink()  # what the test itself left beside the database
        perform(context, "split", {"dataset": dataset.id, "test_share": 0.3})
        recipe = Recipe(task="classification", base_model="tiny", num_train_epochs=1, evaluations=2, max_length=96)
        run = done(context, "train", {"project": project, "recipe": recipe.to_toml()})
        _ended(workshop, project)
        done(context, "evaluate", {"run": run.id})
        version = perform(context, "versions", {"dataset": dataset.id})[0].version
        perform(context, "export-version", {"version": version.id, "format": "parquet"})
        _ended(workshop, project)
        projects.say(workshop.store, project, "person", f"Who is {NAME}?")
        perform(context, "save-project", {"project": project})
        perform(context, "backup", {})
        workshop.store.checkpoint()
        before = set(holding(workshop.home.root))
        assert {"rows.parquet", "answers.parquet", "pinned.jsonl", "export.zip", "first.csv"} <= before
        _, erased = agreed(context, "erase-person", {"text": NAME, "backups": True})
        assert holding(workshop.home.root) == []
        assert [model.name for model in erased.models] == [run.name]


def _ended(workshop: Workshop, project: str) -> None:
    while live := [job for job in jobs.of_project(workshop.store, project) if job.state in LIVE]:
        workshop.supervisor.wait(live[0].id, 240)
    assert {job.state for job in jobs.of_project(workshop.store, project)} == {JobState.DONE}
