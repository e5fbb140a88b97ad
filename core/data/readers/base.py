"""A file format: one module here that declares a Reader. The content decides, the file's name only where the content could be both."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TextIO

from core.data.limits import LIMITS, Limits
from core.data.records import Fault, Record
from core.errors import UserError
from core.plugins import declared
from core.sentence import Sentence


@dataclass(frozen=True)
class Wanted:
    """What a person said about the file; None is for the reader to find out."""

    file: str
    delimiter: str | None = None
    header: bool | None = None
    limits: Limits = LIMITS
    whole: bool = True  # False: the text was cut for a preview, so that its last record may be torn
    sheet: str | None = None
    separator: str | None = None
    unit: str | None = None
    preview: bool = False  # only the first rows will be taken
    many: bool = False  # the file is one of several in a folder or a zip
    encoding: str | None = None


@dataclass(frozen=True)
class Understood:
    """What the reader made of the file's first lines. `sheets` are those that a person can choose from, `units` what a row can be. `notes` are
    worth knowing before rows are imported."""

    format: str
    delimiter: str | None = None
    header: bool | None = None
    quoted: bool = True
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    separator: str | None = None
    unit: str | None = None
    units: tuple[str, ...] = ()
    notes: tuple[Sentence, ...] = ()


class UnknownFormat(UserError):
    """No reader claims the text."""

    sentence = "{file} is no table that Bottega reads. It reads: {known}. Save your rows as one of these. Nothing was imported."

    def __init__(self, *, file: str, known: str) -> None:
        super().__init__(file=file, known=known)


class NoRows(UserError):
    """A header, or an empty list, and nothing else."""

    sentence = "{file} has no rows{but}. Choose the file that has your rows. Nothing was imported."

    def __init__(self, *, file: str, but: Sentence | str = "") -> None:
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


class ByteReader(ABC):
    """For formats that are no text, or whose letters the format itself names. Class attributes as a Reader's."""

    name: ClassVar[str]
    label: ClassVar[str]
    rank: ClassVar[int] = 0

    @abstractmethod
    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        """Whether the first bytes are of this format. `path` is None where these bytes are still packed."""

    @abstractmethod
    def look(self, path: Path, wanted: Wanted) -> Understood:
        """Guess what was not said. Raises a UserError where the whole file cannot be read."""

    @abstractmethod
    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        """In the file's order. Raises a UserError where the whole file cannot be read."""


def readers() -> list[Reader]:
    """Those of text, in the order in which they are asked."""
    return sorted(declared("core.data.readers", Reader), key=lambda one: one.rank)


def byte_readers() -> list[ByteReader]:
    """Those of bytes, in the order in which they are asked."""
    return sorted(declared("core.data.readers", ByteReader), key=lambda one: one.rank)


def byte_reader_for(start: bytes, path: Path | None, file: str) -> ByteReader | None:
    """None where the bytes are to be read as text."""
    return next((reader for reader in byte_readers() if reader.claims(start, path, file)), None)


def reader_for(head: str, file: str) -> Reader:
    """Raises UnknownFormat."""
    known = readers()
    for reader in known:
        if reader.fits(head, file):
            return reader
    raise UnknownFormat(file=file, known=", ".join(reader.label for reader in known))
