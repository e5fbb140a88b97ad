"""Quick, Balanced, Thorough: from the task, the data and the model to a whole recipe. The numbers stand in presets.toml."""

import math
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.errors import UserError
from core.methods.base import method
from core.training.recipe import Recipe

_CHARS_A_TOKEN = 2  # a cautious guess for Latin letters: flat batches pay nothing for a max_length that is too long
_TEMPLATE_TOKENS = 64
_STEP = 64
_SHORTEST, _LONGEST = 128, 8192  # of max_length


class Preset(StrEnum):
    """How much time a person wants to give."""

    QUICK = "quick"
    BALANCED = "balanced"
    THOROUGH = "thorough"


class UnknownPreset(UserError):
    """The name is no preset."""

    sentence = "There is no preset '{name}'. Choose one of: {known}."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


@dataclass(frozen=True)
class DataSize:
    """What a preset needs to know of the data: training rows, and characters of question and answer together."""

    train_rows: int
    median_chars: int
    max_chars: int


@dataclass(frozen=True)
class ModelSize:
    """What a preset needs to know of the model; `context` is in tokens."""

    name: str
    parameters: int
    context: int


class Numbers(BaseModel):
    """A table of presets.toml for one size of model and one preset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    learning_rate: float
    row_visits: int = Field(gt=0)
    token_visits: int = Field(gt=0)
    min_epochs: float = Field(gt=0)
    max_epochs: float = Field(gt=0)
    evaluations: int
    early_stopping_patience: int
    method_options: dict[str, Any] = Field(default_factory=dict)


class BatchLine(BaseModel):
    """How many rows at once, up to this many training rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    up_to_rows: int
    rows: int


class Presets(BaseModel):
    """presets.toml as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tiny_parameters: int
    batch_tokens: int
    batches: tuple[BatchLine, ...]
    tiny: dict[Preset, Numbers]
    large: dict[Preset, Numbers]
    tasks: dict[str, dict[str, Any]]


def presets() -> Presets:
    """Read anew each time: it is a small file, and whoever tunes the numbers sees them at once."""
    text = resources.files("core.training").joinpath("presets.toml").read_text(encoding="utf-8")
    return Presets.model_validate(tomllib.loads(text))


def recipe_for(task: str, preset: str, data: DataSize, model: ModelSize) -> Recipe:
    """Raises UnknownPreset."""
    known = presets()
    if preset not in {name.value for name in Preset}:
        raise UnknownPreset(name=preset, known=", ".join(Preset))
    numbers = (known.tiny if model.parameters <= known.tiny_parameters else known.large)[Preset(preset)]
    rows = max(1, data.train_rows)
    max_length = max_length_of(data.max_chars, model.context)
    batch = _batch(known, data, max_length)
    visits = min(numbers.row_visits, numbers.token_visits / _row_tokens(data, max_length))
    epochs = min(max(visits / rows, numbers.min_epochs), numbers.max_epochs)
    steps = math.ceil(rows / batch) * epochs
    return Recipe(
        task=task,
        preset=preset,
        base_model=model.name,
        method=numbers.method,
        method_options=numbers.method_options,
        learning_rate=numbers.learning_rate,
        num_train_epochs=max(0.01, round(epochs, 2)),
        per_device_train_batch_size=batch,
        max_length=max_length,
        evaluations=max(1, min(numbers.evaluations, int(steps))),
        early_stopping_patience=numbers.early_stopping_patience,
        **known.tasks.get(task, {}),
    )


def rate_of(recipe: Recipe, parameters: int) -> float:
    """The learning rate that the recipe's method starts from on a model of this size. Raises UnknownMethod."""
    rates = method(recipe.method).rates
    return rates.tiny if parameters <= presets().tiny_parameters else rates.large


def max_length_of(max_chars: int, context: int) -> int:
    """Tokens: enough for the longest row, never more than the model reads (`context`)."""
    wanted = math.ceil((max_chars / _CHARS_A_TOKEN + _TEMPLATE_TOKENS) / _STEP) * _STEP
    return min(max(wanted, _SHORTEST), _LONGEST, max(context, 16))


def _batch(known: Presets, data: DataSize, max_length: int) -> int:
    by_rows = next(line.rows for line in known.batches if data.train_rows <= line.up_to_rows)
    return max(1, min(by_rows, int(known.batch_tokens / _row_tokens(data, max_length))))


def _row_tokens(data: DataSize, max_length: int) -> float:
    """A guess at the length of a usual row."""
    return min(max_length, data.median_chars / 3 + 16)
