"""Method: the task in plain words, a preset that becomes a recipe, and the recipe as it is edited."""

import json
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from core.actions.data import dataset_of
from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.data.layout import Layout
from core.data.shapes.base import shape
from core.errors import BadValue, UserError
from core.methods.base import Merge, Method, methods
from core.models.advice import advise_model
from core.models.fit import modest_memory_bytes, trainable
from core.models.installed import STARTER, Shape, find, shape_of
from core.sentence import Sentence
from core.tasks.base import task, tasks
from core.training.command import ANY_PROJECT, train_command
from core.training.head import check_head
from core.training.losses.base import loss_options_of
from core.training.options import form_of, options_of
from core.training.presets import DataSize, ModelSize, Preset, method_for, rate_of, recipe_for, why_method
from core.training.recipe import Recipe
from storage import datasets, layouts, projects
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


class PlaceHoldsAnswer(UserError):
    """A text template names the column from which the answers come."""

    sentence = (
        "The column '{name}' holds the answer itself: the model would read what it is to write, and answer nothing without it. "
        "Write {{answer}} where the answer stands, and leave {{{name}}} out. Nothing was changed."
    )

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


@dataclass(frozen=True)
class TaskCard:
    """A task, for a form. `proposed` marks the one that the data's shape is mostly for."""

    name: str
    label: str
    explanation: str
    proposed: bool


@dataclass(frozen=True)
class MethodCard:
    """A method, for a form: `options` is the JSON schema of its own settings, `when` says when it is the right one, `export` how it leaves
    (`usual_export`: put together with the base, as nearly all), `usual` whether it is for everybody.

    For a model that was named: `share` of its weights that learns (0 to 1), memory at the peak with a modest batch, whether this machine has it, and
    `why` the presets take this method (None where they take another).
    """

    name: str
    label: str
    explanation: str
    merge: str
    options: dict[str, Any]
    when: str
    paper: str
    export: Sentence
    usual: bool
    usual_export: bool
    share: float | None = None
    memory_bytes: int | None = None
    fits: bool | None = None
    why: Sentence | None = None


@dataclass(frozen=True)
class RecipeCard:
    """A recipe with what should be known of it. `toml` is the whole of it, `suited` says whether the model can do the task, `command` trains it."""

    recipe: Recipe
    toml: str
    suited: bool
    advice: Sentence
    better_model: str | None
    command: str


class TasksRequest(Request):
    project: str | None = Field(None, description="Propose the task that fits this project's data.")


class ChooseTaskRequest(Request):
    project: str = Field(description="The project.")
    task: str = Field(description="classification, extraction, generation or summarisation.")


class MethodsRequest(Request):
    base_model: str | None = Field(None, description="Say for this model how much of it learns, and what memory that takes.")


class RecipeRequest(Request):
    project: str = Field(description="The project.")
    preset: str = Field("quick", description="quick, balanced or thorough.")
    base_model: str = Field(STARTER, description="The model that learns.")
    dataset: str | None = Field(None, description="The rows to learn from; without it, the project's latest dataset.")


class EditRecipeRequest(Request):
    recipe: str = Field(description="The recipe as TOML.", max_length=20_000)
    changes: str = Field("{}", description='Fields to change, as JSON: {"learning_rate": 0.0005}.', max_length=20_000)
    project: str | None = Field(None, description="The project that the command is for.")


@action("tasks", request=TasksRequest, sentence="List what a model can be taught.", scope=Scope.READ, example={})
def list_tasks(context: Context, request: TasksRequest) -> tuple[TaskCard, ...]:
    proposed = task_of(context, project_of(context, request.project)) if request.project else None
    return tuple(TaskCard(one.name, one.label, one.explanation, one.name == proposed) for one in tasks().values())


@action("choose-task", request=ChooseTaskRequest, sentence="Say what the model is to learn.", undo="Choose another task.",
        example={"project": _EXAMPLE_ID, "task": "classification"})  # fmt: skip
def choose_task(context: Context, request: ChooseTaskRequest) -> Project:
    project = project_of(context, request.project)
    return projects.set_task(context.workshop.store, project.id, task(request.task).name)


@action("methods", request=MethodsRequest, sentence="List the methods of fine-tuning, and when each is the right one.", scope=Scope.READ, example={})
def list_methods(context: Context, request: MethodsRequest) -> tuple[MethodCard, ...]:
    """Raises ModelNotHere."""
    cards = tuple(
        MethodCard(
            one.name, one.label, one.explanation, one.merge.value, form_of(one.name), one.when, one.paper, export_of(one), one.is_usual,
            one.merge is not Merge.NEVER,
        )
        for one in methods().values()
    )  # fmt: skip
    if request.base_model is None:
        return cards
    model = shape_of(find(request.base_model, context.workshop.home))
    return tuple(_for_model(card, model) for card in cards)


@action("recipe", request=RecipeRequest, sentence="Turn a preset into a recipe for this project's data and a model.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID, "preset": Preset.QUICK.value})  # fmt: skip
def make_recipe(context: Context, request: RecipeRequest) -> RecipeCard:
    project = project_of(context, request.project)
    dataset = dataset_for(context, project, request.dataset)
    model = shape_of(find(request.base_model, context.workshop.home))
    size = ModelSize.of(model, memory_there())
    layout = layout_of(context, dataset)
    recipe = recipe_for(task_of(context, project, dataset), request.preset, data_size(context, dataset, layout), size)
    return _card(context, recipe.model_copy(update={"layout": layout}), project, is_preset=True)


@action("edit-recipe", request=EditRecipeRequest, sentence="Check a recipe, and change single fields of it.", scope=Scope.READ,
        example={"recipe": 'task = "classification"', "changes": '{"learning_rate": 0.0005}'})  # fmt: skip
def edit_recipe(context: Context, request: EditRecipeRequest) -> RecipeCard:
    """Raises BadRecipe, UnknownMethod, UnknownLoss, UnknownTask."""
    recipe = Recipe.from_toml(request.recipe)
    changed = Recipe.of({**recipe.model_dump(), **_changes(request.changes)})
    if changed.method != recipe.method:  # another method's settings mean nothing to it, and its corrections are of another size
        own = {"method_options": {}, "learning_rate": rate_of(changed, shape_of(find(changed.base_model, context.workshop.home)).parameters)}
        changed = changed.model_copy(update={name: value for name, value in own.items() if name not in _changes(request.changes)})
    if changed.loss != recipe.loss and "loss_options" not in _changes(request.changes):
        changed = changed.model_copy(update={"loss_options": {}})
    return _card(context, changed, project_of(context, request.project) if request.project else None)


def export_of(one: Method) -> Sentence:
    """How what a method learned can be taken home."""
    if not one.leaves:
        english = "It can be used inside Bottega; taking it home as a file is not there yet for this way of training."
        return Sentence("method.not_exported", english)
    if one.merge is Merge.NEVER:
        return Sentence("method.exported_beside", "To take it home, what it learned is put beside the model's own weights; the result is one file.")
    if one.merge is Merge.EXACT:
        return Sentence(
            "method.exported_merged", "To take it home, what it learned is put into the model's own weights, exactly; the result is one file."
        )
    return Sentence("method.exported_whole", "It can be taken home as one file.")


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


def layout_of(context: Context, dataset: Dataset) -> Layout | None:
    """How the dataset's rows are put to the model; None where nobody said, which is the model's own chat template."""
    document = layouts.get(context.workshop.store, dataset.id)
    return Layout.model_validate_json(document) if document is not None else None


def checked_layout(context: Context, dataset: Dataset, layout: Layout) -> Layout:
    """Itself. Raises UnknownPlaceholder, TemplateFault, PlaceHoldsAnswer."""
    layout.check(dataset.columns)
    if layout.columns:
        for name in layouts.columns_like_the_answer(context.workshop.store, dataset.id, layout.columns):
            raise PlaceHoldsAnswer(name=name)
    return layout


def data_size(context: Context, dataset: Dataset, layout: Layout | None = None) -> DataSize:
    """`layout` adds its own text to every row."""
    store, added = context.workshop.store, layout.chars if layout is not None else 0
    facts, split = datasets.facts(store, dataset.id), splitting.latest_split(store, dataset.id)
    rows = split.train if split is not None else int(_TRAIN_SHARE * (facts.answered - facts.sealed))
    usual = facts.median_question_chars + facts.max_answer_chars // _USUAL_ANSWER
    return DataSize(max(1, rows), usual + added, facts.max_question_chars + facts.max_answer_chars + added)


def memory_there() -> int:
    """What this machine has in all, in bytes: recipes are made for it, not for what happens to be free."""
    import psutil

    return int(psutil.virtual_memory().total)


def _for_model(card: MethodCard, model: Shape) -> MethodCard:
    memory = modest_memory_bytes(model, card.name)
    why = why_method(model.parameters) if card.name == method_for(model.parameters) else None
    fits = memory <= memory_there()
    return replace(card, share=min(1.0, trainable(model, card.name) / model.parameters), memory_bytes=memory, fits=fits, why=why)


def _card(context: Context, recipe: Recipe, project: Project | None = None, *, is_preset: bool = False) -> RecipeCard:
    task(recipe.task)
    loss_options_of(recipe)
    check_head(recipe)
    recipe = recipe.model_copy(update={"method_options": options_of(recipe).model_dump(mode="json")})
    advice = advise_model(recipe.task, shape_of(find(recipe.base_model, context.workshop.home)))
    command = train_command(project.name if project is not None else ANY_PROJECT, recipe, is_preset=is_preset)
    return RecipeCard(recipe, recipe.to_toml(), advice.suited, advice.said, advice.better.name if advice.better else None, command)


def _changes(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise BadValue(field="changes", value=text[:80], why=Sentence("bad.no_json", "it is no JSON: {error}", {"error": str(error)})) from error
    if not isinstance(read, dict):
        raise BadValue(field="changes", value=text[:80], why=Sentence("bad.object", "it must be an object of fields and values"))
    return read
