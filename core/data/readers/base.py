"""A file format: one module here that declares a Reader. The content decides, the file's name only where the content could be both."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TextIO

from core.data.limits import LIMITS, Limits
from core.data.records import Fault, Record
from core.errors import UserError


@dataclass(frozen=True)
class Wanted:
    """What a person said about the file; None is for the reader to find out."""

    file: str
    delimiter: str | None = None
    header: bool | None = None
    limits: Limits = LIMITS
    whole: bool = True  # False: the text was cut for a preview, so that its last record may be torn


@dataclass(frozen=True)
class Understood:
    """What the reader made of the file's first lines."""

    format: str
    delimiter: str | None = None
    header: bool | None = None
    quoted: bool = True


class UnknownFormat(UserError):
    """No reader claims the text."""

    sentence = "{file} is no table that Bottega reads. It reads: {known}. Save your rows as one of these. Nothing was imported."

    def __init__(self, *, file: str, known: str) -> None:
        super().__init__(file=file, known=known)


class NoRows(UserError):
    """A header, or an empty list, and nothing else."""

    sentence = "{file} has no rows{but}. Choose the file that has your rows. Nothing was imported."

    def __init__(self, *, file: str, but: str = "") -> None:
        super().__init__(file=file, but=but)


class Reader(ABC):
    """Class attributes declare, methods do, instances hold nothing. `rank`: who is asked first."""

    name: ClassVar[str]
    label: ClassVar[str]
    rank: ClassVar[int] = 0

    @abstractmethod
    def fits(self, head: str, file: str) -> bool:
        """Whether the first characters are of this format."""

    @abstractmethod
    def understand(self, head: str, wanted: Wanted) -> Understood:
        """Guess what was not said."""

    @abstractmethod
    def records(self, text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        """In the file's order. Raises a UserError where the whole file cannot be read."""


def readers() -> list[Reader]:
    """Every module of this folder that declares one, in the order in which they are asked."""
    package = importlib.import_module("core.data.readers")
    found: list[Reader] = []
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"core.data.readers.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Reader) and value is not Reader and value.__module__.endswith(f".{module.name}"):
                found.append(value())
    return sorted(found, key=lambda reader: reader.rank)


def reader_for(head: str, file: str) -> Reader:
    """Raises UnknownFormat."""
    known = readers()
    for reader in known:
        if reader.fits(head, file):
            return reader
    raise UnknownFormat(file=file, known=", ".join(reader.label for reader in known))
