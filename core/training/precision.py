"""Mixed precision: where the machine gains by it, the model computes in bfloat16, while its weights and their corrections stay in fp32. Heavy: children only.

Micikevicius et al. 2018, arXiv:1710.03740; Kalamkar et al. 2019 for bfloat16, arXiv:1905.12322.
"""

from dataclasses import dataclass, field
from typing import Any

import torch

from core.sentence import Sentence
from core.training.batches import Batch
from core.training.layout import gradient

AGREES = 0.98  # cosine of the whole gradient in bfloat16 with that in fp32
# Hidden size from which a processor with units for bfloat16 gains: measured on one with AMX (2 threads, 512 tokens), a step of full training took
# half the time at 576, 1024 and 2048, LoRA gained 1.1x, 1.5x and 2x; at 256 there was nothing to gain.
_LEAST_HIDDEN = 512


@dataclass(frozen=True)
class Machine:
    """Where a training computes; `has_units` says whether that multiplies bfloat16 faster than fp32."""

    device: str
    has_units: bool


@dataclass(frozen=True)
class Precision:
    """`agreement` is the cosine of the two gradients, None where nothing was compared (there was nothing to gain) or bfloat16 was refused."""

    is_mixed: bool
    wanted: bool = False
    agreement: float | None = None

    def told(self) -> Sentence | None:
        """What a person should know: None for the usual case."""
        if self.is_mixed:
            return Sentence(
                "training.mixed",
                "This machine is quicker with short numbers, so the model computes with them (bf16); what it learns is kept in full.",
            )
        if self.wanted:
            return Sentence(
                "training.not_mixed",
                "This model trains in full numbers (fp32), the slower way: with short ones (bf16) it would learn something else.",
            )
        return None


def machine() -> Machine:
    """The GPU where there is one."""
    if torch.cuda.is_available():
        return Machine("cuda", torch.cuda.is_bf16_supported(including_emulation=False))
    return Machine("cpu", bool(torch.cpu._is_amx_tile_supported()))


def gains(here: Machine, hidden_size: int) -> bool:
    return here.has_units and (here.device != "cpu" or hidden_size >= _LEAST_HIDDEN)


def choose(model: Any, batch: Batch, here: Machine | None = None) -> Precision:
    """Compare the gradients of a small `batch` where there is something to gain, and let the model compute in bfloat16 from then on if they agree."""
    if not gains(here or machine(), model.config.get_text_config().hidden_size):
        return Precision(is_mixed=False)
    was_training = model.training
    model.eval()  # dropout would differ between the two
    expected = gradient(model, batch)
    worn = wear(model)
    found = _agreement(model, batch, expected)
    if found is None or found < AGREES:
        worn.take_off()
    model.train(was_training)
    return Precision(worn.is_on, wanted=True, agreement=found)


@dataclass
class Worn:
    """Autocast around each forward of one model; a copy of the model gets its own. Whoever calls the model need not know."""

    handles: list[Any] = field(default_factory=list)
    entered: list[Any] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        return bool(self.handles)

    def take_off(self) -> None:
        while self.handles:
            self.handles.pop().remove()

    def before(self, module: torch.nn.Module, inputs: Any) -> None:
        context = torch.autocast(next(module.parameters()).device.type, dtype=torch.bfloat16)
        context.__enter__()
        self.entered.append(context)

    def after(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        self.entered.pop().__exit__(None, None, None)


def wear(model: torch.nn.Module) -> Worn:
    """From here on every forward of `model` computes in bfloat16; the backward pass follows it."""
    worn = Worn()
    worn.handles += [model.register_forward_pre_hook(worn.before), model.register_forward_hook(worn.after, always_call=True)]
    return worn


def _agreement(model: Any, batch: Batch, expected: torch.Tensor) -> float | None:
    try:
        found = gradient(model, batch)
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # whatever an operator says that knows no bfloat16: fp32 is always right
        return None
    if found.shape != expected.shape or not bool(found.isfinite().all()):
        return None
    return float(torch.nn.functional.cosine_similarity(found, expected, dim=0))
