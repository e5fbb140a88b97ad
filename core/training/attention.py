"""Attention for batches laid end to end: causal within each example, blind to its neighbours. Heavy: imported by children only."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from core.training import varlen

FLAT = "bottega_flat"


@dataclass(frozen=True)
class Spans:
    """Where the examples of a flat batch lie: (start, end, examples) of each run of examples with equal length, in tokens."""

    groups: tuple[tuple[int, int, int], ...]


class NotFlat(Exception):
    """This model's attention wants something that a flat batch cannot give; it trains padded instead."""


def register() -> None:
    """Make the name known to transformers. A model takes it with `model.set_attn_implementation(FLAT)`."""
    AttentionInterface.register(FLAT, _flat_attention)
    AttentionMaskInterface.register(FLAT, _no_mask)  # without one transformers would build the T x T mask of a packed batch


def _flat_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    flat_spans: Spans | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """query [1, heads, tokens, dim] to [1, tokens, heads, dim]. Examples of equal length go through one call."""
    refused = [name for name in ("softcap", "s_aux", "position_bias") if others.get(name) is not None]
    if flat_spans is None or refused or not getattr(module, "is_causal", True) or attention_mask is not None:
        raise NotFlat(", ".join(refused) or "its attention is not causal")
    if varlen.takes(query, value, dropout):
        return varlen.attend(query, key, value, flat_spans.groups, scaling, sliding_window), None
    outputs = []
    sizes = [end - start for start, end, _ in flat_spans.groups]
    # Cut in one go: the way back then puts the pieces together once. Slices would each give a gradient of the whole batch's size, nearly all zeros.
    pieces = zip(*(part[0].split(sizes, dim=1) for part in (query, key, value)), strict=True)
    for (start, end, count), parts in zip(flat_spans.groups, pieces, strict=True):
        length = (end - start) // count
        q, k, v = (_examples(part, count, length) for part in parts)
        mask = _window(length, sliding_window, query.device)
        attended = scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None and length > 1, scale=scaling, dropout_p=dropout, enable_gqa=k.shape[1] != q.shape[1]
        )
        outputs.append(attended.transpose(1, 2).reshape(1, end - start, query.shape[1], value.shape[3]))
    return torch.cat(outputs, dim=1), None


def _examples(part: torch.Tensor, count: int, length: int) -> torch.Tensor:
    """[heads, tokens, dim] to [examples, heads, length, dim]."""
    return part.unflatten(1, (count, length)).transpose(0, 1)


def _window(length: int, window: int | None, device: torch.device) -> torch.Tensor | None:
    """The mask of a sliding window, where an example is longer than it."""
    if window is None or length <= window:
        return None
    distance = torch.arange(length, device=device)[:, None] - torch.arange(length, device=device)[None, :]
    return (distance >= 0) & (distance < window)


def _no_mask(*positional: Any, **named: Any) -> None:
    return None
