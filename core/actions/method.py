"""Method: the task in plain words, a preset that becomes a recipe, and the recipe as it is edited."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from core.actions.data import dataset_of
from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.data.shapes.base import shape
from core.errors import BadValue, UserError
from core.methods.base import methods
from core.models.advice import advise_model
from core.models.installed import STARTER, find, shape_of
from core.sentence import Sentence
from core.tasks.base import task, tasks
from core.training.options import form_of, options_of
from core.training.presets import DataSize, ModelSize, Preset, recipe_for
from core.training.recipe import Recipe
from storage import datasets, projects
from storage.bulk import splitting
from storage.rows import Dataset, Project

_EXAMPLE_ID = "abcdefghijklm"
_USUAL_ANSWER = 4  # a usual answer is taken to be a fourth of the longest one
_TRAIN_SHARE = 0.8  # of the rows, while nothing was split


class NothingImported(UserError):
    """A project has no dataset to train on."""

    sentence = "'{project}' has no rows yet. Import a file or take the sample first. Nothing was started."
    status = 409

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)


@dataclass(frozen=True)
class TaskCard:
    """A task, for a form. `proposed` marks the one that the data's shape is mostly for."""

    name: str
    label: str
    explanation: str
    proposed: bool


@dataclass(frozen=True)
class MethodCard:
    """A method, for a form: `options` is the JSON schema of its own settings."""

    name: str
    label: str
    explanation: str
    merge: str
    options: dict[str, Any]


@dataclass(frozen=True)
class RecipeCard:
    """A recipe with what should be known of it. `toml` is the whole of it, `suited` says whether the model can do the task."""

    recipe: Recipe
    toml: str
    suited: bool
    advice: Sentence
    better_model: str | None


class TasksRequest(Request):
    project: str | None = Field(None, description="Propose the task that fits this project's data.")


class ChooseTaskRequest(Request):
    project: str = Field(description="The project.")
    task: str = Field(description="classification, extraction, generation or summarisation.")


class MethodsRequest(Request):
    pass


class RecipeRequest(Request):
    project: str = Field(description="The project.")
    preset: str = Field("quick", description="quick, balanced or thorough.")
    base_model: str = Field(STARTER, description="The model that learns.")
    dataset: str | None = Field(None, description="The rows to learn from; without it, the project's latest dataset.")


class EditRecipeRequest(Request):
    recipe: str = Field(description="The recipe as TOML.", max_length=20_000)
    changes: str = Field("{}", description='Fields to change, as JSON: {"learning_rate": 0.0005}.', max_length=20_000)


@action("tasks", request=TasksRequest, sentence="List what a model can be taught.", scope=Scope.READ, example={})
def list_tasks(context: Context, request: TasksRequest) -> tuple[TaskCard, ...]:
    proposed = task_of(context, project_of(context, request.project)) if request.project else None
    return tuple(TaskCard(one.name, one.label, one.explanation, one.name == proposed) for one in tasks().values())


@action("choose-task", request=ChooseTaskRequest, sentence="Say what the model is to learn.", undo="Choose another task.",
        example={"project": _EXAMPLE_ID, "task": "classification"})  # fmt: skip
def choose_task(context: Context, request: ChooseTaskRequest) -> Project:
    project = project_of(context, request.project)
    return projects.set_task(context.workshop.store, project.id, task(request.task).name)


@action("methods", request=MethodsRequest, sentence="List the methods of fine-tuning with their settings.", scope=Scope.READ, example={})
def list_methods(context: Context, request: MethodsRequest) -> tuple[MethodCard, ...]:
    return tuple(MethodCard(one.name, one.label, one.explanation, one.merge.value, form_of(one.name)) for one in methods().values())


@action("recipe", request=RecipeRequest, sentence="Turn a preset into a recipe for this project's data and a model.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID, "preset": Preset.QUICK.value})  # fmt: skip
def make_recipe(context: Context, request: RecipeRequest) -> RecipeCard:
    project = project_of(context, request.project)
    dataset = dataset_for(context, project, request.dataset)
    model = shape_of(find(request.base_model, context.workshop.home))
    size = ModelSize(model.name, model.parameters, model.context)
    return _card(context, recipe_for(task_of(context, project, dataset), request.preset, data_size(context, dataset), size))


@action("edit-recipe", request=EditRecipeRequest, sentence="Check a recipe, and change single fields of it.", scope=Scope.READ,
        example={"recipe": 'task = "classification"', "changes": '{"learning_rate": 0.0005}'})  # fmt: skip
def edit_recipe(context: Context, request: EditRecipeRequest) -> RecipeCard:
    """Raises BadRecipe, UnknownMethod, UnknownTask."""
    recipe = Recipe.from_toml(request.recipe)
    changed = Recipe.of({**recipe.model_dump(), **_changes(request.changes)})
    if changed.method != recipe.method and "method_options" not in _changes(request.changes):
        changed = changed.model_copy(update={"method_options": {}})
    return _card(context, changed)


def task_of(context: Context, project: Project, dataset: Dataset | None = None) -> str:
    """What was chosen, else what the data's shape is mostly for."""
    if project.task is not None:
        return project.task
    known = [dataset] if dataset is not None else datasets.of_project(context.workshop.store, project.id)
    return shape(known[0].shape).task if known else "classification"


def dataset_for(context: Context, project: Project, id: str | None) -> Dataset:
    """The named one, else the latest. Raises NotFound, NothingImported."""
    if id is not None:
        return dataset_of(context, id)
    found = datasets.of_project(context.workshop.store, project.id)
    if not found:
        raise NothingImported(project=project.name)
    return found[0]


def data_size(context: Context, dataset: Dataset) -> DataSize:
    store = context.workshop.store
    facts, split = datasets.facts(store, dataset.id), splitting.latest_split(store, dataset.id)
    rows = split.train if split is not None else int(_TRAIN_SHARE * (facts.answered - facts.sealed))
    usual = facts.median_question_chars + facts.max_answer_chars // _USUAL_ANSWER
    return DataSize(max(1, rows), usual, facts.max_question_chars + facts.max_answer_chars)


def _card(context: Context, recipe: Recipe) -> RecipeCard:
    task(recipe.task)
    recipe = recipe.model_copy(update={"method_options": options_of(recipe).model_dump(mode="json")})
    advice = advise_model(recipe.task, shape_of(find(recipe.base_model, context.workshop.home)))
    return RecipeCard(recipe, recipe.to_toml(), advice.suited, advice.said, advice.better.name if advice.better else None)


def _changes(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise BadValue(field="changes", value=text[:80], why=f"it is no JSON: {error}") from error
    if not isinstance(read, dict):
        raise BadValue(field="changes", value=text[:80], why="it must be an object of fields and values")
    return read
