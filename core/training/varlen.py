"""Flat batches on a GPU: one call of torch's varlen attention (FlashAttention) for all examples. Dao 2023, arXiv:2307.08691. Heavy: children only."""

from functools import lru_cache
from typing import Any

import torch

_LEAST_CAPABILITY = 8  # Ampere: what FlashAttention asks for
_MOST_DIM = 256


def takes(query: torch.Tensor, value: torch.Tensor, dropout: float) -> bool:
    """Whether these [1, heads, tokens, dim] can go through it: 16 bits on a GPU that is new enough."""
    if not query.is_cuda or dropout or query.shape[3] != value.shape[3] or query.shape[3] > _MOST_DIM or query.shape[3] % 8:
        return False
    return _kind(query) in (torch.bfloat16, torch.float16) and torch.cuda.get_device_capability(query.device)[0] >= _LEAST_CAPABILITY


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, groups: tuple[tuple[int, int, int], ...], scaling: float | None, window: int | None
) -> torch.Tensor:
    """query [1, heads, tokens, dim] to [1, tokens, heads, dim]; `groups` as Spans.groups. Causal, `window` tokens back at most."""
    from torch.nn.attention.varlen import varlen_attn

    kind = _kind(query)
    q, k, v = (part[0].transpose(0, 1).to(kind) for part in (query, key, value))
    starts, longest = _starts(groups, query.device)
    back = -1 if window is None else window - 1
    attended: Any = varlen_attn(
        q, k, v, starts, starts, longest, longest, scale=scaling, window_size=(back, 0), enable_gqa=k.shape[1] != q.shape[1]
    )  # fmt: skip
    return torch.as_tensor(attended)[None]


def _kind(query: torch.Tensor) -> torch.dtype:
    """What is computed in: norms of queries and keys give fp32 although the rest is in 16 bits."""
    return torch.get_autocast_dtype(query.device.type) if torch.is_autocast_enabled(query.device.type) else query.dtype


@lru_cache(maxsize=4)
def _starts(groups: tuple[tuple[int, int, int], ...], device: torch.device) -> tuple[torch.Tensor, int]:
    """Where each example begins, and the end of the last: int32 [examples + 1]; tokens of the longest. Every layer of a batch asks the same."""
    found, longest = [0], 0
    for start, end, count in groups:
        length = (end - start) // count
        longest = max(longest, length)
        found += [start + length * number for number in range(1, count + 1)]
    return torch.tensor(found, dtype=torch.int32, device=device), longest
