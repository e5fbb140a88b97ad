"""Where an exported model is to run, read from targets.toml: what the builder is told, and what a green certificate asks for."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from core.errors import UserError

_FILE = Path(__file__).with_name("targets.toml")


class UnknownTarget(UserError):
    """The name is no target, or the target has no such precision."""

    sentence = "A model cannot be exported for '{name}'. There are: {known}. Nothing was started."
    status = 422

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class Precision(BaseModel):
    """How the weights are written. A tolerance that is None is not asked for; metric losses are in points of 100."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    explanation: str
    bytes_per_weight: float = Field(gt=0)
    green_metric_loss_points: float = Field(ge=0)
    green_logit_difference: float | None = Field(None, gt=0)
    extra_options: dict[str, str] = Field(default_factory=dict)


class Target(BaseModel):
    """`device` and `provider` are Olive's names of an accelerator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    explanation: str
    device: str
    provider: str
    precisions: dict[str, Precision]


@cache
def targets() -> Mapping[str, Target]:
    """All targets by name."""
    return {name: Target.model_validate(values) for name, values in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()}


def target(name: str, precision: str) -> tuple[Target, Precision]:
    """Raises UnknownTarget."""
    known = targets()
    if name not in known or precision not in known[name].precisions:
        names = ", ".join(f"{there} {kind}" for there, found in known.items() for kind in found.precisions)
        raise UnknownTarget(name=f"{name} {precision}", known=names)
    return known[name], known[name].precisions[precision]
