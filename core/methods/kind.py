"""What the kinds of peft_kinds.py share: their configuration from their settings, and numbers that fit a model's sizes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from core.methods.adapter import ALL_LINEAR, AdapterMethod, is_transposed, plain, targeted, targets
from core.methods.base import Merge, Options, Rates

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

AUTO = "auto"  # the layers that a kind's paper takes
INPUTS, OUTPUTS = 9, 11  # of a layer's seven matrices together, in hidden sizes


def target_field(words: str = "Layers that get it; all-linear takes them all.", default: tuple[str, ...] = (ALL_LINEAR,)) -> Any:
    return Field(default, min_length=1, description=words)


class TargetOptions(Options):
    """What nearly all have."""

    target_modules: tuple[str, ...] = target_field()


class PeftKind(AdapterMethod):
    """Subclasses name peft's configuration, and change the settings where a model asks for it."""

    config_class: ClassVar[str]
    merge: ClassVar[Merge] = Merge.EXACT
    rates: ClassVar[Rates] = Rates(tiny=5e-3, large=1e-3)

    def config(self, model: "PreTrainedModel", options: Any) -> "PeftConfig":
        import peft

        chosen = targets(model, options.target_modules)
        values = {**plain(options), "target_modules": chosen, **self.fitted(model, options, chosen)}
        made: PeftConfig = getattr(peft, self.config_class)(task_type="CAUSAL_LM", **values)
        return made

    def fitted(self, model: "PreTrainedModel", options: Any, chosen: str | list[str]) -> dict[str, Any]:
        """Settings that follow from the model's sizes."""
        return {}


def has_transposed(model: "PreTrainedModel", chosen: str | list[str]) -> bool:
    return any(is_transposed(layer) for layer in targeted(model, chosen))


def inputs(model: "PreTrainedModel", chosen: str | list[str]) -> list[int]:
    """Widths of what the chosen layers read; one at least."""
    return [size for size, _ in _sizes(model, chosen)] or [1]


def outputs(model: "PreTrainedModel", chosen: str | list[str]) -> list[int]:
    """Widths of what they give; one at least."""
    return [size for _, size in _sizes(model, chosen)] or [1]


def weights(model: "PreTrainedModel", chosen: str | list[str]) -> list[int]:
    """How many numbers each layer has; one at least."""
    return [read * given for read, given in _sizes(model, chosen)] or [1]


def dividing(wanted: int, sizes: Iterable[int], step: int = 1) -> int:
    """The largest number up to `wanted`, a multiple of `step`, that divides all sizes; `wanted` where there is none."""
    sizes = list(sizes)
    fitting = (number for number in range(wanted - wanted % step, 0, -step) if all(size % number == 0 for size in sizes))
    return next(fitting, wanted)


def _sizes(model: "PreTrainedModel", chosen: str | list[str]) -> list[tuple[int, int]]:
    """Inputs and outputs of each layer, from what it says of itself: the weights of packed ones have another shape."""
    found = []
    for layer in targeted(model, chosen):
        both: Any = layer
        found.append((both.nx, both.nf) if is_transposed(layer) else (both.in_features, both.out_features))
    return found
