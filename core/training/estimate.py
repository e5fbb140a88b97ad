"""What a training will take: minutes from a measured probe, memory and disk by formula until they are measured."""

import math
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from core.methods.base import Merge, method
from core.models.fit import disk_bytes, memory_bytes
from core.models.installed import Shape
from core.training.losses.base import Need, loss
from core.training.recipe import Recipe

PROBE_FILE = "probe.json"
PIECE_TOKENS = 1024  # of a step go through the model at once, on a processor
LOGITS_AT_ONCE = 2_000_000  # numbers: 8 MB
USUAL_LOSS = "cross_entropy"


class Probe(BaseModel):
    """What a few steps on the real rows showed. Seconds; `startup_s` is from the child's start to its first step; `cut` rows were too long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train_rows: int
    train_tokens: int
    validation_tokens: int
    cut: int
    longest: int
    startup_s: float
    step_s: float
    batch_tokens: float
    tokens_per_second: float
    validation_s: float
    peak_memory_bytes: int
    is_flat: bool


@dataclass(frozen=True)
class Estimate:
    """`seconds` is None until measured. It is for all steps: with early stopping a training often ends sooner."""

    seconds: float | None
    memory_bytes: int
    memory_measured: bool
    memory_free_bytes: int
    disk_bytes: int
    disk_free_bytes: int
    steps: int
    cut: int | None = None
    longest: int | None = None

    @property
    def fits_memory(self) -> bool:
        return self.memory_bytes <= self.memory_free_bytes

    @property
    def fits_disk(self) -> bool:
        return self.disk_bytes <= self.disk_free_bytes


def steps_of(recipe: Recipe, train_rows: int) -> int:
    """Optimiser steps, as the Trainer counts them."""
    if recipe.max_steps is not None:
        return recipe.max_steps
    batches = math.ceil(max(1, train_rows) / recipe.per_device_train_batch_size)
    accumulated = min(recipe.gradient_accumulation_steps, batches)
    return max(1, math.ceil(math.ceil(batches / accumulated) * recipe.num_train_epochs))


def rounds_of(recipe: Recipe, train_rows: int) -> float:
    """How often the rows are gone through, also where steps were asked for."""
    if recipe.max_steps is None:
        return recipe.num_train_epochs
    return recipe.max_steps / steps_of(recipe.model_copy(update={"max_steps": None, "num_train_epochs": 1.0}), train_rows)


def estimate(recipe: Recipe, shape: Shape, *, train_rows: int, row_tokens: float, probe: Probe | None, memory_free: int, disk_free: int) -> Estimate:
    """`row_tokens` is a guess at a row's length, used where nothing was measured."""
    steps = steps_of(recipe, probe.train_rows if probe else train_rows)
    needed_disk = disk_bytes(shape, recipe.method, recipe.method_options)
    if probe is None:
        return Estimate(None, memory_of(recipe, shape, row_tokens), False, memory_free, needed_disk, disk_free, steps)
    seconds = probe.startup_s + steps * probe.step_s + min(recipe.evaluations, steps) * probe.validation_s
    return Estimate(seconds, probe.peak_memory_bytes, True, memory_free, needed_disk, disk_free, steps, probe.cut, probe.longest)


def memory_of(recipe: Recipe, shape: Shape, row_tokens: float) -> int:
    """Bytes at the peak of a step, by formula."""
    tokens = _at_once(recipe, row_tokens)
    memory = memory_bytes(
        shape, recipe.method, batch_tokens=tokens, learned_tokens=_learned_at_once(recipe, shape, tokens),
        options=recipe.method_options, checkpointing=recipe.activation_checkpointing,
    )  # fmt: skip
    return memory + _second_copy(recipe, shape)


def _at_once(recipe: Recipe, row_tokens: float) -> int:
    """Tokens that go through the model together. On a processor a step goes piece by piece, and a long row is a piece of its own."""
    tokens = int(recipe.per_device_train_batch_size * min(row_tokens, recipe.max_length))
    return min(tokens, max(PIECE_TOKENS, recipe.max_length)) if Need.POOLED not in loss(recipe.loss).needs else tokens


def _learned_at_once(recipe: Recipe, shape: Shape, tokens: int) -> int:
    """Whose logits stand in memory together: the usual loss takes a few rows at a time."""
    learned = tokens // 3
    return min(learned, LOGITS_AT_ONCE // shape.vocabulary) if recipe.loss == USUAL_LOSS else learned


def _second_copy(recipe: Recipe, shape: Shape) -> int:
    """A loss that stays near the base keeps it beside a model whose own weights learn; an adapter is switched off instead."""
    return 4 * shape.parameters if Need.BASE in loss(recipe.loss).needs and method(recipe.method).merge is Merge.WHOLE else 0
