"""Safe loading of models that people bring: safetensors only, no code from the model's folder, nothing from the network."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.models.reference import ModelReference

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")


class NoSafetensors(UserError):
    """A folder holds weights as a pickle (.bin, .pt), which can run code when it is opened, or no weights at all."""

    sentence = (
        "The model folder '{name}' has no .safetensors file{instead}. Bottega opens safetensors only, since other weight files can run code. "
        "Take the model's safetensors version, or convert it on a machine that you can do without: "
        "transformers' from_pretrained(folder) and then save_pretrained(new_folder). Nothing was started."
    )
    status = 422

    def __init__(self, *, name: str, instead: str) -> None:
        super().__init__(name=name, instead=instead)


class ModelIncomplete(UserError):
    """A file that every model folder has is missing or unreadable."""

    sentence = "The model folder '{name}' is not complete: {missing}. Download or copy it again. Nothing was started."
    status = 422

    def __init__(self, *, name: str, missing: str) -> None:
        super().__init__(name=name, missing=missing)


class UnknownArchitecture(UserError):
    """transformers knows no such model, or it is none that writes text."""

    sentence = (
        "The model '{name}' is of the kind '{kind}', which this version of Bottega cannot train: it wants a model that writes text and that "
        "transformers knows without code of its own. Choose one of the catalogue. Nothing was started."
    )
    status = 422

    def __init__(self, *, name: str, kind: str) -> None:
        super().__init__(name=name, kind=kind)


class NoChatTemplate(UserError):
    """The tokenizer does not say how a conversation is written down."""

    sentence = (
        "The model '{name}' has no chat template, so it is a raw model that was never taught to answer. Choose its version for chats "
        "(often named '-Instruct' or '-it'). Nothing was started."
    )
    status = 422

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


def check_folder(folder: Path, name: str | None = None) -> dict[str, Any]:
    """What can be said without importing anything heavy; the model's config. Raises ModelIncomplete, NoSafetensors."""
    name = name or folder.name
    config = _config(folder, name)
    weights = list(folder.glob("*.safetensors"))
    if not weights:
        pickled = sorted(file.name for pattern in _PICKLED for file in folder.glob(pattern))
        raise NoSafetensors(name=name, instead=f", only {pickled[0]}" if pickled else "")
    if missing := [part for part in _parts(folder, name) if not (folder / part).is_file()]:
        raise ModelIncomplete(name=name, missing=f"{missing[0]} is missing")
    if not any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise ModelIncomplete(name=name, missing="its tokenizer (tokenizer.json) is missing")
    return config


def check_weights(folder: Path, name: str) -> None:
    """That an adapter's weights are there and whole. Raises ModelIncomplete."""
    files = list(folder.glob("*.safetensors"))
    if not files:
        raise ModelIncomplete(name=name, missing="its weights (.safetensors) are missing")
    for file in files:
        header_of(file)


def parameters_of(folder: Path) -> int:
    """Counted from the headers of the safetensors files; tied weights count once."""
    total = 0
    for file in folder.glob("*.safetensors"):
        for tensor in header_of(file).values():
            count = 1
            for size in tensor["shape"]:
                count *= size
            total += count
    return total


def header_of(file: Path) -> dict[str, Any]:
    """The table of contents of a safetensors file, read without the weights. Raises ModelIncomplete for a torn file."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 2 <= length <= min(100_000_000, file.stat().st_size):
                raise ValueError(length)
            header: dict[str, Any] = json.loads(opened.read(length))
    except (OSError, ValueError) as error:
        raise ModelIncomplete(name=file.parent.name, missing=f"{file.name} is damaged or was cut off") from error
    header.pop("__metadata__", None)
    if header and max(tensor["data_offsets"][1] for tensor in header.values()) + 8 + length > file.stat().st_size:
        raise ModelIncomplete(name=file.parent.name, missing=f"{file.name} was cut off")
    return header


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    """Its chat template takes a system turn, if need be as part of the first question. Raises ModelIncomplete, NoChatTemplate."""
    from transformers import AutoTokenizer

    from core.data.layout import accept_system

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise ModelIncomplete(name=folder.name, missing=f"its tokenizer does not open ({_short(error)})") from error
    if not tokenizer.chat_template:
        raise NoChatTemplate(name=folder.name)
    accept_system(tokenizer)
    return tokenizer


def load_model(reference: ModelReference, *, dtype: "torch.dtype | None" = None) -> "PreTrainedModel":
    """A plain model, ready to answer: a tuned one with its adapter merged, or beside it where it cannot be. `dtype` is fp32 unless said. Heavy: only for children.

    Raises NoSafetensors, ModelIncomplete, UnknownArchitecture.
    """
    model = _together(load_base(reference.base or reference.folder, dtype=dtype), reference)
    if reference.has_head:
        from core.models.head import read_head

        read_head(model, reference.folder)
    return model


def _together(base: "PreTrainedModel", reference: ModelReference) -> "PreTrainedModel":
    if reference.base is None:
        return base
    from core.methods.base import Merge, method

    chosen = method(reference.method)
    if chosen.merge is Merge.NEVER:
        beside: PreTrainedModel = chosen.load(base, reference.folder)
        return beside
    return chosen.merged(base, reference.folder).eval()


def load_base(folder: Path, *, dtype: "torch.dtype | None" = None, quantization: Any = None) -> "PreTrainedModel":
    """The whole model that lies in a folder. With `quantization`, transformers' quantization_config, its weights are packed while they are read,
    on the GPU where there is one (a packed model is not moved afterwards)."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = check_folder(folder)
    for file in folder.glob("*.safetensors"):
        header_of(file)
    safe: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    wanted = dict(safe, dtype=dtype or torch.float32, use_safetensors=True)
    if quantization is not None:
        wanted |= {"quantization_config": quantization, "device_map": {"": 0 if torch.cuda.is_available() else "cpu"}}
    try:
        AutoConfig.from_pretrained(str(folder), **safe)
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(str(folder), **wanted)
    except (ValueError, KeyError, ImportError) as error:
        raise UnknownArchitecture(name=folder.name, kind=str(config.get("model_type", "?"))) from error
    except (OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" in str(error).lower():
            raise
        raise ModelIncomplete(name=folder.name, missing=_short(error)) from error
    return model.eval()


def _config(folder: Path, name: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelIncomplete(name=name, missing="config.json is missing or unreadable") from error
    if not isinstance(config, dict) or not config.get("model_type"):
        raise ModelIncomplete(name=name, missing="config.json does not say which kind of model it is (model_type)")
    return config


def _parts(folder: Path, name: str) -> list[str]:
    """The weight files that an index names."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelIncomplete(name=name, missing=f"{index.name} is unreadable") from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
