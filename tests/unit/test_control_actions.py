"""The queue, one more training with one change, and a longer one, through the actions."""

import json

import pytest

from core.actions.again import NothingKept, SameRecipe
from core.actions.registry import Context, perform
from core.errors import NotFound
from core.jobs.refusals import CannotPause, NotWaiting
from core.sentence import Sentence
from core.training.recipe import Recipe
from core.training.rescue import rescue
from storage.rows import JobState, OwnerId
from tests.agreeing import agreed
from tests.unit.test_training_actions import project_with, workshop
from tests.unit.training_bench import recipe

__all__ = ["workshop"]


@pytest.fixture
def trained(workshop):
    context, project = project_with(workshop, ("apple", "pear", "plum"))
    card = perform(context, "recipe", {"project": project.id, "base_model": "tiny"})
    short = perform(context, "edit-recipe", {"recipe": card.toml, "changes": '{"num_train_epochs": 2, "evaluations": 3}'})
    _, run = agreed(context, "train", {"project": project.id, "recipe": short.toml})
    assert workshop.supervisor.wait(run.job, 200).state is JobState.DONE
    return context, project, run


def test_a_run_is_trained_on_and_again_with_one_change(workshop, trained):
    context, project, first = trained
    plan, longer = agreed(context, "train-longer", {"run": first.id, "rounds": 1})
    assert plan.seconds is not None
    plan, changed = agreed(context, "train-changed", {"run": first.id, "field": "learning_rate", "value": "0.0004"})
    assert "learning_rate = 0.0004" in str(plan.what)
    found = perform(context, "queue", {"project": project.id})
    assert [one.job.id for one in found][-1] == changed.job
    for run in (longer, changed):
        job = workshop.supervisor.wait(run.job, 200)
        assert job.state is JobState.DONE, job.error
    before, after, other = (perform(context, "run", {"run": run.id}) for run in (first, longer, changed))
    assert (after.run.split, other.run.split) == (before.run.split, before.run.split)
    curve = next(series for series in after.curves if series.name == "eval_loss")
    assert curve.steps[0] == 0
    assert curve.values[0] == pytest.approx(before.run.best_loss, abs=1e-5)
    assert after.run.best_loss <= before.run.best_loss + 1e-9
    assert other.recipe == before.recipe.model_copy(update={"learning_rate": 0.0004})
    assert perform(context, "queue", {"project": project.id}) == ()
    with pytest.raises(SameRecipe, match="already"):
        perform(context, "train-changed", {"run": first.id, "field": "learning_rate", "value": str(before.recipe.learning_rate)})
    with pytest.raises(CannotPause, match="done"):
        perform(context, "pause", {"run": first.id})
    with pytest.raises(NotWaiting):
        perform(context, "move-job", {"job": first.job})
    for verb, more in (("train-longer", {}), ("train-changed", {"field": "seed", "value": "3"}), ("pause", {})):
        with pytest.raises(NotFound):
            perform(Context(workshop, OwnerId("other")), verb, {"run": first.id, **more})


def test_the_queue_says_why_each_waits_and_is_put_in_another_order(workshop):
    context, project = project_with(workshop, ("apple", "pear", "plum"))
    toml = perform(context, "recipe", {"project": project.id, "base_model": "tiny"}).toml
    long = perform(context, "edit-recipe", {"recipe": toml, "changes": '{"num_train_epochs": 150, "early_stopping_patience": 999}'}).toml
    runs = [agreed(context, "train", {"project": project.id, "recipe": long, "name": name})[1] for name in ("one", "two", "three")]

    def order():
        return [(one.title, one.why.key) for one in perform(context, "queue", {"project": project.id})]

    assert order() == [("one", "queue.at_work"), ("two", "queue.next"), ("three", "queue.waits")]
    perform(context, "move-job", {"job": runs[2].job, "to": "up"})
    assert [name for name, _ in order()] == ["one", "three", "two"]
    perform(context, "move-job", {"job": runs[2].job, "to": "up"})  # nobody passes what runs
    assert [name for name, _ in order()] == ["one", "three", "two"]
    perform(context, "pause", {"run": runs[1].id})
    assert order() == [("one", "queue.at_work"), ("three", "queue.next"), ("two", "queue.paused")]
    for verb, values in (("queue", {"project": project.id}), ("move-job", {"job": runs[2].job})):
        with pytest.raises(NotFound):
            perform(Context(workshop, OwnerId("other")), verb, values)
    with pytest.raises(NothingKept):
        perform(context, "train-longer", {"run": runs[1].id})
    for run in (runs[1], runs[2], runs[0]):
        perform(context, "stop", {"project": project.id, "job": run.job})
    assert {workshop.supervisor.wait(run.job, 100).state for run in runs} == {JobState.STOPPED}


def test_what_broke_off_offers_one_change_that_would_help():
    used = recipe(per_device_train_batch_size=15, gradient_accumulation_steps=2)
    assert rescue("LossNotFinite", used).changes == {"learning_rate": 1e-3}
    assert rescue("OutOfMemory", used).changes == {"per_device_train_batch_size": 5, "gradient_accumulation_steps": 6}
    few = recipe(per_device_train_batch_size=5)
    assert rescue("OutOfMemory", few).changes == {"activation_checkpointing": True}
    twice = few.model_copy(update={"activation_checkpointing": True})
    assert rescue("OutOfMemory", twice).changes == {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 5}
    assert rescue("OutOfMemory", twice.model_copy(update={"per_device_train_batch_size": 1})) is None
    assert rescue("DiskFull", used) is None
    for error in ("LossNotFinite", "OutOfMemory"):
        offer = rescue(error, used)
        assert isinstance(offer.said, Sentence)
        assert Recipe.of({**used.model_dump(), **offer.changes})


def test_an_old_recipe_is_still_read_and_keeps_by_the_validation_loss():
    assert Recipe.from_toml('task = "generation"\n').metric_for_best_model == "eval_loss"
    assert json.loads(Recipe(task="generation").model_dump_json())["recipe_version"] == 1
