"""Contrastive term: texts with equal answers near each other, with different ones at least a margin apart. Hadsell, Chopra and LeCun 2006, CVPR."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from core.training.losses.base import Loss, Need, Options, Seen

if TYPE_CHECKING:
    from torch import Tensor


class ContrastiveOptions(Options):
    margin: float = Field(1.0, gt=0, le=2, description="How far apart texts with different answers are wanted; 2 is opposite.")
    weight: float = Field(0.5, ge=0, le=100, description="How much the term counts beside the usual loss.")
    pooling: Literal["end", "mean"] = Field("end", description="What stands for a text: its last word's inner state, or the mean of all.")


class Contrastive(Loss):
    """Cross-entropy, plus a term over all pairs of a batch: distances of the texts' inner states, each brought to length 1 (else a model learns to
    scale them). Pairs with equal and with different answers weigh half each, however few they are."""

    name: ClassVar[str] = "contrastive"
    label: ClassVar[str] = "Tell apart"
    explanation: ClassVar[str] = (
        "Also draws texts of one category together and pushes those of different ones apart. Good for many similar categories."
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.POOLED})
    tasks: ClassVar[tuple[str, ...]] = ("classification",)
    Options: ClassVar[type[Options]] = ContrastiveOptions

    def added(self, seen: Seen, options: Any) -> "Tensor | None":
        assert seen.pooled is not None
        assert seen.answers is not None
        term = pair_term(seen.pooled, seen.answers, options.margin)
        return None if term is None else options.weight * len(seen.targets) * term


def pair_term(pooled: "Tensor", answers: "Tensor", margin: float) -> "Tensor | None":
    """The mean of d² over equal pairs and of max(0, margin - d)² over different ones, each half the weight. None without a pair."""
    from torch.nn.functional import normalize

    rows, columns = _pairs(len(pooled), pooled.device)
    if not len(rows):
        return None
    unit = normalize(pooled.float(), dim=-1)
    distance = ((unit[rows] - unit[columns]).square().sum(dim=-1) + 1e-12).sqrt()  # the root of 0 has no gradient
    equal = answers[rows] == answers[columns]
    halves = [distance[equal].square(), (margin - distance[~equal]).clamp_min(0).square()]
    return sum((0.5 * half.mean() for half in halves if len(half)), distance.new_zeros(()))


def _pairs(count: int, device: Any) -> tuple["Tensor", "Tensor"]:
    """All pairs; of a very large batch those that lie less than 32 apart."""
    import torch

    rows, columns = torch.triu_indices(count, count, offset=1, device=device)
    if count > 256:
        near = columns - rows < 32
        return rows[near], columns[near]
    return rows, columns
