"""Cross-entropy from the last inner states, a few rows at a time: the logits of all learned tokens never stand in memory together.

The way back is worked out beside the way there (Hsu et al. 2024, arXiv:2410.10989, "Liger"), so that nothing is computed twice. Heavy: children only.
"""

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from core.training.batches import Batch
from core.training.estimate import LOGITS_AT_ONCE
from core.training.loss import logits_of, token_losses

_SAME = 1e-5  # relative difference of loss and gradient for which the quick way counts as the usual one


def quick_sums(model: Any, batch: Batch, smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
    """As loss.token_losses of the model's logits. Only for models that `suits` took."""
    output = model.get_output_embeddings()
    states: list[torch.Tensor] = []

    def take(hidden: torch.Tensor) -> torch.Tensor:
        states.append(hidden)
        return hidden.new_zeros(1)  # nobody reads the logits

    output.forward = take
    try:
        model(**batch.inputs())
    finally:
        del output.forward
    learned, plain = _CrossEntropy.apply(states[0].flatten(0, -2), output.weight, output.bias, batch.targets, smoothing)
    return learned, plain


def suits(model: Any, sample: Batch) -> bool:
    """Whether the model's logits are just its output layer's (some models scale or cap them), seen at the loss and the gradient of a few rows."""
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if type(output) is not torch.nn.Linear or output._forward_hooks or output._forward_pre_hooks:
        return False
    was_training = model.training
    model.eval()  # dropout would differ between the two
    try:
        usual = _seen(model, token_losses(logits_of(model, sample), sample.targets, 0.1))
        quick = _seen(model, quick_sums(model, sample, 0.1))
    except (RuntimeError, IndexError, TypeError, ValueError, AttributeError):  # whatever a foreign architecture says, the usual way is always right
        return False
    finally:
        model.zero_grad(set_to_none=True)
        model.train(was_training)
    return all(one.shape == other.shape and float((one - other).norm()) <= _SAME * float(one.norm()) for one, other in zip(usual, quick, strict=True))


def _seen(model: Any, sums: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    model.zero_grad(set_to_none=True)
    (sums[0] / 100).backward()  # divided, as the trainer does: a way back that forgets what comes from above is found out
    gradient = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])
    return sums[0].detach()[None], sums[1].detach()[None], gradient


class _CrossEntropy(torch.autograd.Function):
    """hidden [learned, hidden], weight [vocabulary, hidden], targets int [learned] to two sums: what is learned from, and without smoothing."""

    @staticmethod
    def forward(ctx: Any, hidden: Any, weight: Any, bias: Any, targets: Any, smoothing: float) -> Any:
        wanted = ctx.needs_input_grad
        of_hidden = torch.empty_like(hidden) if wanted[0] else None
        of_weight = torch.zeros_like(weight) if wanted[1] else None
        of_bias = torch.zeros_like(bias) if bias is not None and wanted[2] else None
        learned, plain = hidden.new_zeros(()), hidden.new_zeros(())
        rows = max(16, LOGITS_AT_ONCE // weight.shape[0])
        for start in range(0, len(targets), rows):
            states, right = hidden[start : start + rows], targets[start : start + rows, None]
            logits = linear(states, weight, bias)
            total = logits.logsumexp(dim=1, keepdim=True)
            missed = (total - logits.gather(1, right)).sum()
            plain += missed
            learned += missed if not smoothing else (1 - smoothing) * missed + smoothing * (total.squeeze(1) - logits.mean(dim=1)).sum()
            wrong = logits.sub_(total).exp_()  # each token's probability; less what it should be, this is the gradient of the logits
            if smoothing:
                wrong -= smoothing / weight.shape[0]
            wrong.scatter_add_(1, right, wrong.new_full(right.shape, smoothing - 1))
            if of_hidden is not None:
                torch.mm(wrong, weight, out=of_hidden[start : start + rows])
            if of_weight is not None:
                of_weight.addmm_(wrong.t(), states)
            if of_bias is not None:
                of_bias += wrong.sum(dim=0)
        ctx.save_for_backward(of_hidden, of_weight, of_bias)
        ctx.mark_non_differentiable(plain)
        return learned, plain

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Any, _: Any) -> Any:
        found = (None if part is None else part * gradient for part in ctx.saved_tensors)
        return (*found, None, None)
