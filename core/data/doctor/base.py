"""A check of the doctor: one module here that reads all rows of a dataset, finds those that a person should look at, and says what mends them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.errors import UserError
from core.plugins import declared
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.alike import Bundles
    from core.data.doctor.rows import Rows


class How(StrEnum):
    """What a mend does to the rows of a finding; storage knows how to do each to a whole check at once."""

    KEEP_ONE = "keep-one"  # the first row of each bundle stays
    REPAIR = "repair"  # the messages that the check proposed
    TAKE_OUT = "take-out"
    OUT_OF_TRAINING = "out-of-training"  # only the rows that stand in training; the rows set aside stay as they are
    TAG = "tag"


@dataclass(frozen=True)
class Mend:
    """A button. `name` is unique within its check; `label` says on the button what happens."""

    name: str
    how: How
    label: str


MARK = Mend("mark", How.TAG, "Mark these rows")
TAKE_OUT = Mend("take-out", How.TAKE_OUT, "Take them out")


@dataclass(frozen=True)
class Worry(Sentence):
    """A sentence on the whole set that is a finding itself: no single row is at fault."""


class NotChecked(Exception):
    """A check cannot say anything of these rows, and why; never leaves the doctor, where it becomes a line of the report."""

    def __init__(self, key: str, english: str, **facts: object) -> None:
        super().__init__(english)
        self.sentence = Sentence(key, english, dict(facts))


class UnknownCheck(UserError):
    """The name is no check, or no mend of it."""

    sentence = "The doctor knows no '{name}'. It knows: {known}. Nothing was changed."
    status = 404

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


@dataclass(frozen=True)
class CheckContext:
    """What a check may know beside the rows. `tokenizer` is a tokenizer.json, `context_tokens` how much its model reads; `own_cases` are texts of the
    person's own work, which nobody else has seen. `labelled`: answers are categories."""

    rows: "Rows"
    labelled: bool = False
    tokenizer: Path | None = None
    context_tokens: int | None = None
    own_cases: tuple[str, ...] = ()
    is_split: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def alike(self) -> "Bundles":
        """Rows that are the same or nearly the same, as several checks need them: found once."""
        from core.data.doctor.alike import bundles

        return bundles(self.rows.contents(self.labelled))

    @cached_property
    def labels(self) -> Mapping[str, int]:
        """How often each answer stands; empty where answers are no categories."""
        counts: dict[str, int] = {}
        if self.labelled:
            for block in self.rows.blocks():
                for answer in block.answers:
                    if answer is not None and answer.strip():
                        counts[answer] = counts.get(answer, 0) + 1
        return counts


class Check(ABC):
    """Class attributes declare, methods do, instances hold nothing.

    `why` says in plain words what the harm is. `order` is where it stands on the screen, `cost` how long it takes beside the others.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    why: ClassVar[str]
    term: ClassVar[str] = ""  # the field's word for it, on hover
    mends: ClassVar[Sequence[Mend]] = ()
    order: ClassVar[int] = 50
    cost: ClassVar[float] = 1.0

    @abstractmethod
    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """Findings, and sentences on the whole set. Raises NotChecked where nothing can be said."""


def checks() -> Mapping[str, Check]:
    """All checks by name, in the order of the screen: every module of this folder that declares one."""
    return {one.name: one for one in sorted(declared("core.data.doctor", Check), key=lambda one: (one.order, one.name))}


def check(name: str) -> Check:
    """Raises UnknownCheck."""
    known = checks()
    if name not in known:
        raise UnknownCheck(name=name, known=", ".join(known))
    return known[name]


def mend_of(chosen: Check, name: str | None) -> Mend:
    """The check's first mend where none is named. Raises UnknownCheck."""
    for mend in chosen.mends:
        if name is None or mend.name == name:
            return mend
    raise UnknownCheck(name=f"{chosen.name}, {name or 'mend'}", known=", ".join(mend.name for mend in chosen.mends) or "no mend of it")
