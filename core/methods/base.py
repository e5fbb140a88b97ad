"""How a method changes a model and how it is kept. One file a method, or a family of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from core.errors import UserError
from core.plugins import declared
from core.sentence import Sentence

if TYPE_CHECKING:
    import numpy
    from transformers import PreTrainedModel


class Merge(StrEnum):
    """Whether what was learned can be put into the base's own weights."""

    WHOLE = "whole"  # there is nothing to merge: the method trains the model itself
    EXACT = "exact"
    NEVER = "never"


class Options(BaseModel):
    """A method's settings: shown as a form, written into the recipe under [method_options]."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnknownMethod(UserError):
    """The name is no method."""

    sentence = "There is no method '{name}'. Choose one of: {known}."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class MethodCannotTakeModel(UserError):
    """The model's layers are of a kind, or of sizes, that a method does not know."""

    sentence = "The method '{method}' cannot change this model: {why}. Take LoRA or full fine-tuning, which fit every model. Nothing was started."
    status = 422

    def __init__(self, *, method: str, why: Sentence | str) -> None:
        super().__init__(method=method, why=why)


class CannotBeOneModel(UserError):
    """What the method learned cannot be put into the model's own weights."""

    sentence = "What '{method}' learned works beside the model and cannot be put into the model's own weights. The trained model is kept as it is."
    status = 422

    def __init__(self, *, method: str) -> None:
        super().__init__(method=method)


class CannotGoOn(UserError):
    """What was learned cannot be learned on from."""

    sentence = (
        "A training with '{method}' cannot go on from what it kept: {why}. Train again with more rounds instead, by a change of "
        "num_train_epochs. Nothing was started, and the trained model is kept as it is."
    )
    status = 422

    def __init__(self, *, method: str, why: Sentence | str) -> None:
        super().__init__(method=method, why=why)


@dataclass(frozen=True)
class Rates:
    """Learning rates to start from: a tiny model (up to presets.toml's rates_tiny_up_to) bears and wants bigger corrections than a large one (from its
    rates_large_from on). Between the two it is somewhere between."""

    tiny: float
    large: float


@dataclass(frozen=True)
class Tried:
    """What a search tries of an option: `values`, the smallest first. The options named in `along` keep their ratio to it, as LoRA's alpha to its rank."""

    values: tuple[float, ...]
    along: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dimensions:
    """What decides how many weights a method learns."""

    parameters: int
    hidden_size: int
    layers: int


@dataclass(frozen=True)
class Graft:
    """A passage behind a block of a layer, to be put into an exported graph: x + up(middle(down(x))).

    float32 arrays: `down` [width, hidden], `up` [hidden, width], their biases [width] and [hidden]. `middle` is relu, gelu, silu or tanh.
    """

    layer: int
    block: Literal["attention", "feed_forward"]
    down: "numpy.ndarray"
    down_bias: "numpy.ndarray"
    middle: str
    up: "numpy.ndarray"
    up_bias: "numpy.ndarray"


class Method(ABC):
    """Class attributes declare, methods do, instances hold nothing.

    `explanation` says in plain words what it does, `when` in which case it is the right one, `paper` where it comes from.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    when: ClassVar[str]
    paper: ClassVar[str] = ""
    merge: ClassVar[Merge]
    rates: ClassVar[Rates] = Rates(tiny=2e-3, large=2e-4)
    tried: ClassVar[Mapping[str, Tried]] = {}  # by option: what is worth a search besides the learning rate
    packs_base: ClassVar[bool] = False  # in 4 bits, while it trains
    shares_base: ClassVar[bool] = False  # what it learned can be laid on a base in memory, and lifted off again
    has_grafts: ClassVar[bool] = False  # what cannot be merged can be put into an exported graph
    place: ClassVar[int] = 99  # in a list: the usual ones first, from 10 on those for particular cases
    Options: ClassVar[type[Options]]

    @abstractmethod
    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        """Make ready to train: a module with only the learned parameters trainable."""

    @abstractmethod
    def save(self, model: Any, folder: Path) -> None:
        """Write what was learned as safetensors with its configuration."""

    @abstractmethod
    def load(self, base: "PreTrainedModel", folder: Path) -> Any:
        """Put what `save` wrote onto a fresh base, ready to answer."""

    def lift(self, loaded: Any) -> None:
        """Take what `load` put onto a base off again: the base is as it was. Where `shares_base`."""
        raise NotImplementedError

    @abstractmethod
    def merged(self, base: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
        """A plain model in fp32 that answers as base and adapter together. Raises CannotBeOneModel where `merge` is NEVER."""

    @abstractmethod
    def learned(self, options: Any, size: Dimensions) -> int:
        """About how many weights learn."""

    @property
    def is_usual(self) -> bool:
        """Not for particular cases only."""
        return self.place < 10

    def go_on(self, model: Any, folder: Path) -> None:
        """Put what `save` wrote into a model that `apply` made ready, to learn on from there. Raises CannotGoOn."""
        raise CannotGoOn(method=self.label, why=Sentence("bad.not_taken_up", "it has no way to take up again what it learned"))

    @property
    def leaves(self) -> bool:
        """Whether what it learned can be taken home as a file."""
        return self.merge is not Merge.NEVER or self.has_grafts

    def grafts(self, folder: Path) -> list[Graft]:
        """What is to be put into the exported graph of the base, where `has_grafts`."""
        return []

    def quantization(self, options: Any) -> Any:
        """How the base's weights are to be packed while they are loaded for a training: transformers' quantization_config, None for as they are."""
        return None

    def begin(self, model: Any, steps: int) -> None:
        """Called once before the first of so many optimiser steps."""
        return

    def before_step(self, model: Any) -> None:
        """Called with the gradients in place, before the optimiser's step."""
        return

    def after_step(self, model: Any, step: int) -> None:
        """Called after the optimiser's step, while the gradients are still in place."""
        return

    def write_state(self, model: Any, folder: Path) -> None:
        """Called when a checkpoint's weights were written: what it needs beside them to go on as if nothing had been."""
        return

    def read_state(self, model: Any, folder: Path) -> None:
        """Called when a checkpoint's weights were read, before `begin`."""
        return


def methods() -> Mapping[str, Method]:
    """All methods by name: every module of this folder that declares one."""
    found = sorted(declared("core.methods", Method), key=lambda one: (one.place, one.name))
    return {one.name: one for one in found}


def method(name: str) -> Method:
    """Raises UnknownMethod."""
    known = methods()
    if name not in known:
        raise UnknownMethod(name=name, known=", ".join(known))
    return known[name]
