"""Flat or padded: a quick comparison of gradients on the run's own rows decides which layout this model can take. Heavy: children only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.sentence import Sentence
from core.training.attention import FLAT, NotFlat, register
from core.training.batches import Batch, flat, padded
from core.training.encoding import Learned
from core.training.loss import logits_of, token_losses

TOLERANCE = 1e-5  # relative difference of the whole gradient; where flat is right it is measured at about 3e-7
_ROWS, _TOKENS = 4, 512  # what is compared


@dataclass(frozen=True)
class Layout:
    """`difference` is the relative distance of the two gradients, None when the model refused the flat layout."""

    is_flat: bool
    difference: float | None
    architecture: str

    def told(self) -> Sentence | None:
        """What a person should know: None for the usual case."""
        if self.is_flat:
            return None
        return Sentence(
            "training.padded",
            "This kind of model ({architecture}) trains in the slower, padded way, because laying examples end to end would change what it learns.",
            {"architecture": self.architecture},
        )


def choose(model: Any, examples: Sequence[Learned], device: torch.device | str = "cpu") -> Layout:
    """Leaves the model with the attention that the chosen layout needs, in the mode it was in, and without gradients."""
    usual = model.config._attn_implementation
    chosen = _few(examples)
    was_training = model.training
    model.eval()  # dropout would differ between the two
    expected = gradient(model, padded(chosen).to(device))
    difference = _difference(model, flat(chosen).to(device), expected)
    is_flat = difference is not None and difference <= TOLERANCE
    if not is_flat:
        model.set_attn_implementation(usual)
    model.train(was_training)
    return Layout(is_flat, difference, str(model.config.model_type))


def gradient(model: Any, batch: Batch) -> torch.Tensor:
    """Of the mean token loss, all trainable weights in one vector."""
    model.zero_grad(set_to_none=True)
    (token_losses(logits_of(model, batch), batch.targets)[0] / len(batch.targets)).backward()
    found = torch.cat([weight.grad.flatten().float() for weight in model.parameters() if weight.grad is not None])
    model.zero_grad(set_to_none=True)
    return found


def _difference(model: Any, batch: Batch, expected: torch.Tensor) -> float | None:
    register()
    try:
        model.set_attn_implementation(FLAT)
        found = gradient(model, batch)
    except (NotFlat, TypeError, ValueError, RuntimeError, AttributeError):  # whatever a foreign architecture says, padded is always right
        return None
    if found.shape != expected.shape:
        return None
    return float((found - expected).norm() / expected.norm().clamp_min(1e-30))


def _few(examples: Sequence[Learned]) -> list[Learned]:
    """From the shortest to the longest that still fits: on equal lengths both layouts would do the same arithmetic and show nothing."""
    short = sorted((example for example in examples[:512]), key=lambda example: len(example.ids))
    fitting = [example for example in short if len(example.ids) <= _TOKENS // _ROWS] or short[:1]
    last = len(fitting) - 1
    return [fitting[place] for place in dict.fromkeys(last * number // (_ROWS - 1) for number in range(_ROWS))]
