"""Focal loss: what is known already counts less. Lin et al. 2017, arXiv:1708.02002; gamma 0 is cross-entropy, and a property test says so."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from core.training.losses.base import Loss, Options, smoothed

if TYPE_CHECKING:
    from torch import Tensor


class FocalOptions(Options):
    gamma: float = Field(2.0, ge=0, le=10, description="How much less a known answer counts; 0 is the usual loss.")


class Focal(Loss):
    """Each token's cross-entropy times (1 - p)^gamma, p being how likely the model held the right token."""

    name: ClassVar[str] = "focal"
    label: ClassVar[str] = "Rare ones count"
    explanation: ClassVar[str] = "What the model knows already counts less. Good where one category is far more common than the others."
    Options: ClassVar[type[Options]] = FocalOptions

    def token_losses(self, log_probabilities: "Tensor", targets: "Tensor", options: Any, smoothing: float) -> "Tensor":
        plain = smoothed(log_probabilities, targets, smoothing)
        if not options.gamma:
            return plain
        likely = log_probabilities.gather(1, targets[:, None]).squeeze(1).exp()
        # The power of exactly 0 has no gradient for gamma < 1; a certain token is the least bit away from it.
        weight: Tensor = (1 - likely).clamp_min(1e-12).pow(options.gamma)
        return weight * plain
