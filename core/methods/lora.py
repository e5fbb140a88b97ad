"""LoRA: freeze the model and learn two thin matrices beside each layer. Hu et al. 2021, arXiv:2106.09685.

With it: rsLoRA (Kalajdzievski 2023, arXiv:2312.03732), DoRA (Liu et al. 2024, arXiv:2402.09353), PiSSA (Meng et al. 2024, arXiv:2404.02948), OLoRA (Büyükakyüz
2024, arXiv:2406.01775), MiCA (arXiv:2604.01694). peft's EVA, CorDA, LoftQ and LoRA-GA are left out: they want rows or another model before they start.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from core.methods.adapter import ALL_LINEAR, AdapterMethod, is_transposed, targeted, targets, whole_modules
from core.methods.base import Dimensions, Merge, MethodCannotTakeModel, Options, Rates, Tried
from core.sentence import Sentence

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

_MOVES_BASE = ("pissa", "olora")  # these take a part out of the base's weights and learn from there
_FIRST = ("first_lora_A", "first_lora_B")


class LoraOptions(Options):
    """peft's own names."""

    r: int = Field(16, ge=1, le=1024, description="The rank: how much each layer can learn.")
    lora_alpha: int = Field(32, ge=1, le=4096, description="How strongly it is added; twice the rank is usual.")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="How often a learned part is left out while training.")
    target_modules: tuple[str, ...] = Field((ALL_LINEAR,), min_length=1, description="Layers that get it; all-linear takes them all.")
    use_rslora: bool = Field(False, description="Scale by the root of the rank, for high ranks.")
    use_dora: bool = Field(False, description="Learn length and direction of the weights apart (DoRA): often a little better, slower to train.")
    init_lora_weights: Literal["default", "gaussian", "pissa", "pissa_niter_16", "olora", "orthogonal", "mica"] = Field(
        "default", description="What the additions start from; pissa learns faster at first."
    )
    modules_to_save: tuple[str, ...] = Field((), description="Whole parts of the model that learn too, such as lm_head; usually none.")


class Lora(AdapterMethod):
    """What is kept are the thin matrices; merging adds their product to the base's weights, which is exact."""

    name: ClassVar[str] = "lora"
    label: ClassVar[str] = "LoRA"
    explanation: ClassVar[str] = "The model stays as it is and learns thin additions. Needs little memory: the choice for larger models."
    when: ClassVar[str] = "Take it for any model that is too large to be trained as a whole. When in doubt, this is the one."
    paper: ClassVar[str] = "Hu et al. 2021, arXiv:2106.09685"
    merge: ClassVar[Merge] = Merge.EXACT
    rates: ClassVar[Rates] = Rates(tiny=3e-3, large=2e-4)
    tried: ClassVar[Mapping[str, Tried]] = {"r": Tried((8, 16, 32, 64), along=("lora_alpha",))}
    place: ClassVar[int] = 1
    Options: ClassVar[type[Options]] = LoraOptions

    def config(self, model: "PreTrainedModel", options: Any) -> "PeftConfig":
        from peft import LoraConfig

        chosen = targets(model, options.target_modules)
        transposed = any(is_transposed(layer) for layer in targeted(model, chosen))
        if transposed and options.init_lora_weights == "olora":  # peft would take the part out of the wrong side, silently for square layers
            why = "its weights lie transposed, which init_lora_weights = 'olora' does not know; take 'pissa'"
            raise MethodCannotTakeModel(method=self.label, why=Sentence("bad.transposed", why))
        return LoraConfig(
            task_type="CAUSAL_LM",
            r=options.r,
            lora_alpha=options.lora_alpha,
            lora_dropout=options.lora_dropout,
            target_modules=chosen,
            use_rslora=options.use_rslora,
            use_dora=options.use_dora,
            init_lora_weights=True if options.init_lora_weights == "default" else options.init_lora_weights,
            modules_to_save=whole_modules(model, options.modules_to_save),
            fan_in_fan_out=transposed,
        )

    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        from core.methods.quick.lora import quicken  # imports peft

        wrapped = super().apply(model, options)
        quicken(wrapped)
        if options.init_lora_weights.startswith(_MOVES_BASE):
            _remember_start(wrapped)
        return wrapped

    def save(self, model: Any, folder: Path) -> None:
        """What moved the base's weights is written as a plain LoRA of twice the rank on the unmoved base: with W = W' + A0 B0 s, the model is
        W' + A B s = W + (A B - A0 B0) s. So whoever loads it needs neither the start nor the same arithmetic."""
        super().save(model, folder)
        if first := _starts(model):
            _write_as_difference(folder, first)

    def learned(self, options: Any, size: Dimensions) -> int:
        """Seven matrices a layer, of about the hidden size or three times it; DoRA learns one length a row besides."""
        low_rank = options.r * (4 * 2 + 3 * 4)
        return size.layers * size.hidden_size * (low_rank + (11 if options.use_dora else 0))


def _remember_start(model: Any) -> None:
    """Not in the state: a resumed run makes the same start again from the same base."""
    from peft.tuners.lora import LoraLayer

    for module in model.modules():
        if isinstance(module, LoraLayer):
            layer: Any = module
            for name, part in zip(_FIRST, (layer.lora_A, layer.lora_B), strict=True):
                layer.register_buffer(name, part["default"].weight.detach().clone(), persistent=False)


def _starts(model: Any) -> dict[str, tuple[Any, Any]]:
    """The first A and B of each changed layer, by its path."""
    return {
        path: (getattr(module, _FIRST[0]), getattr(module, _FIRST[1])) for path, module in model.named_modules() if hasattr(module, _FIRST[0])
    }  # fmt: skip


def _write_as_difference(folder: Path, first: dict[str, tuple[Any, Any]]) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    weights, settings = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    tensors = load_file(weights)
    for path, (a, b) in first.items():
        down, up = f"{path}.lora_A.weight", f"{path}.lora_B.weight"
        tensors[down] = torch.cat([tensors[down], a.to(tensors[down])], dim=0)
        tensors[up] = torch.cat([tensors[up], -b.to(tensors[up])], dim=1)
    save_file(tensors, weights, metadata={"format": "pt"})
    config = json.loads(settings.read_text(encoding="utf-8"))
    rank = config["r"]
    scale = config["lora_alpha"] / (rank**0.5 if config["use_rslora"] else rank)
    config |= {"r": 2 * rank, "lora_alpha": scale * 2 * rank, "use_rslora": False, "init_lora_weights": True}
    settings.write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
