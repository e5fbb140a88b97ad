"""LoRA: freeze the model and learn two thin matrices beside each layer. Hu et al. 2021, arXiv:2106.09685; rsLoRA: Kalajdzievski 2023, arXiv:2312.03732."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from core.errors import UserError
from core.methods.base import Merge, Method, Options

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

ALL_LINEAR = "all-linear"


class UnknownLayer(UserError):
    """A name in target_modules fits no layer of the model."""

    sentence = "This model has no layer called {wanted}. Its layers are: {known}. Write 'all-linear' to take them all. Nothing was started."
    status = 422

    def __init__(self, *, wanted: str, known: str) -> None:
        super().__init__(wanted=wanted, known=known)


class LoraOptions(Options):
    """peft's own names."""

    r: int = Field(16, ge=1, le=1024, description="The rank: how much each layer can learn.")
    lora_alpha: int = Field(32, ge=1, le=4096, description="How strongly it is added; twice the rank is usual.")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="How often a learned part is left out while training.")
    target_modules: tuple[str, ...] = Field((ALL_LINEAR,), min_length=1, description="Layers that get it; all-linear takes them all.")
    use_rslora: bool = Field(False, description="Scale by the root of the rank, for high ranks.")


class Lora(Method):
    """What is kept are the thin matrices; merging adds their product to the base's weights, which is exact."""

    name: ClassVar[str] = "lora"
    label: ClassVar[str] = "LoRA"
    explanation: ClassVar[str] = "The model stays as it is and learns thin additions. Needs little memory: the choice for larger models."
    merge: ClassVar[Merge] = Merge.EXACT
    Options: ClassVar[type[Options]] = LoraOptions

    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        """Wrap `model` in place; only the additions stay trainable. Raises UnknownLayer if a name fits no layer."""
        from peft import LoraConfig, get_peft_model  # seconds to import: only the child that trains pays

        targets = options.target_modules
        if targets != (ALL_LINEAR,):
            _check_layers(model, targets)
        config = LoraConfig(
            task_type="CAUSAL_LM",
            r=options.r,
            lora_alpha=options.lora_alpha,
            lora_dropout=options.lora_dropout,
            target_modules=ALL_LINEAR if targets == (ALL_LINEAR,) else list(targets),
            use_rslora=options.use_rslora,
        )
        return get_peft_model(model, config)

    def save(self, model: Any, folder: Path) -> None:
        model.save_pretrained(folder, save_embedding_layers=False)  # 'auto' would ask the hub whether the vocabulary changed

    def load(self, base: "PreTrainedModel", folder: Path) -> Any:
        return self._on(base, folder).eval()

    def merged(self, base: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
        """`base` must be in fp32: in 16 bits the sum would be rounded."""
        merged: PreTrainedModel = self._on(base, folder).merge_and_unload(safe_merge=True)
        return merged

    def _on(self, base: "PreTrainedModel", folder: Path) -> "PeftModel":
        from peft import PeftModel

        return PeftModel.from_pretrained(base, str(folder), local_files_only=True)


def _check_layers(model: "PreTrainedModel", wanted: tuple[str, ...]) -> None:
    import torch

    known = {name.rsplit(".", 1)[-1] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    paths = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    missing = [name for name in wanted if not any(path == name or path.endswith(f".{name}") for path in paths)]
    if missing:
        raise UnknownLayer(wanted=", ".join(missing), known=", ".join(sorted(known)))
