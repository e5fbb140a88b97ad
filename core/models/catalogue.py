"""Models that can be had: what they are, who may use them for what, and what they need. Light: facts from catalogue.toml only."""

import tomllib
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.errors import UserError


class NotInCatalogue(UserError):
    """The name is none of the catalogue's."""

    sentence = "There is no model '{name}' in the catalogue. It has: {known}. A folder of your own can be added with 'bottega add-model FOLDER'."
    status = 404

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class Entry(BaseModel):
    """A table of catalogue.toml. Sizes in bytes; `context` in tokens; `good_for` are names of tasks, the best first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    hub_id: str
    architecture: str
    parameters: int = Field(gt=0)
    hidden_size: int
    layers: int
    vocabulary: int
    context: int
    download_bytes: int
    licence: str
    at_work: Literal["yes", "conditions", "no"]
    licence_words: str
    languages: tuple[str, ...]
    gated: bool = False
    good_for: tuple[str, ...]
    note: str = ""


class Catalogue(BaseModel):
    """`as_of` says of which day the facts are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: str
    model: tuple[Entry, ...]


def catalogue() -> Catalogue:
    """Smallest first."""
    text = resources.files("core.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    read = Catalogue.model_validate(tomllib.loads(text))
    return read.model_copy(update={"model": tuple(sorted(read.model, key=lambda entry: entry.parameters))})


def entry(name: str) -> Entry:
    """By its short name or its id on the hub. Raises NotInCatalogue."""
    known = catalogue().model
    for one in known:
        if name in (one.name, one.hub_id):
            return one
    raise NotInCatalogue(name=name, known=", ".join(one.name for one in known))
