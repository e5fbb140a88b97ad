"""LoRA's own arithmetic in fewer passes over memory: y = x W' + s (x A') B' added in place, its way back likewise. Heavy: imported by children only.

peft multiplies, scales and adds in steps of their own, forwards and backwards; on a processor these cost as much as the multiplications do.
"""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear


def quicken(model: torch.nn.Module) -> int:
    """Give each plain LoRA layer of `model` the quick way, and say how many got it. Those with DoRA, 4-bit weights or dropout keep peft's."""
    fitting = [module for module in model.modules() if type(module) is Linear and _fits(module)]
    for module in fitting:
        module.__class__ = QuickLinear
    return len(fitting)


def _fits(module: Any) -> bool:
    base = module.get_base_layer()
    if type(base) is not torch.nn.Linear or base.weight.requires_grad or base.weight.dtype != torch.float32 or base.weight.is_cuda:
        return False
    if list(module.lora_A) != module.active_adapters or len(module.active_adapters) != 1 or module.lora_variant or module.fan_in_fan_out:
        return False
    name = module.active_adapters[0]
    a, b = module.lora_A[name], module.lora_B[name]
    return isinstance(module.lora_dropout[name], torch.nn.Identity) and a.bias is None and b.bias is None and a.weight.dtype == torch.float32


class QuickLinear(Linear):
    """peft's layer, quick where it is asked for the usual; whatever else is asked (adapter off, merged, several, 16 bits) goes peft's way."""

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        usual = not (args or kwargs or self.disable_adapters or self.merged) and len(self.active_adapters) == 1
        if not usual or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu") or self.active_adapters[0] not in self.lora_A:
            peft_s: torch.Tensor = super().forward(x, *args, **kwargs)
            return peft_s
        name, base = self.active_adapters[0], self.get_base_layer()
        added: torch.Tensor = _Added.apply(x, base.weight, base.bias, self.lora_A[name].weight, self.lora_B[name].weight, self.scaling[name])
        return added


class _Added(torch.autograd.Function):
    """The base's weights stay as they are, so they get no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, a: Any, b: Any, scaling: float) -> Any:
        rows = x.reshape(-1, x.shape[-1])
        low = rows @ a.t()
        out = linear(rows, weight, bias).addmm_(low, b.t(), alpha=scaling)
        ctx.save_for_backward(rows, weight, a, b, low)
        ctx.scaling, ctx.shape = scaling, x.shape
        return out.view(*x.shape[:-1], weight.shape[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Any) -> Any:
        rows, weight, a, b, low = ctx.saved_tensors
        flat = gradient.reshape(-1, gradient.shape[-1])
        scaled = (flat @ b).mul_(ctx.scaling)
        of_x = (flat @ weight).addmm_(scaled, a).view(ctx.shape) if ctx.needs_input_grad[0] else None
        return of_x, None, None, scaled.t() @ rows, (flat.t() @ low).mul_(ctx.scaling), None
