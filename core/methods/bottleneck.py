"""Bottleneck adapters: freeze the model and learn a narrow passage behind its blocks. Houlsby et al. 2019, arXiv:1902.00751; Pfeiffer et al. 2021, arXiv:2005.00247.

peft has none. Houlsby's stand behind attention and feed-forward, Pfeiffer's behind the feed-forward block only; the models' norms stay as they are.
"""

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from core.methods.base import CannotBeOneModel, Dimensions, Graft, Merge, Method, MethodCannotTakeModel, Options, Rates, Tried
from core.sentence import Sentence

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"
PART = "bottleneck"  # the name under which a block holds its adapter
_ATTENTION = ("self_attn", "attn", "attention", "self_attention")
_MIDDLES = {"relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "tanh": "Tanh"}  # as torch calls them
_FEED_FORWARD = ("mlp", "feed_forward", "ffn", "shared_mlp", "block_sparse_moe")


class BottleneckOptions(Options):
    """The names of the adapters library."""

    kind: Literal["pfeiffer", "houlsby"] = Field(
        "pfeiffer", description="One passage a layer (pfeiffer), or two (houlsby), which learn more and cost more."
    )
    reduction_factor: float = Field(8, gt=0, le=1024, description="How much narrower the passage is than the model.")
    non_linearity: Literal["relu", "gelu", "silu", "tanh"] = Field("relu", description="What stands in the middle of the passage.")


class Bottleneck(Method):
    """What is kept are the passages in a folder as peft writes one. Their non-linearity keeps them from being merged; an export puts them into the graph."""

    name: ClassVar[str] = "bottleneck"
    label: ClassVar[str] = "Bottleneck adapter"
    explanation: ClassVar[str] = (
        "The model stays as it is; a narrow passage is added behind its blocks. What was learned stays a small part of its own."
    )
    when: ClassVar[str] = (
        "Take it to keep several skills apart on one model, or to spare memory where LoRA learns too little: its passages can bend what passes through."
    )
    paper: ClassVar[str] = "Houlsby et al. 2019, arXiv:1902.00751; Pfeiffer et al. 2021, arXiv:2005.00247"
    merge: ClassVar[Merge] = Merge.NEVER
    has_grafts: ClassVar[bool] = True
    shares_base: ClassVar[bool] = True
    rates: ClassVar[Rates] = Rates(tiny=1e-2, large=1e-4)
    tried: ClassVar[Mapping[str, Tried]] = {"reduction_factor": Tried((2, 4, 8, 16))}
    place: ClassVar[int] = 3
    Options: ClassVar[type[Options]] = BottleneckOptions

    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        """Add to `model` in place; only the passages stay trainable. They start as if they were not there. Raises MethodCannotTakeModel."""
        model.requires_grad_(False)
        width = max(1, int(model.config.get_text_config().hidden_size / options.reduction_factor))
        for block in _blocks(model, options.kind):
            _insert(block, model.config.get_text_config().hidden_size, width, options.non_linearity)
        return model

    def save(self, model: Any, folder: Path) -> None:
        from safetensors.torch import save_file

        passages = dict(_passages(model))
        first = next(iter(passages.values()))
        config = {
            "peft_type": "BOTTLENECK",
            "task_type": "CAUSAL_LM",
            "kind": "houlsby" if len(passages) > model.config.get_text_config().num_hidden_layers else "pfeiffer",
            "hidden_size": first.down.in_features,
            "bottleneck_size": first.down.out_features,
            "reduction_factor": first.down.in_features / first.down.out_features,
            "non_linearity": type(first.middle).__name__.lower(),
            "inference_mode": True,
        }
        tensors = {
            f"{path}.{name}": value.detach().cpu().contiguous().clone() for path, part in passages.items() for name, value in part.state_dict().items()
        }  # fmt: skip
        save_file(tensors, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")

    def load(self, base: "PreTrainedModel", folder: Path) -> Any:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        for block in _blocks(base, config["kind"]):
            _insert(block, config["hidden_size"], config["bottleneck_size"], config["non_linearity"])
        self.go_on(base, folder)
        return base.requires_grad_(False).eval()

    def go_on(self, model: Any, folder: Path) -> None:
        from safetensors.torch import load_file

        stored = load_file(folder / WEIGHTS_FILE)
        for path, part in _passages(model):
            part.load_state_dict({name: stored[f"{path}.{name}"] for name in part.state_dict()})

    def lift(self, loaded: Any) -> None:
        for block in list(loaded.modules()):
            if hasattr(block, PART):
                delattr(block, PART)
                for key in [key for key, hook in block._forward_hooks.items() if hook is _pass_through]:
                    del block._forward_hooks[key]

    def merged(self, base: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
        raise CannotBeOneModel(method=self.label)

    def grafts(self, folder: Path) -> list[Graft]:
        """In the order of the layers; of a layer, attention first."""
        from safetensors.numpy import load_file

        stored = load_file(folder / WEIGHTS_FILE)
        middle = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["non_linearity"]
        found = []
        for path in sorted({name.rsplit(".", 2)[0] for name in stored}):
            *_, number, block, _ = path.split(".")
            parts = (stored[f"{path}.{name}"] for name in ("down.weight", "down.bias", "up.weight", "up.bias"))
            down, down_bias, up, up_bias = (part.astype("float32") for part in parts)
            found.append(Graft(int(number), "attention" if block in _ATTENTION else "feed_forward", down, down_bias, middle, up, up_bias))
        return sorted(found, key=lambda one: (one.layer, one.block))

    def learned(self, options: Any, size: Dimensions) -> int:
        width = max(1, int(size.hidden_size / options.reduction_factor))
        return size.layers * (2 if options.kind == "houlsby" else 1) * (2 * width * size.hidden_size + width + size.hidden_size)


def _blocks(model: "PreTrainedModel", kind: str) -> "Iterator[nn.Module]":
    """Behind which passages are put, in order. Raises MethodCannotTakeModel."""
    for number, layer in enumerate(_layers(model)):
        for names in (_ATTENTION, _FEED_FORWARD) if kind == "houlsby" else (_FEED_FORWARD,):
            found = next((getattr(layer, name) for name in names if hasattr(layer, name)), None)
            if found is None:
                raise MethodCannotTakeModel(method=Bottleneck.label, why=f"its layer {number} has no block called {' or '.join(names)}")
            yield found


def _layers(model: "PreTrainedModel") -> "nn.ModuleList":
    from torch import nn

    count = model.config.get_text_config().num_hidden_layers
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise MethodCannotTakeModel(method=Bottleneck.label, why=Sentence("bad.no_layers", "its layers were not found"))


def _passages(model: Any) -> Iterator[tuple[str, Any]]:
    for path, module in model.named_modules():
        if path.endswith(f".{PART}"):
            yield path, module


def _insert(block: Any, hidden_size: int, width: int, non_linearity: str) -> None:
    """As a part of the block and a hook behind it, so that the base's own weights keep their names. The way up starts at zero."""
    from torch import nn

    down, up = nn.Linear(hidden_size, width), nn.Linear(width, hidden_size)
    nn.init.zeros_(up.weight)
    nn.init.zeros_(up.bias)
    middle = getattr(nn, _MIDDLES[non_linearity])()
    passage = nn.Sequential(OrderedDict(down=down, middle=middle, up=up))
    block.add_module(PART, passage.to(next(block.parameters()).device))
    block.register_forward_hook(_pass_through)


def _pass_through(block: Any, inputs: tuple[Any, ...], output: Any) -> Any:
    """An attention gives a tuple whose first is what goes on."""
    if isinstance(output, tuple):
        return (_passed(getattr(block, PART), output[0]), *output[1:])
    return _passed(getattr(block, PART), output)


def _passed(passage: Any, hidden: "Tensor") -> "Tensor":
    through: Tensor = passage(hidden.to(passage.down.weight.dtype))
    return hidden + through.to(hidden.dtype)
