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
from core.models.installed import Shape
from core.sentence import Sentence
from core.training.estimate import memory_of
from core.training.recipe import Recipe
from core.training.room import fitted

_CHARS_A_TOKEN = 2  # a cautious guess for Latin letters: flat batches pay nothing for a max_length that is too long
_TEMPLATE_TOKENS = 64
_STEP = 64
_SHORTEST, _LONGEST = 128, 8192  # of max_length
_SHARE_OF_MEMORY = 0.8  # of the machine's, for a training: the rest is for the system, the browser and us


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
    """What a preset needs to know of the model; `context` is in tokens. With its `shape` and the machine's memory, a recipe is made that fits."""

    name: str
    parameters: int
    context: int
    shape: Shape | None = None
    memory_bytes: int | None = None

    @classmethod
    def of(cls, shape: Shape, memory_bytes: int) -> "ModelSize":
        return cls(shape.name, shape.parameters, shape.context, shape, memory_bytes)


class Numbers(BaseModel):
    """A table of presets.toml for one size of model and one preset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    rate: float = Field(gt=0)
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
    rates_tiny_up_to: int
    rates_large_from: int
    rates_halve_beyond: int
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
    numbers = _numbers(known, preset, model.parameters)
    rows = max(1, data.train_rows)
    max_length = max_length_of(data.max_chars, model.context)
    batch = _batch(known, data, max_length)
    visits = min(numbers.row_visits, numbers.token_visits / _row_tokens(data, max_length))
    epochs = min(max(visits / rows, numbers.min_epochs), numbers.max_epochs)
    steps = math.ceil(rows / batch) * epochs
    recipe = Recipe(
        task=task,
        preset=preset,
        base_model=model.name,
        method=numbers.method,
        method_options=numbers.method_options,
        learning_rate=_rounded(numbers.rate * _rate(known, numbers.method, model.parameters)),
        num_train_epochs=max(0.01, round(epochs, 2)),
        per_device_train_batch_size=batch,
        max_length=max_length,
        evaluations=max(1, min(numbers.evaluations, int(steps))),
        early_stopping_patience=numbers.early_stopping_patience,
        **known.tasks.get(task, {}),
    )
    return _that_fits(recipe, data, model)


def method_for(parameters: int, preset: str = Preset.QUICK.value) -> str:
    """What a preset takes for a model of this size."""
    return _numbers(presets(), preset, parameters).method


def why_method(parameters: int) -> Sentence:
    """The reason for it, in plain words."""
    if parameters <= presets().tiny_parameters:
        english = "This model is small, so all of it can learn: that works best here, and still needs little memory."
        return Sentence("method.why_tiny", english)
    english = "This model is large: it keeps what it knows, and only thin additions learn. That needs a fraction of the memory and loses little."
    return Sentence("method.why_large", english)


def rate_of(recipe: Recipe, parameters: int) -> float:
    """The learning rate that the recipe's method starts from on a model of this size. Raises UnknownMethod."""
    return _rounded(_rate(presets(), recipe.method, parameters))


def max_length_of(max_chars: int, context: int) -> int:
    """Tokens: enough for the longest row, never more than the model reads (`context`)."""
    wanted = math.ceil((max_chars / _CHARS_A_TOKEN + _TEMPLATE_TOKENS) / _STEP) * _STEP
    return min(max(wanted, _SHORTEST), _LONGEST, max(context, 16))


def _numbers(known: Presets, preset: str, parameters: int) -> Numbers:
    return (known.tiny if parameters <= known.tiny_parameters else known.large)[Preset(preset)]


def _rate(known: Presets, method_name: str, parameters: int) -> float:
    """Between the two sizes that a method's rates are for, evenly on logarithmic scales; the largest models take half."""
    rates, small, large = method(method_name).rates, known.rates_tiny_up_to, known.rates_large_from
    way = min(1.0, max(0.0, math.log(max(1, parameters) / small) / math.log(large / small)))
    return float(rates.tiny * (rates.large / rates.tiny) ** way * (0.5 if parameters > known.rates_halve_beyond else 1.0))


def _rounded(rate: float) -> float:
    """To two digits: it is read by people."""
    return float(f"{rate:.1e}")


def _that_fits(recipe: Recipe, data: DataSize, model: ModelSize) -> Recipe:
    shape, there = model.shape, model.memory_bytes
    if shape is None or there is None:
        return recipe

    return fitted(recipe, lambda one: memory_of(one, shape, _row_tokens(data, one.max_length)), int(_SHARE_OF_MEMORY * there))


def _batch(known: Presets, data: DataSize, max_length: int) -> int:
    by_rows = next(line.rows for line in known.batches if data.train_rows <= line.up_to_rows)
    rows = max(1, min(by_rows, int(known.batch_tokens / _row_tokens(data, max_length))))
    return 1 << (rows.bit_length() - 1)  # a power of two, which can be halved where memory asks for it


def _row_tokens(data: DataSize, max_length: int) -> float:
    """A guess at the length of a usual row."""
    return min(max_length, data.median_chars / 3 + 16)
