"""The models that are here: the starter that ships, and the folders in the home's models/ (downloaded, copied in, or put there by hand)."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.home import Home
from core.models.load import check_folder, header_of, parameters_of
from core.models.reference import ModelReference
from storage.files import free_bytes, size_bytes

STARTER = "starter"
_WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.md", "LICENSE*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


class ModelNotHere(UserError):
    """No model of this name was downloaded or added."""

    sentence = "There is no model '{name}' on this machine. Here are: {known}. Download one of the catalogue, or add a folder with 'bottega add-model FOLDER'."
    status = 404

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class ModelHereAlready(UserError):
    """A folder of this name is there already."""

    sentence = "There is a model called '{name}' already. Give the new one another name. Nothing was copied."
    status = 409

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class NoRoomForModel(UserError):
    """The disk has no room for a model."""

    sentence = "The model '{name}' needs {needed_gb:.1f} GB and {free_gb:.1f} GB are free. Free some space and try again. Nothing was copied."
    status = 507

    def __init__(self, *, name: str, needed_gb: float, free_gb: float) -> None:
        super().__init__(name=name, needed_gb=needed_gb, free_gb=free_gb)


@dataclass(frozen=True)
class Shape:
    """A model's dimensions, from its config and the headers of its weights; `context` is in tokens."""

    name: str
    architecture: str
    parameters: int
    hidden_size: int
    layers: int
    vocabulary: int
    context: int
    is_tied: bool = True  # whether the output layer is the embeddings


def starter() -> Path:
    """Where the shipped model's folder is; it may not be there while it is being made."""
    return Path(__file__).parent / "starter" / "weights"


def find(name: str, home: Home) -> ModelReference:
    """By its name. Raises ModelNotHere, and what check_folder raises."""
    folder = starter() if name == STARTER else home.models / name
    if not (name == STARTER or _NAME.fullmatch(name)) or not folder.is_dir():
        raise ModelNotHere(name=name, known=", ".join(names(home)) or "none")
    check_folder(folder, name)
    return ModelReference(name=name, folder=folder)


def names(home: Home) -> list[str]:
    """The starter first. Folders that are being written (a leading dot) do not count."""
    here = sorted(folder.name for folder in home.models.glob("*") if folder.is_dir() and _NAME.fullmatch(folder.name)) if home.models.is_dir() else []
    return [*([STARTER] if starter().is_dir() else []), *here]


def shape_of(reference: ModelReference) -> Shape:
    """Read without loading the model. Raises what check_folder raises."""
    config = check_folder(reference.folder, reference.name)
    inner: dict[str, Any] = {**config, **config.get("text_config", {})}
    return Shape(
        name=reference.name,
        architecture=str(config["model_type"]),
        parameters=parameters_of(reference.folder),
        hidden_size=int(inner.get("hidden_size") or inner.get("n_embd") or 0),
        layers=int(inner.get("num_hidden_layers") or inner.get("n_layer") or 0),
        vocabulary=int(inner.get("vocab_size") or 0),
        context=int(inner.get("max_position_embeddings") or inner.get("n_positions") or 2048),
        is_tied=not any("lm_head.weight" in header_of(file) for file in reference.folder.glob("*.safetensors")),
    )


def add(folder: Path, home: Home, name: str | None = None) -> ModelReference:
    """Copy a model's folder into the home: weights, config, tokenizer, licence, and nothing else. Raises what check_folder raises."""
    name = name or folder.resolve().name
    if not _NAME.fullmatch(name) or name == STARTER or (home.models / name).exists():
        raise ModelHereAlready(name=name)
    check_folder(folder, name)
    files = sorted({file for pattern in _WANTED for file in folder.glob(pattern) if file.is_file()})
    needed = sum(file.stat().st_size for file in files)
    if needed > free_bytes(home.models):
        raise NoRoomForModel(name=name, needed_gb=needed / 1e9, free_gb=free_bytes(home.models) / 1e9)
    writing = home.models / f".{name}.part"
    shutil.rmtree(writing, ignore_errors=True)
    try:
        writing.mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, writing / file.name)
        writing.rename(home.models / name)
    finally:
        shutil.rmtree(writing, ignore_errors=True)
    return ModelReference(name=name, folder=home.models / name)


def size_of(reference: ModelReference) -> int:
    """Bytes on the disk."""
    return size_bytes(reference.folder)
