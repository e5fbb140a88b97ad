"""How a method changes a model and how it is kept. One file a method."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from core.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Merge(StrEnum):
    """Whether what was learned can be put into the base's own weights."""

    WHOLE = "whole"  # there is nothing to merge: the method trains the model itself
    EXACT = "exact"
    NEVER = "never"


class Options(BaseModel):
    """A method's settings: shown as a form, written into the recipe under [method_options]."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnknownMethod(UserError):
    """The name is no method."""

    sentence = "There is no method '{name}'. Choose one of: {known}."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class Method(ABC):
    """Class attributes declare, methods do, instances hold nothing."""

    name: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    merge: ClassVar[Merge]
    Options: ClassVar[type[Options]]

    @abstractmethod
    def apply(self, model: "PreTrainedModel", options: Any) -> Any:
        """Make ready to train: a module with only the learned parameters trainable."""

    @abstractmethod
    def save(self, model: Any, folder: Path) -> None:
        """Write what was learned as safetensors with its configuration."""

    @abstractmethod
    def load(self, base: "PreTrainedModel", folder: Path) -> Any:
        """Put what `save` wrote onto a fresh base, ready to answer."""

    @abstractmethod
    def merged(self, base: "PreTrainedModel", folder: Path) -> "PreTrainedModel":
        """A plain model in fp32 that answers as base and adapter together."""


def methods() -> Mapping[str, Method]:
    """All methods by name: every module of this folder that declares one."""
    package = importlib.import_module("core.methods")
    found: dict[str, Method] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"core.methods.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Method) and value is not Method and value.__module__.endswith(module.name):
                found[value.name] = value()
    return found


def method(name: str) -> Method:
    """Raises UnknownMethod."""
    known = methods()
    if name not in known:
        raise UnknownMethod(name=name, known=", ".join(known))
    return known[name]
