"""What all methods of the peft library share: the model stays as it is, a small folder holds what was learned, and merging puts it into the weights."""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.errors import UserError
from core.methods.base import CannotGoOn, Method, MethodCannotTakeModel, Options
from core.sentence import Sentence

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from torch import nn
    from transformers import PreTrainedModel

ALL_LINEAR = "all-linear"


class UnknownLayer(UserError):
    """A name in target_modules fits no layer of the model."""

    sentence = "This model has no layer called {wanted}. Its layers are: {known}. Write 'all-linear' to take them all. Nothing was started."
    status = 422

    def __init__(self, *, wanted: str, known: str) -> None:
        super().__init__(wanted=wanted, known=known)


class AdapterMethod(Method):
    """Subclasses say which configuration; the rest is the same for all."""

    shares_base: ClassVar[bool] = True

    @abstractmethod
    def config(self, model: "PreTrainedModel", options: Any) -> "PeftConfig":
        """For just this model. Raises UnknownLayer."""

    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        """Wrap `model` in place; only what is added stays trainable. Raises UnknownLayer, MethodCannotTakeModel."""
        from peft import get_peft_model  # seconds to import: only the child that trains pays

        config = self.config(model, options)
        try:
            return get_peft_model(model, config, autocast_adapter_dtype=True)
        except (ValueError, TypeError, RuntimeError, IndexError, NotImplementedError) as error:
            raise MethodCannotTakeModel(method=self.label, why=_short(error)) from error

    def save(self, model: Any, folder: Path) -> None:
        model.save_pretrained(folder, save_embedding_layers=False)  # 'auto' would ask the hub whether the vocabulary changed

    def load(self, base: "PreTrainedModel", folder: Path) -> Any:
        return self._on(base, folder).eval()

    def lift(self, loaded: Any) -> None:
        loaded.unload()

    def merged(self, base: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
        """`base` must be in fp32: in 16 bits the sum would be rounded."""
        merged: PreTrainedModel = self._on(base, folder).merge_and_unload(safe_merge=True)
        return merged

    def go_on(self, model: Any, folder: Path) -> None:
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        try:
            put: Any = set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))
        except (RuntimeError, ValueError, KeyError) as error:  # its sizes changed since: parts of the base were taken out, or ranks were cut
            raise CannotGoOn(method=self.label, why=Sentence("bad.other_form", "what it kept has another form than what it starts from")) from error
        if put.unexpected_keys:
            raise CannotGoOn(method=self.label, why=Sentence("bad.unknown_part", "{name} is unknown to it", {"name": put.unexpected_keys[0]}))

    def _on(self, base: "PreTrainedModel", folder: Path) -> "PeftModel":
        from peft import PeftModel

        return PeftModel.from_pretrained(base, str(folder), local_files_only=True)


def linear_layers(model: "PreTrainedModel") -> "Iterator[tuple[str, nn.Module]]":
    """By their paths, the output layer left out: torch's Linear (4-bit ones too) and GPT-2's Conv1D, whose weights lie transposed."""
    import torch
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | Conv1D) and module is not output:
            yield name, module


def is_transposed(layer: "nn.Module") -> bool:
    """Whether its weight is [in, out], as GPT-2's."""
    from transformers.pytorch_utils import Conv1D

    return isinstance(layer, Conv1D)


def targets(model: "PreTrainedModel", wanted: tuple[str, ...]) -> str | list[str]:
    """As peft takes them. Raises UnknownLayer for a name that fits none."""
    if wanted == (ALL_LINEAR,):
        return ALL_LINEAR
    layers = dict(linear_layers(model))
    check_names(wanted, layers)
    return list(wanted)


def targeted(model: "PreTrainedModel", chosen: str | list[str]) -> "list[nn.Module]":
    """The layers that `targets` chose."""
    layers = linear_layers(model)
    return [module for name, module in layers if chosen == ALL_LINEAR or any(fits(name, wanted) for wanted in chosen)]


def check_names(wanted: tuple[str, ...], paths: "dict[str, nn.Module]") -> None:
    """Raises UnknownLayer."""
    if missing := [name for name in wanted if not any(fits(path, name) for path in paths)]:
        known = sorted({path.rsplit(".", 1)[-1] for path in paths})
        raise UnknownLayer(wanted=", ".join(missing), known=", ".join(known))


def fits(path: str, name: str) -> bool:
    """As peft reads a name: the whole path or its end."""
    return path == name or path.endswith(f".{name}")


def whole_modules(model: "PreTrainedModel", wanted: tuple[str, ...]) -> list[str] | None:
    """As peft takes its modules_to_save: those, such as the embeddings, of which every weight learns. Raises UnknownLayer."""
    if not wanted:
        return None
    check_names(wanted, dict(model.named_modules()))
    return list(wanted)


def plain(options: Options) -> dict[str, Any]:
    """As peft's configurations take them: lists, not tuples."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.model_dump().items()}


def _short(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
