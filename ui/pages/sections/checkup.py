"""The doctor's section: what a look through all rows found, a line a check, and the buttons that show the rows and mend them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.doctor import CheckCard, FindingsView
from core.actions.views import ViewFilter
from storage.rows import Job
from ui.pages.desks import RowsDesk
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.pages.section import Section
from ui.pages.working import progress_of
from ui.parts import checkup, own_cases, progress
from ui.parts.lead import Lead
from ui.parts.part import Button
from ui.visit import Visit

_KIND = "checkup"


class CheckupSection(Section):
    name: ClassVar[str] = "checkup"

    def layout(self) -> dict[str, gr.HTML]:
        return {"checkup_progress": progress.progress(), "checkup_found": checkup.checkup(), "checkup_own": own_cases.own_cases()}

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "checkup-start": _start, "checkup-mend": _mend, "checkup-rows": _rows, "checkup-undo": _undo, "own-cases": _own_cases,
        }  # fmt: skip

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        view = _view_of(visit)
        words, document = visit.words, view.document
        if document is None:
            return Lead(words("checkup.lead_none"), words("checkup.lead_none_quiet"))
        found = sum(line.state == "found" for line in document.checks)
        quiet = words("checkup.lead_quiet", rows=document.rows, checks=len(document.checks))
        return Lead(words("checkup.lead", count=found), quiet) if found else Lead(words("checkup.lead_clean"), quiet, "good")

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        view = _view_of(visit)
        shown: dict[str, Any] = {"checkup_found": _found(visit, view), "checkup_own": _own(visit, view)}
        return shown | {"checkup_progress": progress_of(visit, view.running), **self.failure(visit, desk, _last(visit, view))}

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"checkup_progress": progress_of(visit, visit.at_work(_KIND))}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        if verb != "mend":
            return None
        undo = Button(visit.words("checkup.undo"), "checkup-undo", {"dataset": result.dataset, "number": result.number}, "accent")
        return Outcome(done(visit, desk.to(plan=None), "checkup", "checkup.mended", undo, count=result.rows))


def _view_of(visit: Visit) -> FindingsView:
    assert visit.findings is not None  # a section is shown only where there is a dataset
    return visit.findings


def _last(visit: Visit, view: FindingsView) -> Job | None:
    return next((job for job in visit.jobs if job.kind == _KIND and job.subject == view.dataset.id), None)


def _found(visit: Visit, view: FindingsView) -> checkup.Checkup:
    words = visit.words
    cards = [card for card in view.checks if card.line is not None]
    start = Button(words("checkup.again" if view.document else "checkup.start"), "checkup-start", {"dataset": view.dataset.id},
                   "plain" if view.document and not view.stale else "accent", disabled=view.running is not None)  # fmt: skip
    folds = (("checkup-clean", "clean", "checkup.clean"), ("checkup-unchecked", "not checked", "checkup.unchecked"))
    quiet = {key: tuple(_quiet(visit, card) for card in cards if _state(card) == state) for key, state, _ in folds}
    return checkup.Checkup(
        title=words("checkup.title"),
        why_label=words("checkup.why"),
        lines=tuple(_line(visit, view, card) for card in cards if _state(card) == "found"),
        folds=tuple(checkup.Fold(key, words(title, count=len(quiet[key])), quiet[key]) for key, _, title in folds if quiet[key]),
        note=_note(visit, view),
        note_level="warn" if view.stale else "",
        buttons=(start,),
    )


def _note(visit: Visit, view: FindingsView) -> str:
    words = visit.words
    if view.document is None:
        return "" if view.running is not None else words("checkup.never")
    if not view.stale:
        return ""
    return words("checkup.stale_soon" if view.running is not None else "checkup.stale")


def _state(card: CheckCard) -> str:
    return card.line.state if card.line is not None else ""


def _line(visit: Visit, view: FindingsView, card: CheckCard) -> checkup.CheckLine:
    words, line = visit.words, card.line
    assert line is not None
    values = {"dataset": view.dataset.id, "check": card.name}
    buttons = [Button(words("checkup.see"), "checkup-rows", values, "link")] if line.rows else []
    for mend in card.mends if line.rows else ():
        if mend.how != "repair" or line.repairs:
            kind = "link" if mend.how == "tag" else "plain"
            buttons.append(Button(_said(visit, f"mends.{card.name}.{mend.name}", mend.label), "checkup-mend", {**values, "how": mend.name}, kind))
    bundled = line.rows > line.bundles > 1
    return checkup.CheckLine(
        name=card.name,
        count=words.number(line.rows) if line.rows else "!",
        what=_said(visit, f"checks.{card.name}.label", card.label),
        why=_said(visit, f"checks.{card.name}.why", card.why),
        note=words("checkup.bundles", count=line.bundles) if bundled else "",
        says=tuple(words.say(sentence) for sentence in line.sentences()),
        term=card.term,
        buttons=tuple(sorted(buttons[1:], key=lambda button: button.kind == "link") + buttons[:1]),
    )


def _quiet(visit: Visit, card: CheckCard) -> checkup.Quiet:
    words, line = visit.words, card.line
    assert line is not None
    notes = [words.say(sentence) for sentence in line.sentences()]
    if line.reason is not None:
        notes.append(words.say(line.because()))
    return checkup.Quiet(_said(visit, f"checks.{card.name}.label", card.label), " ".join(notes), card.term)


def _said(visit: Visit, key: str, english: str) -> str:
    """What a check declares in English, in the visitor's language."""
    return visit.words.either(f"sentences.{key}", english)


def _own(visit: Visit, view: FindingsView) -> own_cases.OwnCases | None:
    words = visit.words
    if view.document is None:
        return None
    return own_cases.OwnCases(words("checkup.own_title"), words("checkup.own_label"), words("checkup.own_quiet"), words("checkup.own_button"),
                              "\n\n".join(view.document.own_cases), {"dataset": view.dataset.id})  # fmt: skip


def _start(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("checkup", dataset=text_of(values, "dataset", 64))
    return Outcome(desk)


def _mend(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Asks first: the plan card stands in this section's slot."""
    visit.do("mend", dataset=text_of(values, "dataset", 64), check=text_of(values, "check", 80), how=text_of(values, "how", 40))
    return Outcome(desk)


def _undo(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    number = values.get("number")
    visit.do("undo", dataset=text_of(values, "dataset", 64), number=number if isinstance(number, int) else None)
    return Outcome(done(visit, desk, "checkup", "checkup.undone"))


def _own_cases(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("own-cases", dataset=text_of(values, "dataset", 64), text=text_of(values, "text", 200_000))
    return Outcome(done(visit, desk, "checkup", "checkup.own_taken"))


def _rows(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """The table of rows, with those that the check found."""
    wish = ViewFilter(check=text_of(values, "check", 80))
    return Outcome(desk.to(rows=RowsDesk(wish=wish)), {"view": "rows"})
