"""Full fine-tuning: every weight of the model learns. What a small model wants; a large one rarely fits in memory this way."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.methods.base import Dimensions, Merge, Method, Options, Rates

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class FullOptions(Options):
    """Nothing to set."""


class Full(Method):
    """What is kept is a whole model, in fp32."""

    name: ClassVar[str] = "full"
    label: ClassVar[str] = "Full fine-tuning"
    explanation: ClassVar[str] = (
        "Every weight of the model learns. The best choice for small models; needs about four times the model's size in memory."
    )
    when: ClassVar[str] = (
        "Take it for the small model that comes with Bottega, and for any other that fits in memory four times and has many rows to learn from."
    )
    merge: ClassVar[Merge] = Merge.WHOLE
    rates: ClassVar[Rates] = Rates(tiny=1e-3, large=2e-5)
    place: ClassVar[int] = 0
    Options: ClassVar[type[Options]] = FullOptions

    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        return model.requires_grad_(True)

    def save(self, model: Any, folder: Path) -> None:
        model.save_pretrained(folder)

    def load(self, base: "PreTrainedModel", folder: Path) -> Any:
        """The base only says which class it is: its weights are replaced."""
        import torch

        return type(base).from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False, local_files_only=True
        )  # fmt: skip

    def merged(self, base: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
        loaded: PreTrainedModel = self.load(base, folder)
        return loaded

    def go_on(self, model: Any, folder: Path) -> None:
        """Tied weights are stored once."""
        from safetensors.torch import load_file

        for file in sorted(folder.glob("*.safetensors")):
            model.load_state_dict(load_file(file), strict=False)
        model.tie_weights()

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.parameters
