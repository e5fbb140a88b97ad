"""A search through the actions, with a real store, a real supervisor and a tiny real model."""

import pytest

from core.actions.registry import Context, perform
from core.actions.search import NoWinner
from core.errors import NotFound
from core.models.installed import find
from core.search.ranges import CannotTry
from core.training.recipe import Recipe
from storage import jobs, runs
from storage.rows import LOCAL_OWNER, JobState, OwnerId
from tests.agreeing import agreed
from tests.unit.search_bench import search_folder
from tests.unit.test_training_actions import project_with, workshop

__all__ = ["workshop"]


def short_recipe(context, project):
    whole = perform(context, "recipe", {"project": project.id, "base_model": "tiny"}).toml
    return perform(context, "edit-recipe", {"recipe": whole, "changes": '{"num_train_epochs": 2, "evaluations": 3}'}).toml


def test_from_a_recipe_to_a_search_to_its_winner_as_a_run(workshop):
    context, project = project_with(workshop, ("apple", "pear", "plum"))
    recipe = short_recipe(context, project)
    proposal = perform(context, "search-ranges", {"project": project.id, "recipe": recipe})
    assert [found.name for found in proposal.ranges] == ["learning_rate", "per_device_train_batch_size"]
    assert "weight_decay" in proposal.others
    assert proposal.said.keys() == {*(found.name for found in proposal.ranges), *proposal.others}
    assert perform(context, "search-status", {"project": project.id}) is None
    plan, job = agreed(
        context, "search", {"project": project.id, "recipe": recipe, "trials": 3, "ranges": {"learning_rate": "1e-4…1e-2"}, "minutes": 5}
    )
    assert plan.seconds == 300
    assert "up to 3 combinations of learning_rate for 'tiny'" in str(plan.what)
    ended = workshop.supervisor.wait(job.id, 200)
    assert ended.state is JobState.DONE, ended.error
    status = perform(context, "search-status", {"project": project.id})
    assert [trial.number for trial in status.trials] == [1, 2, 3]
    assert status.start.values == {"learning_rate": Recipe.from_toml(recipe).learning_rate}
    assert status.winner.best == min(trial.best for trial in status.trials)
    plan, run = agreed(context, "train-winner", {"search": job.id})
    assert Recipe.from_toml(run.recipe).learning_rate == status.winner.values["learning_rate"]
    assert workshop.supervisor.wait(run.job, 120).state is JobState.DONE
    best = next(one.run.best_loss for one in perform(context, "runs", {"project": project.id}))
    assert best == pytest.approx(status.winner.best, abs=1e-6)
    proposal = perform(context, "search-ranges", {"project": project.id, "from_run": run.id})
    assert proposal.recipe == Recipe.from_toml(run.recipe)


def test_what_keeps_a_search_from_starting_is_said_before(workshop):
    context, project = project_with(workshop, ("apple", "pear"))
    values = {"project": project.id, "recipe": short_recipe(context, project)}
    with pytest.raises(CannotTry):
        perform(context, "search", {**values, "ranges": {"seed": "1, 2"}})
    with pytest.raises(NotFound):
        perform(context, "train-winner", {"search": "nosuchsearchx"})
    for verb in ("search", "search-ranges", "search-status"):
        with pytest.raises(NotFound):
            perform(Context(workshop, OwnerId("other")), verb, {"project": project.id})
    assert jobs.of_project(workshop.store, project.id) == []


def test_a_search_without_a_result_has_nothing_to_train(workshop):
    context, project = project_with(workshop, ("apple", "pear"))
    recipe = Recipe.from_toml(short_recipe(context, project))
    folder = search_folder(workshop.home.runs / "stopped", find("tiny", workshop.home), recipe)
    job = jobs.create(workshop.store, LOCAL_OWNER, project.id, "search", folder=str(folder), subject="x")
    jobs.set_state(workshop.store, job.id, JobState.STOPPED)
    with pytest.raises(NoWinner):
        perform(context, "train-winner", {"search": job.id})
    assert runs.of_project(workshop.store, project.id) == []
