"""The frozen rows of the data workshop: what a table of rows is asked for, changes, marks, findings, label rounds. Standard library only."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from storage.rows.base import DatasetId, Example, OwnerId, Part, ProjectId, SplitId

ViewId = NewType("ViewId", str)
RoundId = NewType("RoundId", str)


class Review(StrEnum):
    """What a person said of a row. A rejected row is in no version."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Order(StrEnum):
    """How a table is sorted; `position` is the order of the file."""

    POSITION = "position"
    LABEL = "label"
    SHORTEST = "shortest"
    LONGEST = "longest"
    CHANGED = "changed"


@dataclass(frozen=True)
class RowFilter:
    """Which rows: all conditions hold together; the default is every row. `part` needs `split`. Lengths are characters of question and answer.

    `check` is a check's name, `bundle` one finding of it. `positions`, where not None, are the only rows that can match.
    """

    search: str = ""
    label: str | None = None
    part: Part | None = None
    split: SplitId | None = None
    least_chars: int | None = None
    most_chars: int | None = None
    check: str | None = None
    bundle: int | None = None
    tag: str | None = None
    review: Review | None = None
    unreviewed: bool = False
    reviewer: OwnerId | None = None
    edited: bool | None = None
    answered: bool | None = None
    source: str | None = None
    positions: tuple[int, ...] | None = None


@dataclass(frozen=True)
class MarkedExample:
    """A row of the table: the example, what people said of it, and which checks found something."""

    example: Example
    tags: tuple[str, ...] = ()
    review: Review | None = None
    reviewer: OwnerId | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowWindow:
    """A window on the rows that match. `next` is the key to ask for after it (None on the last page), `total` the rows that match."""

    rows: tuple[MarkedExample, ...]
    next: str | None
    total: int

    @property
    def examples(self) -> tuple[Example, ...]:
        """Without what people and checks said of them."""
        return tuple(row.example for row in self.rows)


@dataclass(frozen=True)
class Change:
    """A line of a dataset's history. `what` is a core.sentence.Sentence as JSON; `rows` how many it touched; `undoes` the change it takes back."""

    dataset: DatasetId
    number: int
    actor: OwnerId
    at: datetime
    kind: str
    what: str
    rows: int
    undoes: int | None
    undone: bool


@dataclass(frozen=True)
class RowState:
    """What one row was from one change until the next. `messages` is None for a state in which the row was deleted."""

    change: int
    at: datetime
    actor: OwnerId
    kind: str
    messages: str | None
    tags: tuple[str, ...] = ()
    review: Review | None = None


@dataclass(frozen=True)
class RowEdit:
    """One row's part of a bulk change: new messages, or None to take the row out."""

    position: int
    messages: str | None


@dataclass(frozen=True)
class Found:
    """A finding on its way into the store: `bundle` ties rows together, `facts` is JSON, `repair` are messages that would mend the row."""

    check: str
    position: int
    bundle: int
    facts: str = "{}"
    repair: str | None = None


@dataclass(frozen=True)
class Checkup:
    """What the doctor said of a dataset at a change. `document` is JSON."""

    dataset: DatasetId
    job: str
    change: int
    document: str
    created_at: datetime


@dataclass(frozen=True)
class SavedView:
    """A named filter. `filter` is JSON."""

    id: ViewId
    dataset: DatasetId
    name: str
    filter: str
    created_at: datetime


@dataclass(frozen=True)
class LabelRound:
    """Rows that colleagues label by a link until it expires or is closed. `settings` is JSON."""

    id: RoundId
    owner: OwnerId
    project: ProjectId
    dataset: DatasetId
    name: str
    settings: str
    created_at: datetime
    expires_at: datetime
    closed: bool


@dataclass(frozen=True)
class LabelGiven:
    """An answer that a person gave for a row; `seconds` from seeing it to answering. `taken`: it became the row's answer."""

    round: RoundId
    position: int
    person: str
    answer: str
    seconds: float
    at: datetime
    taken: bool


@dataclass(frozen=True)
class VersionChanges:
    """What two versions differ in, as row positions. A changed row has other content in both; a row that was rejected or deleted is removed."""

    added: tuple[int, ...] = field(default=())
    removed: tuple[int, ...] = field(default=())
    changed: tuple[int, ...] = field(default=())
    added_count: int = 0
    removed_count: int = 0
    changed_count: int = 0
