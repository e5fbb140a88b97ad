"""What a page is: its parts in order, what its buttons do, and what it shows of a project. A page holds no knowledge; it calls actions."""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import gradio as gr

from core.actions.recipes import BroughtCard
from core.actions.registry import Plan, find
from core.actions.values import Value
from core.errors import BadValue
from core.sentence import Sentence
from ui.pages.desks import CheckupDesk, CompareDesk, LabelDesk, RowsDesk, SearchDesk, SplitDesk, TemplateDesk, VersionsDesk
from ui.parts.notice import Notice
from ui.parts.part import Button
from ui.parts.plan import Cost, PlanView
from ui.visit import Asking, Visit
from ui.words import Words


@dataclass(frozen=True)
class Brought:
    """A file that was uploaded and is not imported yet, with what was clicked about it. `reading` is how it is to be read: encoding, sheet and so on."""

    upload: str
    name: str
    sealed: bool
    shape: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """The side-by-side comparison as it stands. `seed` decides who stands left in a blind one; `voted` is what was told after the vote; `filled` are the
    values of answers that are a form, left and right."""

    question: str = ""
    first: str = ""
    second: str = ""
    blind: bool = False
    seed: int = 0
    left: str = ""
    right: str = ""
    texts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    writing: bool = False
    voted: str = ""
    filled: tuple[tuple[Value, ...], ...] = ((), ())

    def to(self, **changes: Any) -> "Asked":
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Desk:
    """What a visitor has in hand on this page load: ids and choices, nothing that must survive. `notice` and `plan` stand in the slot `at`; `settling`
    are a new dataset and its first split, until the first check-up has ended. `live` are the jobs that went on when the page was last worked out; None while
    something was about to begin, which may have come to its end before anybody looks again."""

    notice: Notice | None = None
    plan: PlanView | None = None
    at: str = ""
    brought: Brought | None = None
    rows: RowsDesk = RowsDesk()
    checkup: CheckupDesk = CheckupDesk()
    split: SplitDesk = SplitDesk()
    versions: VersionsDesk = VersionsDesk()
    template: TemplateDesk = TemplateDesk()
    label: LabelDesk = LabelDesk()
    compare: CompareDesk = CompareDesk()
    search: SearchDesk = SearchDesk()
    live: tuple[str, ...] | None = ()
    preset: str = "quick"
    model: str = ""
    recipe: str = ""
    recipe_brought: BroughtCard | None = None
    target: str = ""
    precision: str = ""
    answers: str = "regressions"
    answers_offset: int = 0
    asked: Asked = Asked()
    accepted: str = ""
    suggestions: tuple[str, ...] = ()
    importing: str = ""
    bringing: bool = False
    settling: tuple[str, ...] = ()

    def to(self, **changes: Any) -> "Desk":
        return dataclasses.replace(self, **changes)

    def cleared(self) -> "Desk":
        return self.to(notice=None, plan=None, at="")


@dataclass(frozen=True)
class Outcome:
    """What a handler did: the desk afterwards, and where to go ({'step': 'train', 'run': …}) if it opened something. Where it touched one part
    only, `only` names it, and nothing else is worked out again."""

    desk: Desk
    go: Mapping[str, str] | None = None
    only: str = ""


Handler = Callable[[Visit, Desk, Mapping[str, Any]], Outcome]
Stream = Callable[[Visit, Desk, Mapping[str, Any]], Iterator[tuple[Asked, Any]]]


class Page(ABC):
    """`slots` maps a part in which something is pressed to the slot whose notice and plan card tell about it: parts 'notice_<slot>', 'plan_<slot>'."""

    name: ClassVar[str]
    slots: ClassVar[Mapping[str, str]]

    @abstractmethod
    def layout(self) -> dict[str, gr.HTML]:
        """Make the parts, in the order in which they stand on the screen."""

    def slot_of(self, part: str) -> str:
        """Where a notice or plan card about this part stands."""
        return self.slots.get(part, part)

    def told_slots(self) -> frozenset[str]:
        """All slots of the page."""
        return frozenset(self.slots.values())

    @abstractmethod
    def handlers(self) -> Mapping[str, Handler]:
        """What each act does."""

    def agree(self, visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
        """A yes to a plan card: the registry checks that token, action and values belong together."""
        verb, given = text_of(values, "verb", 40), values.get("values")
        result = visit.do(verb, text_of(values, "token", 64), **(given if isinstance(given, Mapping) else {}))
        return self.approved(visit.at(), desk, verb, result)

    @abstractmethod
    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        """The value of each part that shows something now."""

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        """After a yes to a plan card of this page."""
        return Outcome(desk)

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        """The one part that a handler named in `Outcome.only`."""
        return {part: self.show(visit, desk).get(part)}

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        """What grows while the same jobs go on, asked for at every tick: cheap. None: all of `show`."""
        return None

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        """What `show` found out and its parts need again."""
        return desk

    def looks(self, part: str) -> tuple[str, ...]:
        """The parts that the acts which this part names in `data-looks` may touch; the handlers of such acts set `Outcome.only`."""
        return ()

    def waits(self, visit: Visit) -> bool:
        """Whether something is about to begin by itself, so that the page looks again although nothing is at work."""
        return False

    def settle(self, visit: Visit, desk: Desk) -> Desk | None:
        """Go on with what was asked for once a job has ended; None when there is nothing to do."""
        return None

    def streams(self) -> Mapping[str, Stream]:
        """For a part with the event 'ask': what is asked and what it shows, while an answer grows."""
        return {}


def to_run(run: str, **more: str) -> dict[str, str]:
    """Where a training is open, and nothing of another one."""
    return {"run": run, "view": "", "verdict": "", "package": "", **more}


def done(visit: Visit, desk: Desk, slot: str, key: str, *buttons: Button, **facts: Any) -> Desk:
    """A quiet word in the slot that something was done."""
    return desk.to(notice=Notice("good", visit.words(key, **facts), buttons=buttons), at=slot)


def plan_view(words: Words, asking: Asking) -> PlanView:
    """The plan card of an action that asks first."""
    asked, values, destroys = asking.asked, asking.values, find(asking.asked.action).destroys
    plan = asked.plan
    return PlanView(
        title=words("plan.title"),
        what=words.say(plan.what),
        costs=_costs(words, plan),
        verb=asked.action,
        values=dict(values),
        token=asked.token,
        yes=words.either(f"plan.yes.{asked.action}", words("plan.delete" if destroys else "plan.go")),
        no=words("plan.no"),
        goes_label=words("plan.goes"),
        goes=_parts(words, plan.goes),
        remains_label=words("plan.remains"),
        remains=_parts(words, plan.remains),
        preview_label=words("plan.preview"),
        preview=plan.preview,
    )


def _parts(words: Words, parts: tuple[str | Sentence, ...]) -> tuple[str, ...]:
    return tuple(words.say(part) if isinstance(part, Sentence) else part for part in parts)


def _costs(words: Words, plan: Plan) -> tuple[Cost, ...]:
    takes = words("plan.unmeasured") if plan.seconds is None else words("plan.about", time=words.time(plan.seconds))
    costs = [Cost(words("plan.takes"), takes)] if plan.seconds is not None or not plan.goes else []
    if plan.disk_bytes:
        costs.append(Cost(words("plan.disk"), words.size(plan.disk_bytes)))
    costs.append(Cost(words("plan.undo"), words.say(plan.undo) if plan.undo else words("plan.no_undo")))
    return tuple(costs)


def text_of(values: Mapping[str, Any], name: str, most: int = 20_000) -> str:
    """A field of the browser's values, which anyone may have written."""
    found = values.get(name)
    return found[:most] if isinstance(found, str) else ""


def number_of(values: Mapping[str, Any], name: str) -> float:
    """Raises BadValue for what is no number; a decimal comma is fine."""
    text = str(values.get(name, "")).strip().replace(",", ".")
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise BadValue(field=name, value=text or Sentence("bad.empty", "empty"), why=Sentence("bad.number", "a number is needed"))
    return found
