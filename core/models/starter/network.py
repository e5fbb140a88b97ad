"""The starter's network, written for training on a CPU: a Llama whose parameters carry the names that transformers gives them.

transformers computes the same function (a test compares the logits); it is slower here because it keeps norms, rotations and the whole
table of logits in 32 bits, and at 256 hidden units that work costs more than the matrix products.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

LOSS_ROWS = 2048  # larger blocks of logits leave the cache: measured slower


@dataclasses.dataclass(frozen=True)
class Size:
    """Dimensions in the words of transformers' LlamaConfig. The default is the shipped model: 6.95 M parameters."""

    vocab_size: int = 4096
    hidden_size: int = 256
    intermediate_size: int = 704
    num_hidden_layers: int = 8
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    max_position_embeddings: int = 1024
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_attention_heads


class _Attention(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = size.num_attention_heads, size.num_key_value_heads, size.head_dim
        self.q_proj = nn.Linear(size.hidden_size, self.heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(size.hidden_size, self.kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(size.hidden_size, self.kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_dim, size.hidden_size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        batch, length, _ = x.shape
        weight = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight))  # one product is quicker than three
        mixed = functional.linear(x, weight).view(batch, length, -1, self.head_dim)
        turned = _rotated(mixed[:, :, : self.heads + self.kv_heads], cos, sin).transpose(1, 2)
        q, k, v = turned[:, : self.heads], turned[:, self.heads :], mixed[:, :, self.heads + self.kv_heads :].transpose(1, 2)
        out = self._plain(q, k, v) if mask is None else self._masked(q, k, v, mask)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))

    def _plain(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        k, v = (t.repeat_interleave(self.heads // self.kv_heads, dim=1) for t in (k, v))
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    def _masked(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """Attention written out: with a mask over short rows, 1.3 times the tokens a second of the fused one."""
        batch, heads, length, width = q.shape
        groups = batch * self.kv_heads
        q = (q * width**-0.5).reshape(groups, -1, width)
        scores = torch.bmm(q, k.reshape(groups, length, width).mT).view(batch, heads, length, length)
        chances = torch.softmax(scores + mask, -1).view(groups, -1, length)
        return torch.bmm(chances, v.reshape(groups, length, width)).view(batch, heads, length, width)


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class _Mlp(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(size.hidden_size, size.intermediate_size, bias=False)
        self.up_proj = nn.Linear(size.hidden_size, size.intermediate_size, bias=False)
        self.down_proj = nn.Linear(size.intermediate_size, size.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class _RootMeanSquare(torch.autograd.Function):
    """RMSNorm whose wide intermediate is one number a row: a fifth more tokens a second in all than with 32-bit rows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        scale = torch.rsqrt(norm.square_().div_(x.shape[-1]).add_(eps)).to(x.dtype)
        normed = x * scale
        ctx.save_for_backward(normed, weight, scale)
        return normed * weight

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, Tensor, None]:
        normed, weight, scale = ctx.saved_tensors
        weight_gradient = (outer[0] * normed).flatten(0, -2).sum(0)
        slope = outer[0] * weight
        along = (slope * normed).mean(-1, keepdim=True)
        return torch.addcmul(slope, normed, along, value=-1).mul_(scale), weight_gradient, None


class _Norm(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size.hidden_size))
        self.eps = size.rms_norm_eps

    def forward(self, x: Tensor) -> Tensor:
        normed: Tensor = _RootMeanSquare.apply(x, self.weight, self.eps)
        return normed


class _Layer(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.input_layernorm, self.self_attn = _Norm(size), _Attention(size)
        self.post_attention_layernorm, self.mlp = _Norm(size), _Mlp(size)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class _Trunk(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.embed_tokens = nn.Embedding(size.vocab_size, size.hidden_size)
        self.layers = nn.ModuleList(_Layer(size) for _ in range(size.num_hidden_layers))
        self.norm = _Norm(size)

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        x = self.embed_tokens(ids)
        steps = torch.arange(0, self.size.head_dim, 2, dtype=torch.float32) / self.size.head_dim
        angles = torch.outer(torch.arange(ids.shape[1], dtype=torch.float32), self.size.rope_theta**-steps)[:, None]
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        return self.norm(x)


class Network(nn.Module):
    """Token ids [batch, length] to hidden states [batch, length, hidden]; the embedding doubles as the head."""

    def __init__(self, size: Size, seed: int = 0) -> None:
        super().__init__()
        self.size = size
        self.model = _Trunk(size)
        generator = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                small = "o_proj" in name or "down_proj" in name  # what is added to the stream shrinks with depth, as in GPT-2
                std = 0.02 / (2 * size.num_hidden_layers) ** 0.5 if small else 0.02
                nn.init.normal_(weight, std=std, generator=generator)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.model(ids, mask)

    @property
    def head(self) -> Tensor:
        return self.model.embed_tokens.weight


class _Loss(torch.autograd.Function):
    """Cross-entropy of the tied head, block by block, with its gradient made in the forward pass: the table of logits is never whole."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, divisor: int) -> Tensor:
        rows = targets.numel()
        hidden_gradient, head_gradient = torch.empty_like(hidden), torch.zeros(head.shape, dtype=torch.float32)
        total = torch.zeros((), dtype=torch.float64)
        for start in range(0, rows, LOSS_ROWS):
            part = slice(start, start + LOSS_ROWS)
            logits = (hidden[part] @ head.T).float()
            log_sum = torch.logsumexp(logits, -1, keepdim=True)
            total += (log_sum.squeeze(1) - logits.gather(1, targets[part, None]).squeeze(1)).sum(dtype=torch.float64)
            chance = logits.sub_(log_sum).exp_()
            chance.scatter_add_(1, targets[part, None], chance.new_full((chance.shape[0], 1), -1.0))
            slope = chance.to(hidden.dtype)
            hidden_gradient[part] = slope @ head
            head_gradient += (slope.T @ hidden[part]).float()
        ctx.save_for_backward(hidden_gradient / divisor, (head_gradient / divisor).to(head.dtype))
        return (total / divisor).float()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, Tensor, None, None]:
        hidden_gradient, head_gradient = ctx.saved_tensors
        scale = outer[0].to(hidden_gradient.dtype)
        return hidden_gradient * scale, head_gradient * scale, None, None


def mean_loss(network: Network, ids: Tensor, targets: Tensor, mask: Tensor | None = None, divisor: int | None = None) -> Tensor:
    """Mean cross-entropy in nats over the positions whose target is not negative; `divisor` for the part of a batch: the whole's count."""
    hidden = network(ids, mask)
    kept = (targets >= 0).flatten().nonzero().squeeze(1)
    loss: Tensor = _Loss.apply(hidden.flatten(0, 1)[kept], network.head, targets.flatten()[kept], divisor or kept.numel())
    return loss


def llama_config(size: Size, *, pad: int, begin: int, end: int) -> dict[str, Any]:
    """What transformers needs to load the weights: LlamaConfig's fields."""
    fields = {**dataclasses.asdict(size), "head_dim": size.head_dim, "tie_word_embeddings": True, "initializer_range": 0.02}
    return {**fields, "pad_token_id": pad, "bos_token_id": begin, "eos_token_id": end, "attention_bias": False, "mlp_bias": False}
