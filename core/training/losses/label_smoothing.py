"""Label smoothing: a share of certainty is held back. Szegedy et al. 2015, arXiv:1512.00567; as torch's cross_entropy(label_smoothing=…)."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from core.training.losses.base import Loss, Options, smoothed

if TYPE_CHECKING:
    from torch import Tensor

_USUAL = 0.1


class LabelSmoothingOptions(Options):
    smoothing: float | None = Field(None, ge=0, lt=1, description="The share held back; without it label_smoothing_factor, or 0.1.")


class LabelSmoothing(Loss):
    """The same as cross_entropy with label_smoothing_factor, under its own name."""

    name: ClassVar[str] = "label_smoothing"
    label: ClassVar[str] = "Less sure"
    explanation: ClassVar[str] = "Holds back a little certainty. Good where some labels may be wrong."
    Options: ClassVar[type[Options]] = LabelSmoothingOptions

    def token_losses(self, log_probabilities: "Tensor", targets: "Tensor", options: Any, smoothing: float) -> "Tensor":
        return smoothed(log_probabilities, targets, (smoothing or _USUAL) if options.smoothing is None else options.smoothing)
