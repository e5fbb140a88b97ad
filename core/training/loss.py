"""The loss: cross-entropy on what the model is to write, with label smoothing where the recipe asks for it. Heavy: imported by children only."""

from typing import Any

import torch
from torch.nn.functional import log_softmax

from core.training.batches import Batch


def logits_of(model: Any, batch: Batch) -> torch.Tensor:
    """float32 [learned, vocabulary]."""
    logits: torch.Tensor = model(**batch.inputs()).logits
    return logits.float()


def token_losses(logits: torch.Tensor, targets: torch.Tensor, smoothing: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums over the tokens: what is learned from, and the plain cross-entropy that is shown (without smoothing, comparable with validation)."""
    log_probabilities = log_softmax(logits, dim=-1)
    plain = -log_probabilities.gather(1, targets[:, None]).sum()
    if not smoothing:
        return plain, plain.detach()
    even = -log_probabilities.mean(dim=-1).sum()
    return (1 - smoothing) * plain + smoothing * even, plain.detach()
