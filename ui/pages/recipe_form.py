"""The recipe as a form: each field in plain words with the field's own term beside it, drawn from its declaration; and the same as text."""

import json
from collections.abc import Mapping
from typing import Any

from core.actions.method import MethodCard, RecipeCard
from core.errors import BadValue
from ui.pages.page import number_of
from ui.parts.part import Option
from ui.parts.settings import Field, Settings
from ui.visit import Visit
from ui.words import Words

_ELSEWHERE = frozenset({"recipe_version", "task", "preset", "base_model", "method", "method_options"})
_OWN = "option."


def form_of(visit: Visit, card: RecipeCard, methods: tuple[MethodCard, ...]) -> Settings:
    words, schema = visit.words, card.recipe.model_json_schema()["properties"]
    kinds = tuple(
        Option(one.name, words.either(f"method.{one.name}", one.label), words.either(f"method.{one.name}_note", one.explanation)) for one in methods
    )
    method = Field("method", words("recipe.method"), card.recipe.method, "choice", "method", options=kinds)
    own = _own(card, methods)
    values = card.recipe.model_dump(mode="json")
    return Settings(
        name="recipe",
        title=words("recipe.title"),
        act="recipe",
        fields=(
            method,
            *(_field(words, _OWN + name, name, spec, values["method_options"].get(name, spec.get("default"))) for name, spec in own.items()),
            *(_field(words, name, name, spec, values[name]) for name, spec in schema.items() if name not in _ELSEWHERE),
        ),
        quiet=words("recipe.quiet"),
        button=words("recipe.use"),
        text=card.toml,
        text_act="recipe-text",
        text_label=words("recipe.text"),
        text_button=words("recipe.use_text"),
    )


def _own(card: RecipeCard, methods: tuple[MethodCard, ...]) -> Mapping[str, Any]:
    """The chosen method's own settings, from its JSON schema."""
    chosen = next((one for one in methods if one.name == card.recipe.method), None)
    own: Mapping[str, Any] = chosen.options.get("properties", {}) if chosen else {}
    return own


def _field(words: Words, name: str, term: str, spec: Mapping[str, Any], value: Any) -> Field:
    label = words.either(f"field.{term}", str(spec.get("description") or term.replace("_", " ").capitalize()))
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
        return Field(name, label, value, "number", term, low=low, high=high)
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
    value = values.get(key)
    if spec.get("type") == "boolean":
        return value is True
    if spec.get("type") == "integer":
        number = number_of(values, key)
        if number != int(number):
            raise BadValue(field=name, value=number, why="a whole number is needed")
        return int(number)
    if spec.get("type") == "number":
        return number_of(values, key)
    if spec.get("type") == "array":
        return [one.strip() for one in str(value or "").split(",") if one.strip()]
    return str(value or "")
