"""The recipe as a form: each field in plain words with the field's own term beside it, drawn from its declaration; and the same as text."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.actions.method import MethodCard, RecipeCard
from core.actions.recipes import BroughtCard
from core.actions.run import RunStatus
from core.errors import BadValue
from core.sentence import Sentence
from ui.pages.page import number_of
from ui.parts.part import Option
from ui.parts.recipe import BringRecipe, Missing
from ui.parts.settings import Field, Settings
from ui.visit import Visit
from ui.words import Words

_ELSEWHERE = frozenset({"recipe_version", "task", "preset", "base_model", "method", "method_options", "loss", "loss_options", "layout"})
_OWN = "option."


def form_of(visit: Visit, card: RecipeCard, methods: tuple[MethodCard, ...]) -> Settings:
    words = visit.words
    kinds = tuple(Option(one.name, words.either(f"method.{one.name}", one.label)) for one in methods)
    method = Field("method", words("recipe.method"), card.recipe.method, "choice", "method", options=kinds)
    return Settings(
        name="recipe",
        title=words("recipe.title"),
        act="recipe",
        fields=(
            method,
            *own_fields(words, card, methods),
            _loss(visit, card),
            *recipe_fields(words, card),
        ),
        quiet=words("recipe.quiet"),
        button=words("recipe.use"),
        text=card.toml,
        text_act="recipe-text",
        text_label=words("recipe.text"),
        text_button=words("recipe.use_text"),
    )


def _elsewhere(task: str) -> frozenset[str]:
    """Fields that stand in other places, or mean nothing to the task."""
    return _ELSEWHERE if task == "classification" else _ELSEWHERE | {"head"}


def _loss(visit: Visit, card: RecipeCard) -> Field:
    words, known = visit.words, visit.do("losses")
    fitting = tuple(one for one in known if not one.tasks or card.recipe.task in one.tasks)
    kinds = tuple(
        Option(one.name, words.either(f"loss.{one.name}", one.label), words.either(f"loss.{one.name}_note", one.explanation)) for one in fitting
    )
    return Field("loss", words("recipe.loss"), card.recipe.loss, "choice", "loss", options=kinds)


def brought_of(visit: Visit, brought: BroughtCard | None, card: RecipeCard | None = None) -> BringRecipe:
    """The place to paste one, what came of the last, and the recipe that stands on the page as a command."""
    words = visit.words
    shown = BringRecipe(
        words("recipe.bring"), words("recipe.bring_quiet"), words("recipe.bring_label"), "olive finetune --method lora …", words("recipe.bring_use"),
        command=card.command if card is not None else "", command_label=words("recipe.command"),
    )  # fmt: skip
    if brought is None:
        return shown
    blocked = () if brought.blocked is None else (words.say(brought.blocked), words("recipe.other_model", name=brought.recipe.base_model))
    return replace(
        shown,
        open=True,
        said=words("recipe.brought"),
        missing_label=words("recipe.missing"),
        missing=tuple(Missing(one.option, one.value, words.say(one.why)) for one in brought.no_counterpart),
        notes=(*blocked, *(words.say(note) for note in brought.notes)),
    )


def recipe_fields(words: Words, card: RecipeCard | RunStatus) -> tuple[Field, ...]:
    """Each with what it is now; those of the method and the loss are apart."""
    schema, values = card.recipe.model_json_schema()["properties"], card.recipe.model_dump(mode="json")
    return tuple(_field(words, name, name, spec, values[name]) for name, spec in schema.items() if name not in _elsewhere(card.recipe.task))


def own_fields(words: Words, card: RecipeCard | RunStatus, methods: tuple[MethodCard, ...]) -> tuple[Field, ...]:
    """The chosen method's own settings."""
    stored = card.recipe.model_dump(mode="json")["method_options"]
    own = _own(card, methods)
    return tuple(_field(words, _OWN + name, name, spec, stored.get(name, spec.get("default"))) for name, spec in own.items())


def _own(card: RecipeCard | RunStatus, methods: tuple[MethodCard, ...]) -> Mapping[str, Any]:
    """The chosen method's own settings, from its JSON schema."""
    chosen = next((one for one in methods if one.name == card.recipe.method), None)
    own: Mapping[str, Any] = chosen.options.get("properties", {}) if chosen else {}
    return own


def _plain(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the 'or nothing' of a field that may be left empty."""
    inner = next((one for one in spec.get("anyOf", ()) if one.get("type") != "null"), None)
    return spec if inner is None else {**spec, **inner, "may_be_empty": True}


def _field(words: Words, name: str, term: str, spec: Mapping[str, Any], value: Any) -> Field:
    spec = _plain(spec)
    label = words.either(f"field.{term}", str(spec.get("description") or term.replace("_", " ").capitalize())).removesuffix(".")
    if "enum" in spec:
        return Field(
            name,
            label,
            value,
            "choice",
            term,
            options=tuple(Option(str(one), words.either(f"field.{term}_{one}", str(one).replace("_", " "))) for one in spec["enum"]),
        )
    if spec.get("type") == "boolean":
        return Field(name, label, bool(value), "switch", term)
    if spec.get("type") in ("number", "integer"):
        low, high = spec.get("minimum", spec.get("exclusiveMinimum")), spec.get("maximum", spec.get("exclusiveMaximum"))
        return Field(name, label, "" if value is None else value, "number", term, low=low, high=high)
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return Field(name, label, text, "text", term)


def changes_of(card: RecipeCard, methods: tuple[MethodCard, ...], values: Mapping[str, Any]) -> str:
    """The fields that differ from `card`, as the action takes them. Raises BadValue for a number that is none."""
    properties, stored = card.recipe.model_json_schema()["properties"], card.recipe.model_dump(mode="json")
    changes = {name: read for name, spec in properties.items() if name in values and (read := _read(values, name, name, spec)) != stored[name]}
    own = _own(card, methods)
    if values.get("method") == card.recipe.method:
        options = {
            name: _read(values, _OWN + name, name, spec) if _OWN + name in values else stored["method_options"].get(name)
            for name, spec in own.items()
        }
        if options != stored["method_options"]:
            changes["method_options"] = options
    return json.dumps(changes)


def _read(values: Mapping[str, Any], key: str, name: str, spec: Mapping[str, Any]) -> Any:
    value, spec = values.get(key), _plain(spec)
    if spec.get("may_be_empty") and value in (None, ""):
        return None
    if spec.get("type") == "boolean":
        return value is True
    if spec.get("type") == "integer":
        number = number_of(values, key)
        if number != int(number):
            raise BadValue(field=name, value=number, why=Sentence("bad.whole_number", "a whole number is needed"))
        return int(number)
    if spec.get("type") == "number":
        return number_of(values, key)
    if spec.get("type") == "array":
        return [one.strip() for one in str(value or "").split(",") if one.strip()]
    return str(value or "")
