"""Recipes that come and go: a recipe as TOML, a command or configuration of Olive's; and a run's recipe to take along."""

import re
import tomllib
from dataclasses import dataclass

from pydantic import Field

from core.actions.data import upload_of
from core.actions.method import data_size, layout_of, task_of
from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.actions.run import run_of
from core.errors import BadValue, UserError
from core.models.catalogue import catalogue
from core.models.installed import STARTER, names
from core.sentence import Sentence
from core.training.command import ANY_PROJECT, train_command
from core.training.olive import Brought, NoCounterpart, OliveUnreadable, from_command, from_configuration, is_command
from core.training.olive_words import REASONS_SAID
from core.training.options import options_of
from core.training.recipe import BadRecipe, Recipe
from storage import datasets
from storage.rows import Project

_EXAMPLE_ID = "abcdefghijklm"
_EXAMPLE = 'olive finetune --method lora -m starter -d data.jsonl --text_template "{prompt} {response}" --lora_r 8'
_MOST_CHARS = 200_000
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class NothingBrought(UserError):
    """Neither a text nor a file."""

    sentence = (
        "There is nothing to read: paste a recipe, an 'olive finetune' command or an Olive configuration, or choose its file. Nothing was changed."
    )

    def __init__(self) -> None:
        super().__init__()


@dataclass(frozen=True)
class BroughtCard:
    """What a recipe became. `kind` is recipe, command or configuration; `blocked` says what is missing before it can be trained; `question` and
    `answer` are the columns of the data that came with it."""

    kind: str
    recipe: Recipe
    toml: str
    command: str
    no_counterpart: tuple[NoCounterpart, ...]
    notes: tuple[Sentence, ...]
    blocked: Sentence | None = None
    data: tuple[str, ...] = ()
    question: str = ""
    answer: str = ""
    validation_share: float | None = None


@dataclass(frozen=True)
class ExportedRecipe:
    """A recipe to take along, and the command that trains it."""

    file: str
    toml: str
    command: str


class ImportRecipeRequest(Request):
    text: str | None = Field(None, max_length=_MOST_CHARS, description="A recipe as TOML, an 'olive finetune' command, or an Olive configuration.")
    upload: str | None = Field(None, description="A file that holds one, already uploaded.")
    project: str | None = Field(None, description="The project whose data and task it is for.")
    base_model: str | None = Field(None, description="The model that learns, in place of the one that is named.")


class ExportRecipeRequest(Request):
    run: str | None = Field(None, description="A run whose recipe is wanted.")
    recipe: str | None = Field(None, max_length=20_000, description="A recipe as TOML, to be checked and given back whole.")
    project: str | None = Field(None, description="The project that the command names.")


@action("import-recipe", request=ImportRecipeRequest, scope=Scope.READ,
        sentence="Read a recipe, or turn a command or a configuration of Olive's into one, and list what has no counterpart.",
        example={"text": _EXAMPLE})  # fmt: skip
def import_recipe(context: Context, request: ImportRecipeRequest) -> BroughtCard:
    """Raises NothingBrought, OliveUnreadable, NotOlive, BadRecipe."""
    text = request.text if request.text and request.text.strip() else _uploaded(context, request.upload)
    project = project_of(context, request.project) if request.project else None
    if (known := _toml(text)) is not None:
        recipe = known if request.base_model is None else known.model_copy(update={"base_model": request.base_model})
        return _card(context, "recipe", recipe, project)
    rows = _rows(context, project)
    kind = "command" if is_command(text) else "configuration"
    brought = from_command(text, rows) if kind == "command" else from_configuration(text, rows)
    task = brought.task or (task_of(context, project) if project is not None else "generation")
    name, notes = _model(context, request.base_model, brought)
    return _card(context, kind, brought.recipe(task, name), project, brought, notes)


@action("export-recipe", request=ExportRecipeRequest, sentence="Give out a recipe as TOML, with the command that trains it.", scope=Scope.READ,
        example={"run": _EXAMPLE_ID})  # fmt: skip
def export_recipe(context: Context, request: ExportRecipeRequest) -> ExportedRecipe:
    """Raises BadValue where neither a run nor a recipe is named."""
    project = project_of(context, request.project).name if request.project else ANY_PROJECT
    if request.recipe is not None:
        return _exported("recipe.toml", Recipe.from_toml(request.recipe), project)
    if request.run is None:
        raise BadValue(field="run", value=Sentence("bad.empty", "empty"), why=Sentence("bad.run_or_recipe", "a run or a recipe is needed"))
    run = run_of(context, request.run)
    file = f"{_NAME.sub('-', run.name).strip('-.') or 'run'}.recipe.toml"
    return _exported(file, Recipe.from_toml(run.recipe), project_of(context, run.project).name)


def _exported(file: str, recipe: Recipe, project: str) -> ExportedRecipe:
    whole = recipe.model_copy(update={"method_options": options_of(recipe).model_dump(mode="json")})
    return ExportedRecipe(file, whole.to_toml(), train_command(project, whole))


def _uploaded(context: Context, upload: str | None) -> str:
    if upload is None:
        raise NothingBrought()
    _, path = upload_of(context, upload)
    with path.open("rb") as file:
        data = file.read(4 * _MOST_CHARS + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OliveUnreadable(why="it is no text in UTF-8") from error
    if not text.strip():
        raise NothingBrought()
    return text


def _toml(text: str) -> Recipe | None:
    """None where the text is something else. Raises BadRecipe where it is meant as a recipe."""
    if is_command(text) or text.lstrip().startswith("{"):
        return None
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        if re.search(r"(?m)^\s*(recipe_version|base_model|task|learning_rate)\s*=", text):
            raise BadRecipe(field="the text", why=str(error)[:200]) from error
        return None
    return Recipe.of(values)


def _rows(context: Context, project: Project | None) -> int | None:
    """To train on, where there are some."""
    found = datasets.of_project(context.workshop.store, project.id) if project is not None else []
    return data_size(context, found[0], layout_of(context, found[0])).train_rows if found else None


def _model(context: Context, asked: str | None, brought: Brought) -> tuple[str, tuple[Sentence, ...]]:
    """The name here of what Olive calls by its hub id or folder."""
    if asked is not None or brought.base_model is None:
        return asked or STARTER, ()
    given = brought.base_model
    by_hub = next((model.name for model in catalogue().model if model.hub_id == given), None)
    name = by_hub or _NAME.sub("-", re.split(r"[\\/]", given.rstrip("\\/"))[-1]).strip("-.")[:96] or STARTER
    if name == given:
        return name, ()
    return name, (Sentence("olive.model_named", REASONS_SAID["olive.model_named"], {"name": name, "given": given}),)


def _card(
    context: Context, kind: str, recipe: Recipe, project: Project | None, brought: Brought | None = None, notes: tuple[Sentence, ...] = ()
) -> BroughtCard:
    recipe = recipe.model_copy(update={"method_options": options_of(recipe).model_dump(mode="json")})
    blocked = None
    if recipe.base_model not in names(context.workshop.home):
        english = "The model '{name}' is not on this machine yet: download it, add its folder, or choose another."
        blocked = Sentence("olive.no_model", english, {"name": recipe.base_model})
    command = train_command(project.name if project is not None else ANY_PROJECT, recipe)
    if brought is None:
        return BroughtCard(kind, recipe, recipe.to_toml(), command, (), notes, blocked)
    return BroughtCard(
        kind, recipe, recipe.to_toml(), command, brought.no_counterpart, (*notes, *brought.notes), blocked, brought.data,
        brought.columns.get("question", ""), brought.columns.get("answer", ""), brought.split.validation_share if brought.split else None,
    )  # fmt: skip
