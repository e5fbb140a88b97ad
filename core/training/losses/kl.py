"""Staying near the base model, so that it forgets less: cross-entropy plus the divergence (Kullback-Leibler) from its untrained guesses. Li and Hoiem 2016, arXiv:1606.09282."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from core.training.losses.base import Loss, Need, Options, Seen

if TYPE_CHECKING:
    from torch import Tensor


class KlOptions(Options):
    weight: float = Field(0.2, ge=0, le=100, description="How strongly it is held to what it said before.")


class Kl(Loss):
    """KL(base || model) at each learned token. The base's guesses take a forward pass more."""

    name: ClassVar[str] = "kl"
    label: ClassVar[str] = "Forget less"
    explanation: ClassVar[str] = "Stays near what the model knew before. Good where it is to keep its other abilities; slower, and needs more memory."
    needs: ClassVar[frozenset[Need]] = frozenset({Need.BASE})
    Options: ClassVar[type[Options]] = KlOptions

    def added(self, seen: Seen, options: Any) -> "Tensor | None":
        assert seen.base is not None
        apart: Tensor = (seen.base.exp() * (seen.base - seen.log_probabilities)).sum()
        return options.weight * apart
