"""What a search tries: which settings of a recipe, within which bounds. The method suggests them, a person may narrow or change them."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from core.errors import UserError
from core.methods.base import method
from core.sentence import Sentence
from core.training.options import options_of
from core.training.presets import rate_of
from core.training.recipe import BadRecipe, Recipe

RATE, BATCH = "learning_rate", "per_device_train_batch_size"
# Others change what is compared: how long it learns, what of a row is read, how often it is asked.
FREE = (RATE, BATCH, "gradient_accumulation_steps", "warmup_ratio", "weight_decay", "max_grad_norm", "label_smoothing_factor")
_AROUND = (1 / 20, 5.0)  # of the learning rate that the method starts from
_LEAST_RATE, _MOST_RATE = 1e-6, 0.1
_LOG_FROM = 8.0  # a range whose end is so many times its beginning is gone through in equal factors
_SPREAD = "…"


class CannotTry(UserError):
    """A setting is not one that a search changes, or its range says nothing."""

    sentence = "'{setting}' cannot be tried: {why}. A search of this recipe changes: {known}. Nothing was started."

    def __init__(self, *, setting: str, why: Sentence | str, known: str) -> None:
        super().__init__(setting=setting, why=why, known=known)


class Range(BaseModel):
    """One setting's: everything from `low` to `high`, in equal factors where `log`; or, where `among` is not empty, these only, the smallest first.

    `option` says that it is one of the method's own; the options named in `along` keep their ratio to it; `whole` values are integers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    among: tuple[float, ...] = ()
    option: bool = False
    along: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "Range":
        values = self.among or (self.low, self.high)
        if not all(math.isfinite(value) for value in values):
            raise ValueError("its ends must be numbers")
        if list(values) != sorted(set(values)):
            raise ValueError("it must go from a smaller number to a larger one")
        return self

    def text(self) -> str:
        """As `parsed` reads it: '1e-05…0.001', '8, 16, 32'."""
        return ", ".join(f"{value:g}" for value in self.among) if self.among else f"{self.low:g}{_SPREAD}{self.high:g}"

    def nearest(self, value: float) -> float:
        """The value of the range that is next to this one."""
        if self.among:
            return min(self.among, key=lambda one: abs(one - value))
        return min(max(value, self.low), self.high)


def suggested(recipe: Recipe, parameters: int, train_rows: int) -> tuple[Range, ...]:
    """Around the learning rate that the method starts from on a model of this size, half to twice the recipe's batch, and what the method declares.

    A learning rate lies in 1e-6…1e-3 for a large model; a tiny one bears more. Raises UnknownMethod.
    """
    start = rate_of(recipe, parameters)
    least, most = (start * factor for factor in _AROUND)
    rate = Range(name=RATE, low=_rounded(max(least, _LEAST_RATE)), high=_rounded(min(most, _MOST_RATE)), log=True)
    there = recipe.per_device_train_batch_size
    batches = sorted({size for size in (there // 2, there, there * 2) if 1 <= size <= max(1, train_rows // 4)})
    found = [rate]
    if len(batches) > 1 and recipe.max_steps is None:  # with the steps fixed, a larger batch would only learn from more rows
        found.append(Range(name=BATCH, low=batches[0], high=batches[-1], whole=True, among=tuple(batches)))
    return (*found, *(_of_option(recipe, name) for name in method(recipe.method).tried))


def ranges_for(recipe: Recipe, asked: Mapping[str, str], suggestion: tuple[Range, ...]) -> tuple[Range, ...]:
    """What is to be tried: the suggestion where nothing is asked, else what is asked and only that. A name's text is a range ('1e-5…1e-3'; two dots
    or three do as well), a list ('8, 16, 32'), or nothing, for the suggested one. Raises CannotTry."""
    if not asked:
        return suggestion
    return tuple(_asked(recipe, name, text, suggestion) for name, text in asked.items())


def known_names(recipe: Recipe) -> tuple[str, ...]:
    """The settings that a search of this recipe can change."""
    numbers = (name for name, field in method(recipe.method).Options.model_fields.items() if field.annotation in (int, float))
    return (*FREE, *numbers)


def said_of(recipe: Recipe, name: str) -> str:
    """What the setting is, in plain English words."""
    own = method(recipe.method).Options.model_fields
    return (own.get(name) or Recipe.model_fields[name]).description or name


def recipe_with(recipe: Recipe, ranges: tuple[Range, ...], values: Mapping[str, float]) -> Recipe:
    """The recipe of a trial. Raises BadRecipe for what cannot be together."""
    fields: dict[str, Any] = recipe.model_dump(mode="json", exclude_none=True)
    options = options_of(recipe).model_dump(mode="json")
    for found in (found for found in ranges if found.name in values):
        value = int(round(values[found.name])) if found.whole else values[found.name]
        if not found.option:
            fields[found.name] = value
            continue
        for name in found.along:
            options[name] = type(options[name])(options[name] * value / options[found.name])
        options[found.name] = value
    changed = Recipe.of({**fields, "method_options": options})
    options_of(changed)
    return changed


def values_in(recipe: Recipe, ranges: tuple[Range, ...]) -> dict[str, float]:
    """What the recipe says itself, put into the ranges: the first trial, so that a search never ends below where it began."""
    options = options_of(recipe).model_dump()
    return {found.name: found.nearest(float(options[found.name] if found.option else getattr(recipe, found.name))) for found in ranges}


def _asked(recipe: Recipe, name: str, text: str, suggestion: tuple[Range, ...]) -> Range:
    known = known_names(recipe)
    ready = next((found for found in suggestion if found.name == name), None)
    if name not in known:
        raise CannotTry(setting=name, why=Sentence("bad.not_searched", "it is no setting that a search changes"), known=", ".join(known))
    if not text.strip():
        if ready is None:
            english = "say from where to where, such as 0.01…0.1, or which ones, such as 8, 16, 32"
            raise CannotTry(setting=name, why=Sentence("bad.no_range", english), known=", ".join(known))
        return ready
    return parsed(recipe, name, text)


def parsed(recipe: Recipe, name: str, text: str) -> Range:
    """A range as a person writes it. Raises CannotTry, also where the recipe could not hold one of its ends."""
    known = known_names(recipe)
    is_option = name in method(recipe.method).Options.model_fields
    declared = method(recipe.method).tried.get(name)
    annotation = (method(recipe.method).Options if is_option else Recipe).model_fields[name].annotation
    try:
        ends, among = _numbers(text)
        found = Range(
            name=name, low=ends[0], high=ends[-1], log=not among and ends[0] > 0 and ends[-1] / ends[0] >= _LOG_FROM, among=ends if among else (),
            whole=annotation is int, option=is_option, along=declared.along if declared is not None else (),
        )  # fmt: skip
        for end in (ends[0], ends[-1]):
            recipe_with(recipe, (found,), {name: end})
    except BadRecipe as error:
        raise CannotTry(setting=name, why=error.facts["why"], known=", ".join(known)) from error
    except ValueError as error:
        english = "'{text}' is no range from a smaller to a larger number, such as 0.01…0.1, and no list such as 8, 16, 32"
        raise CannotTry(setting=name, why=Sentence("bad.is_no_range", english, {"text": text[:60]}), known=", ".join(known)) from error
    return found


def _numbers(text: str) -> tuple[tuple[float, ...], bool]:
    """The numbers, and whether they are a list. Raises ValueError."""
    plain = text.strip().replace("...", _SPREAD).replace("..", _SPREAD)
    if _SPREAD in plain:
        low, high = plain.split(_SPREAD)
        return (float(low), float(high)), False
    listed = tuple(sorted({float(part) for part in plain.split(",")}))
    if len(listed) < 2:
        raise ValueError("one value is nothing to try")
    return listed, True


def _of_option(recipe: Recipe, name: str) -> Range:
    """The method's own suggestion."""
    tried = method(recipe.method).tried[name]
    whole = method(recipe.method).Options.model_fields[name].annotation is int
    return Range(name=name, low=tried.values[0], high=tried.values[-1], whole=whole, among=tried.values, option=True, along=tried.along)


def _rounded(rate: float) -> float:
    """To two digits: nobody means more."""
    return float(f"{rate:.1e}")
