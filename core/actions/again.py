"""Training once more from a run: the same with one change, or on from what it kept."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from pydantic import Field

from core.actions.evaluate import split_of
from core.actions.method import EditRecipeRequest, edit_recipe
from core.actions.registry import Context, Plan, Request, action
from core.actions.run import run_of
from core.actions.train import STOP_ANYTIME, Checked, TrainRequest, check_fit, checked, estimated, start_run
from core.errors import BadValue, UserError
from core.sentence import Sentence
from core.training.keeping import kept_model
from core.training.recipe import Recipe
from core.training.settings import START_FOLDER
from storage import jobs
from storage.files import sha256_of
from storage.rows import Job, JobState, Run

_EXAMPLE_ID = "abcdefghijklm"
_MOST_NAME = 120


class NothingKept(UserError):
    """The run has no weights to go on from."""

    sentence = "'{run}' kept no weights, so there is nothing to train on from. Train again with one change instead. Nothing was started."
    status = 409

    def __init__(self, *, run: str) -> None:
        super().__init__(run=run)


class SameRecipe(UserError):
    """The change changes nothing."""

    sentence = "'{run}' was trained with {field} = {value} already, so the second run would be the same. Choose another value. Nothing was started."
    status = 409

    def __init__(self, *, run: str, field: str, value: str) -> None:
        super().__init__(run=run, field=field, value=value)


class ChangeRequest(Request):
    run: str = Field(description="The run that is repeated.")
    field: str = Field(max_length=80, description="The one field of its recipe that changes, such as learning_rate or method_options.r.")
    value: str = Field(max_length=400, description="Its new value, as it stands in a recipe.")
    name: str | None = Field(None, min_length=1, max_length=_MOST_NAME, description="What the new run is called.")


class LongerRequest(Request):
    run: str = Field(description="A run that has ended.")
    rounds: float | None = Field(None, gt=0, le=200, description="How many rounds more; without it, half of what it had.")
    name: str | None = Field(None, min_length=1, max_length=_MOST_NAME, description="What the new run is called.")


def plan_change(context: Context, request: ChangeRequest) -> Plan:
    run, asked = _changed(context, request)
    before = _value(Recipe.from_toml(run.recipe), request.field)
    facts = {"run": run.name, "field": request.field, "before": str(before), "after": request.value.strip()}
    english = "Train again as '{run}' was, on the same rows, with {field} = {after} in place of {before}."
    return _plan(context, run, asked, Sentence("train_changed", english, facts))


@action("train-changed", request=ChangeRequest, sentence="Train again as a run was, on the same rows, with one change.", costs=True,
        undo="Stop at any time; the first run stays as it is.", plan=plan_change,
        example={"run": _EXAMPLE_ID, "field": "learning_rate", "value": "0.0005"})  # fmt: skip
def train_changed(context: Context, request: ChangeRequest) -> Run:
    """The new run differs from the first in one field, so what is different in its curves comes from there. Raises SameRecipe."""
    run, asked = _changed(context, request)
    check_fit(context, asked)
    name = request.name or f"{run.name}, {request.field} {request.value.strip()}"[:_MOST_NAME]
    return start_run(context, asked, split_of(context, run), name)


def plan_longer(context: Context, request: LongerRequest) -> Plan:
    run, asked = _longer(context, request)
    facts = {"run": run.name, "rounds": asked.recipe.num_train_epochs, "rate": asked.recipe.learning_rate, "step": run.best_step or 0}
    english = (
        "Train on from what '{run}' kept (step {step:,}), {rounds:g} rounds more on the same rows, with half its learning rate ({rate:exact}). "
        "If nothing gets better, those weights stay the best. '{run}' stays as it is."
    )
    return _plan(context, run, asked, Sentence("train_longer", english, facts))


@action("train-longer", request=LongerRequest, sentence="Train on from what a run kept, for some rounds more.", costs=True,
        undo="Stop at any time; the first run stays as it is.", plan=plan_longer, example={"run": _EXAMPLE_ID, "rounds": 2})  # fmt: skip
def train_longer(context: Context, request: LongerRequest) -> Run:
    """A run of its own, whose first evaluation is that of the weights it starts from. Half the rate: at the full one it would first unlearn a part
    (warm restarts, Loshchilov & Hutter 2017, arXiv:1608.03983). Raises NothingKept."""
    run, asked = _longer(context, request)
    check_fit(context, asked)
    job = context.workshop.supervisor.job(run.job)
    name = request.name or f"{run.name}, longer"[:_MOST_NAME]
    return start_run(context, asked, split_of(context, run), name, goes_on_from=run.name, more=lambda folder: _start(job, folder))


def _changed(context: Context, request: ChangeRequest) -> tuple[Run, Checked]:
    run = run_of(context, request.run)
    recipe = Recipe.from_toml(run.recipe)
    field, _, inner = request.field.partition(".")
    value = _read(request.value)
    if inner:
        value = {**_options(recipe, field), inner: value}
    card = edit_recipe(context, EditRecipeRequest(recipe=run.recipe, changes=json.dumps({field: value})))
    if card.recipe == recipe:
        raise SameRecipe(run=run.name, field=request.field, value=request.value.strip())
    return run, checked(context, TrainRequest(project=run.project, dataset=run.dataset, recipe=card.toml))


def _longer(context: Context, request: LongerRequest) -> tuple[Run, Checked]:
    run = run_of(context, request.run)
    if kept_model(Path(context.workshop.supervisor.job(run.job).folder)) is None:
        raise NothingKept(run=run.name)
    before = Recipe.from_toml(run.recipe)
    rounds = request.rounds or max(1.0, round(before.num_train_epochs / 2, 2))
    asked_less = max(3, round(before.evaluations * rounds / before.num_train_epochs))
    recipe = before.model_copy(
        update={
            "num_train_epochs": rounds, "max_steps": None, "learning_rate": float(f"{before.learning_rate / 2:.3g}"),
            "evaluations": min(before.evaluations, asked_less),
        }
    )  # fmt: skip
    return run, checked(context, TrainRequest(project=run.project, dataset=run.dataset, recipe=recipe.to_toml()))


def _plan(context: Context, run: Run, asked: Checked, what: Sentence) -> Plan:
    """What it takes is what the first run took, by the rounds."""
    job = jobs.find(context.workshop.store, run.job)
    found = estimated(context, asked)
    rounds = asked.recipe.num_train_epochs / Recipe.from_toml(run.recipe).num_train_epochs
    seconds = job.took_s * rounds if job.state is JobState.DONE and job.took_s is not None else None
    return Plan(what, seconds, found.disk_bytes, STOP_ANYTIME)


def _start(job: Job, folder: Path) -> dict[str, str]:
    """The kept weights beside the rows. They are never written in place, so a second name for the same bytes is as good as a copy."""
    source, target = Path(job.folder) / "model", folder / START_FOLDER
    target.mkdir()
    hashes = {}
    for file in sorted(one for one in source.iterdir() if one.is_file()):
        try:
            os.link(file, target / file.name)
        except OSError:
            shutil.copyfile(file, target / file.name)
        hashes[f"{START_FOLDER}/{file.name}"] = sha256_of(target / file.name)
    return hashes


def _options(recipe: Recipe, field: str) -> dict[str, Any]:
    found = getattr(recipe, field, None)
    if not isinstance(found, dict):
        raise BadValue(field=field, value="", why=Sentence("bad.no_fields", "it has no fields of its own"))
    return found


def _value(recipe: Recipe, field: str) -> Any:
    name, _, inner = field.partition(".")
    found = recipe.model_dump(mode="json").get(name)
    return found.get(inner) if inner and isinstance(found, dict) else found


def _read(text: str) -> Any:
    """As JSON where it is some, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
