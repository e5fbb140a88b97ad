"""AdaLoRA: LoRA in the form of singular values, of which those that matter little are taken away while it learns. Zhang et al. 2023, arXiv:2303.10512."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from core.methods.adapter import plain, targets
from core.methods.base import Dimensions, Options, Rates
from core.methods.kind import INPUTS, OUTPUTS, PeftKind, TargetOptions, has_transposed

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

_STATE_FILE = "adalora-state.safetensors"
_AVERAGES, _PATTERN = ("ipt", "exp_avg_ipt", "exp_avg_unc"), "rank_pattern"  # peft's own names


class AdaLoraOptions(TargetOptions):
    init_r: int = Field(12, ge=1, le=512, description="The rank at the start.")
    target_r: int = Field(8, ge=1, le=512, description="The mean rank at the end: layers that matter keep more.")
    lora_alpha: int = Field(32, ge=1, le=4096, description="How strongly it is added.")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="How often a learned part is left out while training.")
    orth_reg_weight: float = Field(0.5, ge=0, le=10, description="A pull that keeps the parts of a layer independent.")
    delta_t: int = Field(10, ge=1, le=1000, description="Steps between two rounds of taking rank away.")

    @model_validator(mode="after")
    def _takes_something_away(self) -> "AdaLoraOptions":
        if self.target_r >= self.init_r:  # peft would fail in the middle of the training
            raise ValueError(f"target_r ({self.target_r}) must be smaller than init_r ({self.init_r}): rank is taken away, never added")
        return self


class AdaLora(PeftKind):
    """Rank is taken away between a tenth and two thirds of the steps, as the paper's schedule, and the pull is added to the gradients."""

    name: ClassVar[str] = "adalora"
    label: ClassVar[str] = "AdaLoRA"
    explanation: ClassVar[str] = "As LoRA, but while it learns it takes room from layers that matter little."
    when: ClassVar[str] = "Take it for long trainings of a large model where each learned number has to count."
    paper: ClassVar[str] = "Zhang et al. 2023, arXiv:2303.10512"
    config_class: ClassVar[str] = "AdaLoraConfig"
    rates: ClassVar[Rates] = Rates(tiny=1e-2, large=1e-3)
    place: ClassVar[int] = 15
    Options: ClassVar[type[Options]] = AdaLoraOptions

    def config(self, model: "PreTrainedModel", options: Any) -> "PeftConfig":
        from peft import AdaLoraConfig

        chosen = targets(model, options.target_modules)
        values = {"deltaT" if name == "delta_t" else name: value for name, value in plain(options).items()}
        values |= {"target_modules": chosen, "fan_in_fan_out": has_transposed(model, chosen)}
        return AdaLoraConfig(task_type="CAUSAL_LM", total_step=1, **values)

    def begin(self, model: Any, steps: int) -> None:
        config, allocator = model.peft_config["default"], model.base_model.rankallocator
        config.total_step, config.tinit, config.tfinal = steps, steps // 10, steps // 3
        allocator.set_total_step(steps)

    def before_step(self, model: Any) -> None:
        """peft adds the pull to a loss that the model computes; ours is computed outside."""
        weight = model.peft_config["default"].orth_reg_weight
        parts = [part for name, part in model.named_parameters() if "lora_A" in name or "lora_B" in name]
        if weight:
            (weight / len(parts) * sum(_distance_from_orthogonal(part) for part in parts)).backward()

    def after_step(self, model: Any, step: int) -> None:
        model.base_model.update_and_allocate(step)

    def write_state(self, model: Any, folder: Path) -> None:
        """The weights once more: peft leaves out what was taken away, and could not read the rest back into a model of the full rank."""
        import torch
        from safetensors.torch import save_file

        config, allocator = model.peft_config["default"], model.base_model.rankallocator
        pattern, config.rank_pattern = config.rank_pattern, None
        model.save_pretrained(folder, save_embedding_layers=False)
        config.rank_pattern = pattern
        state = {f"{name}/{key}": value for name in _AVERAGES for key, value in getattr(allocator, name).items()}
        state |= {f"{_PATTERN}/{key}": torch.tensor(kept) for key, kept in (pattern or {}).items()}
        save_file(state, folder / _STATE_FILE)

    def read_state(self, model: Any, folder: Path) -> None:
        from safetensors.torch import load_file

        allocator = model.base_model.rankallocator
        pattern: dict[str, list[bool]] = {}
        for key, value in load_file(folder / _STATE_FILE).items():
            kind, name = key.split("/", 1)
            if kind == _PATTERN:
                pattern[name] = value.tolist()
            else:
                getattr(allocator, kind)[name] = value.to(next(model.parameters()).device)
        model.peft_config["default"].rank_pattern = pattern or None

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * options.init_r * (INPUTS + OUTPUTS)


def _distance_from_orthogonal(part: Any) -> Any:
    import torch

    square = part @ part.T if part.shape[0] <= part.shape[1] else part.T @ part
    return torch.linalg.matrix_norm(square - torch.eye(len(square), device=square.device))
