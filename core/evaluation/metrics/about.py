"""What the metrics of this folder are, read from their about.toml without importing evaluate; and how they are loaded where they count."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy

FOLDER = Path(__file__).parent


class About(BaseModel):
    """`kind`: 'share' counts rows that are right, 'mean' averages scores of rows, 'corpus' is one number of all rows together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    explanation: str
    term: str
    reference: str
    better: Literal["higher", "lower"]
    unit: Literal["share"]
    kind: Literal["share", "mean", "corpus"]


class Module(Protocol):
    """What a metric's file declares: an evaluate.Metric, with `row_scores` (share, mean) or `resampled` (corpus) for its interval."""

    def compute(self, *, predictions: list[str], references: list[str]) -> dict[str, float | str]: ...

    def row_scores(self, predictions: list[str], references: list[str]) -> list[float]: ...

    def resampled(self, predictions: list[str], references: list[str]) -> "Callable[[numpy.ndarray], float]": ...


@dataclass(frozen=True)
class Metric:
    """A loaded metric."""

    name: str
    about: About
    module: Module


def metrics() -> Mapping[str, About]:
    """All metrics by name: every folder here that holds an about.toml."""
    files = sorted(FOLDER.glob("*/about.toml"))
    return {file.parent.name: About.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))) for file in files}


def load(name: str, scratch: Path) -> Metric:
    """Import evaluate (seconds: for children only) and load the module by folder, without a network. It writes into `scratch` only."""
    os.environ.setdefault("HF_MODULES_CACHE", str(scratch / "modules"))  # read once, when evaluate is imported
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import evaluate

    module = evaluate.load(str(FOLDER / name), cache_dir=str(scratch), keep_in_memory=True)
    return Metric(name, metrics()[name], cast(Module, module))
