"""QLoRA: LoRA beside weights that are packed to 4 bits (NF4, the scales packed too). Dettmers et al. 2023, arXiv:2305.14314."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from core.errors import UserError
from core.methods.base import Options, Rates
from core.methods.lora import Lora, LoraOptions

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class BitsandbytesMissing(UserError):
    """The library that packs weights to 4 bits is not there, or not for this machine."""

    sentence = (
        "Training in 4 bits needs the library bitsandbytes, which does not load on this machine ({why}). Take LoRA instead. Nothing was started."
    )
    status = 422

    def __init__(self, *, why: str) -> None:
        super().__init__(why=why)


class QloraOptions(LoraOptions):
    """LoRA's, and how the base is packed. What takes a part out of the base's weights is left out: packed weights cannot give it exactly."""

    init_lora_weights: Literal["default", "gaussian", "orthogonal"] = Field("default", description="What the additions start from.")
    bnb_4bit_quant_type: Literal["nf4", "fp4"] = Field("nf4", description="The 16 values that a packed weight can have; nf4 fits weights best.")
    bnb_4bit_use_double_quant: bool = Field(True, description="Pack the scales of the packed weights too: saves a little more memory.")


class Qlora(Lora):
    """What is kept is a LoRA; it is merged into the unpacked fp32 base, never into the packed one, which would stay in 4 bits."""

    name: ClassVar[str] = "qlora"
    label: ClassVar[str] = "QLoRA"
    explanation: ClassVar[str] = "As LoRA, with the model packed to an eighth of its size while it learns. Needs the least memory; slower."
    when: ClassVar[str] = "Take it when the model does not fit in memory even with LoRA."
    paper: ClassVar[str] = "Dettmers et al. 2023, arXiv:2305.14314"
    rates: ClassVar[Rates] = Rates(tiny=3e-3, large=2e-4)
    packs_base: ClassVar[bool] = True
    place: ClassVar[int] = 2
    Options: ClassVar[type[Options]] = QloraOptions

    def quantization(self, options: Any) -> Any:
        """Raises BitsandbytesMissing."""
        import torch
        from transformers import BitsAndBytesConfig

        try:
            import bitsandbytes  # noqa: F401
        except (ImportError, OSError, RuntimeError) as error:
            raise BitsandbytesMissing(why=" ".join(str(error).split())[:120]) from error
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=options.bnb_4bit_quant_type,
            bnb_4bit_use_double_quant=options.bnb_4bit_use_double_quant,
            bnb_4bit_compute_dtype=torch.bfloat16 if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else torch.float32,
        )

    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        keep_gradients_right(model)
        return super().apply(model, options)

    def load(self, base: "PreTrainedModel", folder: Any) -> Any:
        keep_gradients_right(base)
        return super().load(base, folder)


def keep_gradients_right(model: Any) -> None:
    """On CPUs with AVX512-BF16 one forward in eval mode packs the 4-bit weights anew for speed, and the backward pass then reads them wrongly:
    most of the gradient is lost while the loss still falls. Must come before the first forward."""
    import sys

    if "bitsandbytes" not in sys.modules:  # nothing can be packed
        return
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False
