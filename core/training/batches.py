"""Batches: examples laid end to end (flat), or padded for models whose attention cannot take that. Heavy: imported by children only."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.training.attention import Spans
from core.training.encoding import Learned
from core.training.estimate import PIECE_TOKENS

Device = torch.device | str


@dataclass(frozen=True)
class Batch:
    """Tensors for one forward pass.

    `input_ids`, `position_ids`: int [rows, tokens] (one row when flat); `predicts`: bool [rows, tokens], true where the next token is learned;
    `targets`: int [learned], those next tokens in order; `attention_mask` only when padded, `spans` only when flat; `tokens` counts real ones.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    predicts: torch.Tensor
    targets: torch.Tensor
    tokens: int
    attention_mask: torch.Tensor | None = None
    spans: Spans | None = None

    def to(self, device: Device, **options: Any) -> "Batch":
        moved = {name: getattr(self, name).to(device, **options) for name in ("input_ids", "position_ids", "predicts", "targets")}
        mask = None if self.attention_mask is None else self.attention_mask.to(device, **options)
        return replace(self, attention_mask=mask, **moved)

    def inputs(self) -> dict[str, Any]:
        """What the model's forward takes. Logits come back as [learned, vocabulary]."""
        told: dict[str, Any] = {"input_ids": self.input_ids, "use_cache": False, "logits_to_keep": self.predicts}
        if self.spans is not None:
            return {**told, "position_ids": self.position_ids, "flat_spans": self.spans}
        return {**told, "attention_mask": self.attention_mask}

    def owners(self) -> torch.Tensor:
        """int [learned]: to which example each learned token belongs, counted from 0 without gaps in the order of `targets`."""
        if self.spans is None:
            numbers = torch.arange(len(self.predicts), device=self.predicts.device)[:, None].expand_as(self.predicts)
        else:
            numbers = (self.position_ids == 0).cumsum(dim=1) - 1
        found: torch.Tensor = numbers[self.predicts].unique_consecutive(return_inverse=True)[1]
        return found


def flat(examples: Sequence[Learned]) -> Batch:
    """Sorted by length, so that equal lengths lie together; the sum over a batch does not know the order."""
    examples = sorted(examples, key=lambda example: len(example.ids))
    groups: list[tuple[int, int, int]] = []
    end = 0
    for example in examples:
        start, end = end, end + len(example.ids)
        if groups and (groups[-1][1] - groups[-1][0]) // groups[-1][2] == len(example.ids):
            groups[-1] = (groups[-1][0], end, groups[-1][2] + 1)
        else:
            groups.append((start, end, 1))
    ids = torch.cat([torch.from_numpy(example.ids) for example in examples]).long()
    predicts = torch.cat([_predicts(example) for example in examples])
    return Batch(
        input_ids=ids[None],
        position_ids=torch.cat([torch.arange(len(example.ids)) for example in examples])[None],
        predicts=predicts[None],
        targets=torch.roll(ids, -1)[predicts],
        tokens=len(ids),
        spans=Spans(tuple(groups)),
    )


def padded(examples: Sequence[Learned]) -> Batch:
    """Filled up on the right. The filling is token 0, never looked at and never learned."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    predicts = torch.zeros_like(ids, dtype=torch.bool)
    for row, example in enumerate(examples):
        length = len(example.ids)
        ids[row, :length] = torch.from_numpy(example.ids)
        mask[row, :length] = 1
        predicts[row, :length] = _predicts(example)
    return Batch(
        input_ids=ids,
        position_ids=torch.arange(longest)[None].expand(len(examples), -1),
        predicts=predicts,
        targets=torch.roll(ids, -1, dims=1)[predicts],
        tokens=int(mask.sum()),
        attention_mask=mask,
    )


def piece_tokens(device: str) -> int | None:
    """How many tokens of a step go through the model at once; None for all. On a processor small pieces stay in its caches and are reused memory:
    measured at hidden size 256, 1,024 tokens at a time were 1.1 times as quick as 2,048, and 1.3 times as all; a GPU wants as many as it holds."""
    return PIECE_TOKENS if device == "cpu" else None


def by_tokens(examples: Sequence[Learned], budget: int) -> Iterator[list[Learned]]:
    """Examples in groups of about equal length with at most `budget` tokens together (one example at least), for evaluation."""
    group: list[Learned] = []
    size = 0
    for example in sorted(examples, key=lambda example: len(example.ids)):
        if group and size + len(example.ids) > budget:
            yield group
            group, size = [], 0
        group.append(example)
        size += len(example.ids)
    if group:
        yield group


def shortest(examples: Sequence[Learned], rows: int = 4) -> list[Learned]:
    """A few that cost little, for a look at how a model answers."""
    return sorted(examples, key=lambda example: len(example.ids))[:rows]


def pieces(examples: Sequence[Learned], budget: int | None, *, is_flat: bool) -> list[Batch]:
    """A step's examples as they go through the model, with at most `budget` tokens at once; whole without one."""
    groups = [examples] if budget is None else by_tokens(examples, budget)
    return [flat(group) if is_flat else padded(group) for group in groups]


def drawn(examples: Sequence[Learned], rows: int, seed: int) -> list[Learned]:
    """At random, the same for the same seed."""
    return random.Random(seed).choices(examples, k=rows)


def _predicts(example: Learned) -> torch.Tensor:
    """True at each token whose successor is learned; never at the last, whose successor is another example."""
    learned = torch.from_numpy(example.learned)
    return torch.cat([learned[1:], torch.zeros(1, dtype=torch.bool)])
