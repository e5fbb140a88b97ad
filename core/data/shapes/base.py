"""A record shape: one module here that turns a row into canonical chat messages, and that knows such a row when it sees one."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.errors import UserError
from core.plugins import declared
from core.sentence import Sentence

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Role:
    """What a column can be for a shape. `names` are what such a column is often called, in lower case, the surest first."""

    name: str
    label: str
    explanation: str
    names: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class Guess:
    """`confidence` from 0 to 1: 1 is for a structure that nothing else has."""

    confidence: float
    columns: dict[str, str]


class UnknownShape(UserError):
    """The name is no shape."""

    sentence = "There is no row shape '{name}'. Choose one of: {known}."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class Unusable(Exception):
    """A row that this shape cannot take; never leaves core.data, where it becomes a Fault."""

    def __init__(self, key: str, english: str, column: str | None, **facts: Any) -> None:
        super().__init__(english)
        self.column, self.sentence = column, Sentence(key, english, facts)


class Shape(ABC):
    """Class attributes declare, methods do, instances hold nothing. `answer_role` is the role that holds the answers.

    A conversation without an answer at its end is a row that waits for one: only a mapping with `unanswered` lets it in.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    roles: ClassVar[tuple[Role, ...]]
    answer_role: ClassVar[str]
    task: ClassVar[str]  # the task of core/tasks that such rows are mostly for: a proposal

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        """By the columns' names; None when a required role finds none."""
        found = by_names(self.roles, columns)
        if any(role.required and role.name not in found for role in self.roles):
            return None
        return Guess(0.6 + 0.3 * _sureness(self.roles, found), found)

    def turns(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        """The row's conversation: as it stands where the mapping names a column for that and the row has one there, else by its shape. Raises
        Unusable."""
        if mapping.whole is not None and as_text(values.get(mapping.whole)).strip():
            return whole_conversation(values[mapping.whole], mapping.whole)
        return self.messages(values, mapping)

    @abstractmethod
    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        """Raises Unusable."""


@cache  # asked for each row of an export; the folder does not change while we run
def shapes() -> Mapped[str, Shape]:
    """All shapes by name: every module of this folder that declares one."""
    return {one.name: one for one in declared("core.data.shapes", Shape)}


def shape(name: str) -> Shape:
    """Raises UnknownShape."""
    known = shapes()
    if name not in known:
        raise UnknownShape(name=name, known=", ".join(known))
    return known[name]


def text_of(values: Mapped[str, Any], column: str | None, *, needed: bool = True) -> str:
    """The cell as text: numbers as they are written, lists and objects as JSON. Raises Unusable for nothing where something is needed."""
    value = values.get(column) if column is not None else None
    text = as_text(value)
    if needed and not text.strip():
        missing = column is not None and column not in values
        key, english = ("missing_field", "has no field '{column}'") if missing else ("empty_cell", "has nothing in column '{column}'")
        raise Unusable(key, f"Row {{row}} (line {{line}}) {english}. Fill it in, or leave out incomplete rows.", column)
    return text


def answer_of(values: Mapped[str, Any], column: str | None, mapping: Mapping, *, stripped: bool = False) -> Messages:
    """The assistant's turn; none for an empty cell where unanswered rows are wanted. Raises Unusable for one where they are not."""
    text = text_of(values, column, needed=not mapping.unanswered)
    if not text.strip():
        return []
    return [{"role": "assistant", "content": text.strip() if stripped else text}]


def whole_conversation(cell: Any, column: str) -> Messages:
    """Messages that are canonical already, as an export writes them. Raises Unusable."""
    turns = json_list(cell)
    whole = turns and all(isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str) for turn in turns)
    if not turns or not whole:
        raise Unusable(
            "no_turns", "Row {row} (line {line}) has no list of messages in column '{column}'. Mend it, or leave out incomplete rows.", column
        )
    return turns


def json_list(cell: Any) -> list[Any] | None:
    """A list, also one that stands in the cell as JSON; None where there is none."""
    if isinstance(cell, str) and cell.strip().startswith("["):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            return None
    return cell if isinstance(cell, list) else None


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def by_names(roles: Sequence[Role], columns: Sequence[str]) -> dict[str, str]:
    """For each role the column with the surest name; a column plays one role."""
    plain = {_plain(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for role in roles:
        for name in role.names:
            if name in plain and plain[name] not in found.values():
                found[role.name] = plain[name]
                break
    return found


def _plain(column: str) -> str:
    return "_".join(column.strip().lower().replace("-", " ").replace("_", " ").split())


def _sureness(roles: Sequence[Role], found: Mapped[str, str]) -> float:
    """1 when each found column has the first name on its role's list, less the further down it stands."""
    named = {role.name: role.names for role in roles}
    places = [named[role].index(_plain(column)) / len(named[role]) for role, column in found.items()]
    return 1 - sum(places) / len(places) if places else 0.0
