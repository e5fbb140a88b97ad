"""Growing data: answer rows one by one, with colleagues by a link, and add rows."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.labels import LabelQueue
from core.sentence import Sentence
from ui.pages.page import Desk, Handler, Outcome, done
from ui.pages.section import Section
from ui.pages.sections import label_add, label_rounds
from ui.parts import label
from ui.parts import label_add as add_part
from ui.parts import label_rounds as rounds_part
from ui.parts.lead import Lead
from ui.parts.part import Option
from ui.visit import Visit

_AT_ONCE = 60
LEARNED_TERM = Sentence(
    "labels_learned_term",
    "5-fold cross-validation of logistic regression on TF-IDF, with a 95 % Wilson interval. The rows answered first are the harder ones, "
    "so the true value is rather higher.",
)
_HOWS = ("choices", "fields", "text")
_FILLED = ("progress", "pace", "waiting", "unmeasured", "learned", "clear", "take_up")  # sentences that the browser fills
_SAID = ("saved", "offline", "new_choice", "choose", "new_field", "empty_field", "mark_hint", "send", "answer", "wait", "all_done", "back", "text",
         "proposed", "skip", "forward", "undo")  # fmt: skip
_FACTS = ("done", "rows", "pace", "count", "answered", "right", "low", "high", "field")


class LabelSection(Section):
    name: ClassVar[str] = "label"

    def layout(self) -> dict[str, gr.HTML]:
        return {"label_stage": label.label(), "label_rounds": rounds_part.rounds(), "label_add": add_part.adding()}

    def handlers(self) -> Mapping[str, Handler]:
        return {**label_rounds.HANDLERS, **label_add.HANDLERS}

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words, known = visit.words, visit.facts
        if known is None:
            return None
        waiting = known.facts.rows - known.facts.answered
        said = words("label.lead", count=waiting) if waiting else words("label.lead_done")
        return Lead(said, words("label.lead_quiet" if waiting else "label.lead_done_quiet"))

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {}  # the labelling part asks for what it needs itself: a tick must not disturb who is labelling

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        assert visit.dataset is not None
        queue = visit.do("label-queue", dataset=visit.dataset.id, size=_AT_ONCE)
        return {
            "label_stage": stage_of(visit, queue),
            "label_rounds": label_rounds.rounds_of(visit, desk, queue),
            "label_add": label_add.adding_of(visit, desk, queue),
        }

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        shown = self.show(visit, desk)
        return {name: value for name, value in shown.items() if name != "label_stage"}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        if verb != "take-answers":
            return None
        return Outcome(done(visit, desk, "label", "label.taken", label_rounds.undo(visit), count=result.rows))


def stage_of(visit: Visit, queue: LabelQueue) -> label.Label:
    words = visit.words
    rows = tuple(label.LabelRow(row.position, row.question, row.answer, row.suggestion, row.certainty) for row in queue.rows)
    return label.Label(
        title=words("label.title"), dataset=queue.dataset, how=str(queue.how), how_label=words("label.how"),
        hows=tuple(Option(how, words(f"label.how_{how}")) for how in _HOWS),
        choices=queue.choices, fields=queue.fields, rows=rows, total=queue.counts.rows, answered=queue.counts.answered, skipped=queue.counts.skipped,
        learned_from=queue.learned_from, learned_said=_learned(visit, queue), learned_term=words.say(LEARNED_TERM),
        keys_title=words("label.keys"), keys=tuple(words(f"label.key_{name}") for name in ("choose", "accept", "mark", "skip", "undo", "new")),
        model=words("label.ask_model") if queue.model else "", words=browser_words(visit),
    )  # fmt: skip


def browser_words(visit: Visit) -> dict[str, str]:
    """The sentences that the browser says itself; it puts the numbers in where {facts} stand."""
    holes = {fact: "{" + fact + "}" for fact in _FACTS}
    return {name: visit.words(f"label.{name}") for name in _SAID} | {name: visit.words(f"label.{name}", **holes) for name in _FILLED}


def _learned(visit: Visit, queue: LabelQueue) -> str:
    found, words = queue.learned, visit.words
    if found is None:
        return ""
    if found.right is None or not found.rows or found.low is None or found.high is None:
        return words("label.unmeasured", answered=words.number(found.answered))
    facts = {"right": _tenths(visit, found.right / found.rows), "low": _tenths(visit, found.low, 1), "high": _tenths(visit, found.high, 1)}
    return words("label.learned", answered=words.number(found.answered), **facts)


def _tenths(visit: Visit, share: float, digits: int = 0) -> str:
    """A share as so many of ten: '10' is said of all only."""
    digits = digits or int(share < 0.9995 and round(10 * share) == 10)
    shown = min(9.9 if share < 0.9995 else 10.0, round(10 * share, digits))
    return visit.words.number(shown, 0 if shown == round(shown) else 1)
