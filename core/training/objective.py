"""What a run learns by: its recipe's loss, given all that it wants to see of a batch. Heavy: imported by children only."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import log_softmax

from core.sentence import Sentence
from core.training.batches import Batch
from core.training.loss import logits_of
from core.training.losses.base import Need, Seen, loss, loss_options_of
from core.training.losses.cross_entropy import CrossEntropy
from core.training.quick_loss import quick_sums, suits
from core.training.recipe import Recipe

_SAME = 1e-4  # largest difference of log-probabilities for which a switched-off adapter counts as the base


class Objective:
    """Made before the first step, while the model still answers as its base. `folder` is the run's, where a loss of one's own lies."""

    def __init__(self, model: Any, recipe: Recipe, folder: Path, sample: Batch) -> None:
        self._options = loss_options_of(recipe)
        self._loss = loss(recipe.loss).ready(self._options, folder)
        self._smoothing = recipe.label_smoothing_factor
        self._base = _Base(model, sample) if Need.BASE in self._loss.needs else None
        self._is_quick = type(self._loss) is CrossEntropy and suits(model, sample)

    @property
    def takes_pieces(self) -> bool:
        """Whether the sum over a batch is the sum over its pieces; not where a loss compares a batch's examples with each other."""
        return Need.POOLED not in self._loss.needs

    def __call__(self, model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums over the learned tokens: what is learned from, and the plain cross-entropy that is shown."""
        if self._is_quick:
            return quick_sums(model, batch, self._smoothing)
        if Need.POOLED in self._loss.needs:
            logits, pooled, answers = _pooled(model, batch, getattr(self._options, "pooling", "end"))
        else:
            logits, pooled, answers = logits_of(model, batch), None, None
        known = log_softmax(logits, dim=-1)
        learned = self._loss.token_losses(known, batch.targets, self._options, self._smoothing).sum()
        base = self._base.log_probabilities(model, batch) if self._base is not None else None
        if (added := self._loss.added(Seen(known, batch.targets, pooled, answers, base), self._options)) is not None:
            learned = learned + added
        return learned, -known.detach().gather(1, batch.targets[:, None]).sum()

    def told(self) -> Sentence | None:
        """What a person should know before the first step."""
        if self._base is None or self._base.copied_bytes == 0:
            return None
        english = "To stay near its base, the training keeps a second copy of the model in memory: {size_bytes:size} more."
        return Sentence("training.second_copy", english, {"size_bytes": self._base.copied_bytes})


class _Base:
    """The model as it was: with its adapter switched off, or a frozen copy where nothing can be switched off (or what is left is not the base, as
    with adapters that take a part of the weights out)."""

    def __init__(self, model: Any, sample: Batch) -> None:
        self._copy: Any = None
        if not hasattr(model, "disable_adapter") or not self._is_base(model, sample):
            self._copy = deepcopy(model).eval().requires_grad_(False)

    @property
    def copied_bytes(self) -> int:
        return 0 if self._copy is None else sum(weight.numel() * weight.element_size() for weight in self._copy.parameters())

    def log_probabilities(self, model: Any, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            if self._copy is not None:
                return log_softmax(logits_of(self._copy, batch), dim=-1)
            with _still(model), model.disable_adapter():
                return log_softmax(logits_of(model, batch), dim=-1)

    def _is_base(self, model: Any, sample: Batch) -> bool:
        with torch.no_grad(), _still(model):
            whole = log_softmax(logits_of(model, sample), dim=-1)
        return bool((self.log_probabilities(model, sample) - whole).abs().max() <= _SAME)


@contextmanager
def _still(model: Any) -> Iterator[None]:
    """Without dropout."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _pooled(model: Any, batch: Batch, pooling: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits [learned, vocabulary]; one vector an example [examples, hidden]: the inner state from which the answer's first word is written, or the
    mean of all up to there, so that the answer itself is never in it; and a number for each answer."""
    output = model(**batch.inputs(), output_hidden_states=True)
    states = output.hidden_states[-1].flatten(0, 1)
    owners = batch.owners()
    begins = torch.ones_like(owners, dtype=torch.bool)
    begins[1:] = owners[1:] != owners[:-1]
    first = batch.predicts.flatten().nonzero().squeeze(1)[begins]
    if pooling == "end":
        pooled = states[first]
    else:
        starts = first - batch.position_ids.flatten()[first]
        sums = torch.cat([states.new_zeros(1, states.shape[1]), states.cumsum(dim=0)])
        pooled = (sums[first + 1] - sums[starts]) / (first + 1 - starts)[:, None]
    return output.logits.float(), pooled.float(), answers_of(batch, owners)


def answers_of(batch: Batch, owners: torch.Tensor) -> torch.Tensor:
    """int [examples]: equal where all learned tokens are."""
    known: dict[tuple[int, ...], int] = {}
    sizes = torch.bincount(owners).tolist()
    texts = [tuple(part.tolist()) for part in batch.targets.split(sizes)]
    return torch.tensor([known.setdefault(text, len(known)) for text in texts], device=owners.device)
