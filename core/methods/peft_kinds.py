"""The other kinds of peft that merge exactly: each is its configuration, its plain words and its settings. How they are made to fit stands in kind.py.

BOFT is left out: peft compiles a CUDA program for it and puts that into the home folder, and where it cannot, mixes no groups whatever the setting says,
which is OFT made slower.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from core.methods.adapter import check_names, fits, is_transposed, linear_layers
from core.methods.base import Dimensions, Options, Rates, Tried
from core.methods.kind import AUTO, INPUTS, OUTPUTS, PeftKind, TargetOptions, dividing, has_transposed, inputs, outputs, target_field, weights

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel

_SCALED = ("k_proj", "v_proj", "qkv_proj", "query_key_value", "c_attn")  # what IA3 scales in attention, by the names of several families
_SCALED_INPUT = ("down_proj", "fc2", "dense_4h_to_h", "mlp.c_proj")


class Ia3Options(Options):
    target_modules: tuple[str, ...] = target_field("Layers that get a learned scale; auto takes keys, values and the way out of each block.", (AUTO,))


class Ia3(PeftKind):
    """One scale a channel; those of the feed-forward block scale what goes in."""

    name: ClassVar[str] = "ia3"
    label: ClassVar[str] = "IA3"
    explanation: ClassVar[str] = "Learns one scale for each channel of a few layers: the fewest learned numbers of all."
    when: ClassVar[str] = "Take it for very few rows, or where many small specialists are to lie beside one model."
    paper: ClassVar[str] = "Liu et al. 2022, arXiv:2205.05638"
    config_class: ClassVar[str] = "IA3Config"
    rates: ClassVar[Rates] = Rates(tiny=1e-1, large=8e-3)
    place: ClassVar[int] = 10
    Options: ClassVar[type[Options]] = Ia3Options

    def config(self, model: "PreTrainedModel", options: Any) -> "PeftConfig":
        from peft import IA3Config

        layers = dict(linear_layers(model))
        wanted = options.target_modules
        if wanted == (AUTO,):
            wanted = tuple(name for name in (*_SCALED, *_SCALED_INPUT) if any(fits(path, name) for path in layers))
        check_names(wanted or _SCALED, layers)
        inputs = [name for name in wanted if any(fits(f"x.{name}", one) or fits(f"x.{one}", name) for one in _SCALED_INPUT)]
        transposed = any(is_transposed(layer) for layer in layers.values())
        return IA3Config(task_type="CAUSAL_LM", target_modules=list(wanted), feedforward_modules=inputs, fan_in_fan_out=transposed)

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * 5


class OftOptions(TargetOptions):
    oft_block_size: int = Field(
        32, ge=2, le=1024, description="Channels that are turned together; a smaller one is taken where it does not divide a layer."
    )


class Oft(PeftKind):
    name: ClassVar[str] = "oft"
    label: ClassVar[str] = "OFT"
    explanation: ClassVar[str] = "Turns what goes into each layer without stretching it, so the model keeps more of what it knew."
    when: ClassVar[str] = "Take it when the model must not forget its other abilities."
    paper: ClassVar[str] = "Qiu et al. 2023, arXiv:2306.07280"
    config_class: ClassVar[str] = "OFTConfig"
    rates: ClassVar[Rates] = Rates(tiny=3e-3, large=4e-4)
    place: ClassVar[int] = 11
    Options: ClassVar[type[Options]] = OftOptions

    def fitted(self, model: "PreTrainedModel", options: Any, chosen: str | list[str]) -> dict[str, Any]:
        return {"oft_block_size": dividing(options.oft_block_size, inputs(model, chosen))}

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * INPUTS * (options.oft_block_size - 1) // 2


class LohaOptions(TargetOptions):
    r: int = Field(8, ge=1, le=512, description="The rank: how much each layer can learn.")
    alpha: int = Field(8, ge=1, le=4096, description="How strongly it is added.")
    rank_dropout: float = Field(0.0, ge=0, lt=1, description="How often a part of the rank is left out while training.")


class Loha(PeftKind):
    name: ClassVar[str] = "loha"
    label: ClassVar[str] = "LoHa"
    explanation: ClassVar[str] = "As LoRA, with two pairs of thin matrices multiplied, which reaches a higher rank with as many numbers."
    when: ClassVar[str] = "Take it when LoRA of a high rank still learns too little and memory is short."
    paper: ClassVar[str] = "Hyeon-Woo et al. 2021, arXiv:2108.06098"
    config_class: ClassVar[str] = "LoHaConfig"
    rates: ClassVar[Rates] = Rates(tiny=1.5e-2, large=1e-3)
    tried: ClassVar[Mapping[str, Tried]] = {"r": Tried((4, 8, 16, 32), along=("alpha",))}
    place: ClassVar[int] = 13
    Options: ClassVar[type[Options]] = LohaOptions

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * 2 * options.r * (INPUTS + OUTPUTS)


class LokrOptions(LohaOptions):
    decompose_factor: int = Field(-1, ge=-1, le=512, description="How the layer is divided into a grid; -1 makes it as square as can be.")


class Lokr(PeftKind):
    name: ClassVar[str] = "lokr"
    label: ClassVar[str] = "LoKr"
    explanation: ClassVar[str] = "As LoRA, built from a small pattern that is repeated over the layer: a very small file."
    when: ClassVar[str] = "Take it when what was learned must be as small as possible and IA3 learns too little."
    paper: ClassVar[str] = "Yeh et al. 2023, arXiv:2309.14859"
    config_class: ClassVar[str] = "LoKrConfig"
    tried: ClassVar[Mapping[str, Tried]] = {"r": Tried((4, 8, 16, 32), along=("alpha",))}
    place: ClassVar[int] = 14
    Options: ClassVar[type[Options]] = LokrOptions

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * 7 * int(size.hidden_size + options.r * 2 * size.hidden_size**0.5)


class HraOptions(TargetOptions):
    r: int = Field(8, ge=2, le=512, multiple_of=2, description="How many mirrors; an even number.")


class Hra(PeftKind):
    name: ClassVar[str] = "hra"
    label: ClassVar[str] = "HRA"
    explanation: ClassVar[str] = "Turns what goes into each layer by a row of mirrors: between LoRA and OFT."
    when: ClassVar[str] = "Take it when the model should forget little and OFT is too slow."
    paper: ClassVar[str] = "Yuan et al. 2024, arXiv:2405.17484"
    config_class: ClassVar[str] = "HRAConfig"
    tried: ClassVar[Mapping[str, Tried]] = {"r": Tried((4, 8, 16, 32))}
    place: ClassVar[int] = 16
    Options: ClassVar[type[Options]] = HraOptions

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * INPUTS * options.r


class FourierFtOptions(TargetOptions):
    n_frequency: int = Field(1000, ge=1, le=1_000_000, description="How many waves each layer learns.")
    scaling: float = Field(150.0, gt=0, le=10_000, description="How strongly they are added.")


class FourierFt(PeftKind):
    name: ClassVar[str] = "fourierft"
    label: ClassVar[str] = "FourierFT"
    explanation: ClassVar[str] = "Learns a few waves from which each layer's change is computed: a very small file, more computing."
    when: ClassVar[str] = "Take it when what was learned must be tiny and time matters little."
    paper: ClassVar[str] = "Gao et al. 2024, arXiv:2405.03003"
    config_class: ClassVar[str] = "FourierFTConfig"
    rates: ClassVar[Rates] = Rates(tiny=5e-2, large=2e-2)
    place: ClassVar[int] = 17
    Options: ClassVar[type[Options]] = FourierFtOptions

    def fitted(self, model: "PreTrainedModel", options: Any, chosen: str | list[str]) -> dict[str, Any]:
        return {
            "n_frequency": min(options.n_frequency, *weights(model, chosen)),
            "init_weights": True,
            "fan_in_fan_out": has_transposed(model, chosen),
        }

    def learned(self, options: Any, size: Dimensions) -> int:
        return int(size.layers * 7 * options.n_frequency)


class VeraOptions(TargetOptions):
    r: int = Field(256, ge=1, le=4096, description="The rank of the drawn matrices that all layers share.")
    vera_dropout: float = Field(0.0, ge=0, lt=1, description="How often a learned part is left out while training.")
    d_initial: float = Field(0.1, gt=0, le=1, description="What one of the two scales starts from.")


class Vera(PeftKind):
    name: ClassVar[str] = "vera"
    label: ClassVar[str] = "VeRA"
    explanation: ClassVar[str] = "All layers share one pair of drawn matrices; only scales are learned."
    when: ClassVar[str] = "Take it when many specialists are to be kept and LoRA's files add up."
    paper: ClassVar[str] = "Kopiczko et al. 2023, arXiv:2310.11454"
    config_class: ClassVar[str] = "VeraConfig"
    rates: ClassVar[Rates] = Rates(tiny=2e-2, large=4e-3)
    place: ClassVar[int] = 18
    Options: ClassVar[type[Options]] = VeraOptions

    def fitted(self, model: "PreTrainedModel", options: Any, chosen: str | list[str]) -> dict[str, Any]:
        return {"fan_in_fan_out": has_transposed(model, chosen)}

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * (size.hidden_size * OUTPUTS + 7 * options.r)


class MissOptions(TargetOptions):
    r: int = Field(64, ge=1, le=1024, description="The rank: how much each layer can learn.")
    miss_dropout: float = Field(0.0, ge=0, lt=1, description="How often a learned part is left out while training.")


class Miss(PeftKind):
    name: ClassVar[str] = "miss"
    label: ClassVar[str] = "MiSS"
    explanation: ClassVar[str] = "As LoRA with one thin matrix in place of two, shared over pieces of the layer: quick and sparing."
    when: ClassVar[str] = "Take it as a lighter LoRA when time or memory is short."
    paper: ClassVar[str] = "Kang and Yin 2024, arXiv:2409.15371"
    config_class: ClassVar[str] = "MissConfig"
    rates: ClassVar[Rates] = Rates(tiny=2e-3, large=2e-4)
    place: ClassVar[int] = 19
    Options: ClassVar[type[Options]] = MissOptions

    def fitted(self, model: "PreTrainedModel", options: Any, chosen: str | list[str]) -> dict[str, Any]:
        return {"r": min(options.r, *inputs(model, chosen))}

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * OUTPUTS * options.r


class NormOptions(Options):
    target_modules: tuple[str, ...] = target_field("Norms that learn; auto takes them all.", (AUTO,))


class LnTuning(PeftKind):
    name: ClassVar[str] = "ln_tuning"
    label: ClassVar[str] = "Norm tuning"
    explanation: ClassVar[str] = "Only the model's norms learn: a few scales between its layers."
    when: ClassVar[str] = "Take it for a slight change of style, or to see how far the least of all changes gets."
    paper: ClassVar[str] = "Zhao et al. 2023, arXiv:2312.11420"
    config_class: ClassVar[str] = "LNTuningConfig"
    rates: ClassVar[Rates] = Rates(tiny=2e-2, large=2e-3)
    place: ClassVar[int] = 20
    Options: ClassVar[type[Options]] = NormOptions

    def config(self, model: "PreTrainedModel", options: Any) -> "PeftConfig":
        from peft import LNTuningConfig

        norms = {path: module for path, module in model.named_modules() if type(module).__name__.endswith("Norm")}
        if options.target_modules != (AUTO,):
            check_names(options.target_modules, norms)
        names = list(norms) if options.target_modules == (AUTO,) else list(options.target_modules)
        return LNTuningConfig(task_type="CAUSAL_LM", target_modules=names)

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.hidden_size * (2 * size.layers + 1)


class RoadOptions(TargetOptions):
    variant: Literal["road_1", "road_2", "road_4"] = Field("road_1", description="How many numbers a pair of channels learns: 2, 4 or 8.")
    group_size: int = Field(
        64, ge=2, le=1024, multiple_of=2, description="Channels that are paired; a smaller one is taken where it does not divide a layer."
    )


class Road(PeftKind):
    name: ClassVar[str] = "road"
    label: ClassVar[str] = "RoAd"
    explanation: ClassVar[str] = "Turns what comes out of each layer, pair by pair: few numbers, little computing."
    when: ClassVar[str] = "Take it where IA3 learns too little and the file has to stay as small."
    paper: ClassVar[str] = "Liao et al. 2024, arXiv:2409.00119"
    config_class: ClassVar[str] = "RoadConfig"
    rates: ClassVar[Rates] = Rates(tiny=1e-2, large=3e-3)
    place: ClassVar[int] = 21
    Options: ClassVar[type[Options]] = RoadOptions

    def fitted(self, model: "PreTrainedModel", options: Any, chosen: str | list[str]) -> dict[str, Any]:
        return {"group_size": dividing(options.group_size, outputs(model, chosen), step=2)}

    def learned(self, options: Any, size: Dimensions) -> int:
        return size.layers * size.hidden_size * 2 * OUTPUTS
