"""What was understood of something brought from Olive: parts of a recipe, what has no counterpart, what else should be known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.data.layout import Layout
from core.data.split import SplitPlan
from core.sentence import Sentence
from core.training.olive_data import SplitWish
from core.training.recipe import Recipe


@dataclass(frozen=True)
class Option:
    """`key` is ours for it, `shown` the name under which the person wrote it."""

    key: str
    shown: str
    value: Any


@dataclass(frozen=True)
class NoCounterpart:
    """What stays out of the recipe, with the value it had and why."""

    option: str
    value: str
    why: Sentence


@dataclass(frozen=True)
class Brought:
    """`fields` are those of a recipe without task, base model and layout; `data` are files or a name, `columns` the roles of the file's columns;
    `split` is set where Olive's slices can be said as shares. `task` and `base_model` are None where nothing was said of them."""

    fields: Mapping[str, Any]
    layout: Layout | None
    task: str | None
    base_model: str | None
    data: tuple[str, ...]
    columns: Mapping[str, str]
    splits: tuple[SplitWish, ...]
    split: SplitPlan | None
    no_counterpart: tuple[NoCounterpart, ...]
    notes: tuple[Sentence, ...]

    def recipe(self, task: str, base_model: str) -> Recipe:
        """For a task and a model by its name here. Raises BadRecipe."""
        return Recipe.of({**self.fields, "task": task, "base_model": base_model, "layout": self.layout})
