"""A format for a version's rows: one module here that says how a row stands in it. That nothing is lost is checked row by row as it is written."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any, ClassVar

from core.data.export.rows import ExportRow
from core.data.exported import MARK, PART, WHOLE, own_mapping
from core.data.mapping import Mapping
from core.data.shapes.base import Unusable, shape
from core.errors import UserError
from core.plugins import declared
from storage.canonical import canonical

_NOT_OTHERS = ("parallel_tool_calls",)  # stands beside the messages, and is read with them
Pieces = Mapped[str, Callable[[], Iterable[ExportRow]]]


class UnknownDataFormat(UserError):
    """The name is no format."""

    sentence = "Rows cannot be written as '{name}'. Choose one of: {known}. Nothing was written."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


@dataclass(frozen=True)
class Look:
    """What all files of an export have in common. `shape` is the dataset's; `further` are columns of the original rows that are written too, each under the
    name that `named` has at its place; `split` says that a column names each row's part; `whole` that some conversation cannot be said by the format's own
    columns; `system` that some row has standing instructions; `tools` that some row has tools; `marked` that the file must be known as ours when it comes
    back."""

    shape: str
    further: tuple[str, ...] = ()
    split: bool = False
    whole: bool = False
    system: bool = False
    tools: bool = False
    marked: bool = False
    named: tuple[str, ...] = ()


class DataFormat(ABC):
    """Class attributes declare, methods do, instances hold nothing. `suffix` is that of a file ('' where it is a folder)."""

    name: ClassVar[str]
    label: ClassVar[str]
    suffix: ClassVar[str]
    marks_always: ClassVar[bool] = True

    @abstractmethod
    def cells(self, row: ExportRow, look: Look) -> dict[str, Any]:
        """The conversation as this format says it, by column; every row has the same columns."""

    @abstractmethod
    def reading(self, look: Look) -> Mapping:
        """How an import reads these columns again."""

    @abstractmethod
    def write_file(self, rows: Iterable[dict[str, Any]], target: Path, look: Look) -> None:
        """Rows as `whole_rows` gives them, into one file."""

    def write(self, pieces: Pieces, folder: Path, look: Look) -> None:
        """One file a piece, named after it."""
        for name, rows in pieces.items():
            self.write_file(self.whole_rows(rows(), look), folder / f"{name}{self.suffix}", look)

    def look(self, rows: Iterable[ExportRow], shape_name: str, further: tuple[str, ...], split: bool) -> Look:
        """One pass over all rows before the first is written."""
        whole = system = tools = False
        marked = self.marks_always or bool(further)
        wide = Look(shape_name, system=True, tools=True)  # all that the format could say
        unmarked = self.reading(wide).model_copy(update={"unanswered": False})  # how a file that nobody knows as ours is read
        for row in rows:
            turns = row.messages
            system = system or turns[0]["role"] == "system"
            tools = tools or "tools" in turns[0]
            whole = whole or not self._says(row, wide, self.reading(wide))
            marked = marked or not self._says(row, wide, unmarked)
        found = Look(shape_name, further, split, whole, system, tools, marked)
        return replace(found, named=further_names(found, list(self.reading(found).columns.values())))

    def whole_rows(self, rows: Iterable[ExportRow], look: Look) -> Iterator[dict[str, Any]]:
        """All columns of each row, in the order of the file."""
        for row in rows:
            own = self.cells(row, look)
            values = {MARK: row.position, **own} if look.marked else own
            if look.split:
                values[PART] = row.part
            if look.further:
                source = row.source_row
                values |= {name: source.get(column) for column, name in zip(look.further, look.named, strict=True)}
            if look.whole:
                values[WHOLE] = None if self._says(row, look, self.reading(look)) else row.text
            yield values

    def _says(self, row: ExportRow, look: Look, mapping: Mapping) -> bool:
        """Whether these cells alone, read in this way, give the very same messages again."""
        try:
            return canonical(shape(mapping.shape).messages(self.cells(row, look), mapping)) == row.text
        except Unusable:
            return False


def further_names(look: Look, own: Sequence[str]) -> tuple[str, ...]:
    """A name for each further column: its own where no other column has it and an import does not take it for one of ours, else one that says that it is
    of the original row."""
    taken = [MARK, *own, *_NOT_OTHERS, *([PART] if look.split else []), *([WHOLE] if look.whole else [])]
    names = dict[str, str]()
    for column in look.further:
        if _is_free(column, taken):
            names[column] = column
            taken.append(column)
    for column in look.further:
        if column not in names:
            wished = chain([f"original {column.strip()}"], (f"original {column.strip()} {number}" for number in count(2)))
            names[column] = next(name for name in wished if _is_free(name, taken))
            taken.append(names[column])
    return tuple(names[column] for column in look.further)


def _is_free(name: str, taken: Sequence[str]) -> bool:
    """A table's reader takes blanks around a name away."""
    return bool(name.strip()) and name.strip() not in {other.strip() for other in taken} and own_mapping([*taken, name]) == own_mapping(taken)


def formats() -> Mapped[str, DataFormat]:
    """All formats by name: every module of this folder that declares one."""
    return {one.name: one for one in declared("core.data.export", DataFormat)}


def data_format(name: str) -> DataFormat:
    """Raises UnknownDataFormat."""
    known = formats()
    if name not in known:
        raise UnknownDataFormat(name=name, known=", ".join(known))
    return known[name]


def pairs(turns: Sequence[Mapped[str, Any]]) -> tuple[str, str, str, list[list[str]]]:
    """A conversation as system, last question, answer and the pairs before it, as far as it is one of these; '' for what is not there."""
    system = turns[0]["content"] if turns and turns[0]["role"] == "system" else ""
    said = [turn for turn in turns if turn["role"] in ("user", "assistant")]
    asked = max((at for at, turn in enumerate(said) if turn["role"] == "user"), default=None)
    if asked is None:
        return system, "", said[-1]["content"] if said else "", []
    answer = said[asked + 1]["content"] if asked + 1 < len(said) else ""
    before = [turn["content"] for turn in said[:asked]]
    return system, said[asked]["content"], answer, [before[at : at + 2] for at in range(0, len(before) - 1, 2)]
