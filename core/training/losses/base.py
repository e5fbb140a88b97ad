"""What a loss is: how wrong each learned token was, and what is added for a batch. One file a loss."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import UserError
from core.plugins import declared
from core.reasons import why_not
from core.sentence import Sentence
from core.training.recipe import BadRecipe, Recipe

if TYPE_CHECKING:
    from torch import Tensor


class Need(StrEnum):
    """What a loss wants to see beside the model's own guesses. Each costs memory or time, so only who names it gets it."""

    POOLED = "pooled"
    BASE = "base"


class Options(BaseModel):
    """A loss's settings: shown as a form, written into the recipe under [loss_options]."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Seen:
    """One batch. Float32 [learned, vocabulary] of log-probabilities and int [learned] of the tokens that were right; with Need.POOLED one vector an
    example [examples, hidden] and an int [examples], equal for equal answers; with Need.BASE the untrained model's log-probabilities."""

    log_probabilities: "Tensor"
    targets: "Tensor"
    pooled: "Tensor | None" = None
    answers: "Tensor | None" = None
    base: "Tensor | None" = None


class UnknownLoss(UserError):
    """The name is no loss."""

    sentence = "There is no loss '{name}'. Choose one of: {known}."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class Loss(ABC):
    """Class attributes declare, methods do, instances hold nothing but what `ready` loaded.

    A step's loss is the sum of `token_losses` and `added` over its batches, divided by the learned tokens of all of them: so a gradient does not
    depend on how a step is cut into batches, but for what pairs of a batch say.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    tasks: ClassVar[tuple[str, ...]] = ()  # empty: any
    Options: ClassVar[type[Options]]

    def ready(self, options: Any, folder: Path) -> "Loss":
        """Itself, once a training begins; `folder` is the run's. Raises what keeps it from starting."""
        return self

    def token_losses(self, log_probabilities: "Tensor", targets: "Tensor", options: Any, smoothing: float) -> "Tensor":
        """[learned]. `smoothing` is the recipe's label_smoothing_factor. By default cross-entropy."""
        return smoothed(log_probabilities, targets, smoothing)

    def added(self, seen: Seen, options: Any) -> "Tensor | None":
        """A sum over the learned tokens of the batch (a mean times their number), or None for nothing."""
        return None


def smoothed(log_probabilities: "Tensor", targets: "Tensor", smoothing: float) -> "Tensor":
    """Cross-entropy of each token [learned], against targets of which the share `smoothing` is spread evenly. Szegedy et al. 2015, arXiv:1512.00567."""
    plain = -log_probabilities.gather(1, targets[:, None]).squeeze(1)
    return (1 - smoothing) * plain - smoothing * log_probabilities.mean(dim=-1) if smoothing else plain


def losses() -> Mapping[str, Loss]:
    """All losses by name: every module of this folder that declares one."""
    return {one.name: one for one in declared("core.training.losses", Loss)}


def loss(name: str) -> Loss:
    """Raises UnknownLoss."""
    known = losses()
    if name not in known:
        raise UnknownLoss(name=name, known=", ".join(known))
    return known[name]


def loss_options_of(recipe: Recipe) -> Options:
    """Typed and checked. Raises UnknownLoss, BadRecipe (a wrong setting, or a task that the loss has no meaning for)."""
    chosen = loss(recipe.loss)
    if chosen.tasks and recipe.task not in chosen.tasks:
        why = "'{name}' is for {tasks} only, where answers are equal or different"
        raise BadRecipe(field="loss", why=Sentence("bad.loss_for", why, {"name": chosen.name, "tasks": ", ".join(chosen.tasks)}))
    try:
        return chosen.Options.model_validate(recipe.loss_options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadRecipe(field=".".join(["loss_options", *(str(part) for part in first["loc"])]), why=why_not(first)) from error
