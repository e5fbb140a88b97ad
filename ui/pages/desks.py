"""What a visitor has in hand in each section of a page: ids and choices, nothing that must survive a reload."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.actions.erase import FoundPerson
from core.actions.search import SearchProposal
from core.actions.split import AlikeReport, SplitPlan, SplitProposal
from core.actions.template import TemplateReport
from core.actions.views import View, ViewFilter


@dataclass(frozen=True)
class RowsKnown:
    """What the rows' parts need to know of their dataset, so that a page of rows does not count the whole set again. `checks` are name, label, rows."""

    dataset: str
    rows: int
    labels: tuple[str, ...]
    is_split: bool
    has_fields: bool = False
    tags: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    checks: tuple[tuple[str, str, int], ...] = ()
    views: tuple[View, ...] = ()


@dataclass(frozen=True)
class RowsDesk:
    """The table of rows: which are wished (filter and order), the place of the window and those of the pages before it, the open row, the chosen rows
    (`ticked` by number, or `all` that match), and which of the bulk forms is open."""

    wish: ViewFilter = ViewFilter()
    after: str = ""
    trail: tuple[str, ...] = ()
    open: str = ""
    ticked: frozenset[int] = frozenset()
    all: bool = False
    form: str = ""
    known: RowsKnown | None = None

    def to(self, **changes: Any) -> "RowsDesk":
        return dataclasses.replace(self, **changes)

    def wishing(self, wish: ViewFilter) -> "RowsDesk":
        """The first page of what is wished; nothing is chosen."""
        return RowsDesk(wish=wish, known=self.known)


@dataclass(frozen=True)
class CheckupDesk:
    """The doctor's findings."""


@dataclass(frozen=True)
class SplitDesk:
    """How the rows are dealt out: what the form holds that is not kept yet, and what is known of the latest split (`key` says of which)."""

    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    compared: str = ""
    key: tuple[str, ...] = ()
    proposal: SplitProposal | None = None
    report: AlikeReport | None = None
    plan: SplitPlan | None = None


@dataclass(frozen=True)
class VersionsDesk:
    """Versions and what they differ in: which two are compared from which row on, which is being named, which person is looked for."""

    before: str = ""
    after: str = ""
    kind: str = ""
    from_row: int = 0
    naming: str = ""
    exporting: str = ""
    person: tuple[str, ...] = ()
    uploads: bool = True
    backups: bool = False
    found: FoundPerson | None = None

    def to(self, **changes: Any) -> "VersionsDesk":
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class TemplateDesk:
    """An example as the model sees it. While `tried`, the form holds what was not kept; `text_template` '' is the model's own way. `splitting` is the
    job that splits the long texts, while it goes on."""

    position: int = 1
    tried: bool = False
    system_prompt: str = ""
    text_template: str = ""
    learned_turns: str = "all"
    model: str = ""
    report: TemplateReport | None = None
    measured_for: str = ""  # which rows, laid out how: a report of others is measured anew
    splitting: str = ""


@dataclass(frozen=True)
class LabelDesk:
    """Labelling, alone and with colleagues. `link` is told once; `round` is the one whose results are open; `ways` and `seed` made the variants that
    are shown, None: there are none yet."""

    link: str = ""
    round: str = ""
    ways: tuple[str, ...] = ()
    seed: int | None = None
    adding: bool = False


@dataclass(frozen=True)
class SearchDesk:
    """What a search would try, worked out for what `key` says; `again`: the form for another one is open."""

    key: tuple[str, ...] = ()
    proposal: SearchProposal | None = None
    again: bool = False


@dataclass(frozen=True)
class CompareDesk:
    """Which trainings are on the chart; none: the latest two."""

    runs: tuple[str, ...] = ()
