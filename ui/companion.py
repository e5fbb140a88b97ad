"""The assistant's place beside the pages: a sentence goes to the dialogue, its answer and its plan card come back; a yes does what the card says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import gradio as gr

from core.assistant import dialogue
from core.assistant.cards import PlanCard
from core.assistant.reply import Failure, Spoken
from core.errors import UserError
from core.sentence import Sentence
from storage.rows import ProjectId
from ui.pages.page import Desk, Handler, Outcome, Page, text_of
from ui.parts import assistant
from ui.parts.part import Button
from ui.parts.plan import Cost, PlanView
from ui.visit import Visit

MOST_LINES = 60
_STEP_OF = {
    "sample": "data",
    "split": "data",
    "undo": "data",
    "choose-task": "method",
    "train": "train",
    "pause": "train",
    "resume": "train",
    "evaluate": "evaluate",
    "export": "export",
}


class Companion(Page):
    name: ClassVar[str] = "companion"
    slots: ClassVar[Mapping[str, str]] = {"assistant": "frame"}

    def layout(self) -> dict[str, gr.HTML]:
        """Nothing within the work column; the app makes the one part beside it."""
        return {}

    def handlers(self) -> Mapping[str, Handler]:
        return {"say": _say, "approve": _approve, "decline": _decline}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        return {}

    def view(self, visit: Visit, desk: Desk) -> assistant.Assistant:
        words, step = visit.words, visit.place.step
        hints = tuple(Button(words(f"assistant.hint.{step}.{i}"), "say", {"text": words(f"assistant.hint.{step}.{i}")}) for i in (1, 2))
        hello = assistant.Line("it", words("assistant.name"), (words("assistant.hello"),))
        card = dialogue.open_card(visit.context, ProjectId(visit.project.project)) if visit.project else None
        return assistant.Assistant(
            title=words("assistant.title"),
            close=words("assistant.close"),
            log_label=words("assistant.log"),
            lines=(hello, *_lines(visit, desk)),
            plan=_card(visit, card) if card else None,
            hints_label=words("assistant.try"),
            hints=hints,
            write_label=words("assistant.write"),
            send=words("assistant.send"),
        )


def _lines(visit: Visit, desk: Desk) -> tuple[assistant.Line, ...]:
    """The project's talk as it is stored, in the visitor's language; the things that could be said instead stand under the last line only."""
    if visit.project is None:
        return ()
    lines = [_line(visit, spoken) for spoken in dialogue.conversation(visit.context, ProjectId(visit.project.project), MOST_LINES)]
    if lines and desk.suggestions:
        lines[-1] = replace(lines[-1], buttons=tuple(Button(sentence, "say", {"text": sentence}) for sentence in desk.suggestions))
    return tuple(lines)


def _line(visit: Visit, spoken: Spoken) -> assistant.Line:
    words = visit.words
    if spoken.agreed is not None:
        return assistant.Line("me", words("assistant.you"), (words("assistant.agreed" if spoken.agreed else "assistant.declined"),))
    who, name = ("me", words("assistant.you")) if spoken.by_person else ("it", words("assistant.name"))
    return assistant.Line(who, name, tuple(_text(visit, one) for one in spoken.text))


def _text(visit: Visit, one: str | Sentence | Failure) -> str:
    if isinstance(one, Sentence):
        return visit.words.say(one)
    return visit.words.error_named(one.error, one.english, one.facts) if isinstance(one, Failure) else one


def _card(visit: Visit, card: PlanCard) -> PlanView:
    words = visit.words
    costs = []
    if card.seconds is not None or card.asks_first:
        takes = words("plan.unmeasured") if card.seconds is None else words("plan.about", time=words.time(card.seconds))
        costs.append(Cost(words("plan.takes"), takes))
    if card.disk_bytes:
        costs.append(Cost(words("plan.disk"), words.size(card.disk_bytes)))
    costs.append(Cost(words("plan.undo"), words.say(card.undo) if card.undo else words("plan.no_undo")))
    return PlanView(
        words("plan.title"), words.say(card.what), tuple(costs), card.verb, dict(card.values), card.token, words("plan.go"), words("plan.no")
    )


def _say(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    text = text_of(values, "text", 2000).strip()
    if not text:
        return Outcome(desk)
    project, go = _project(visit)
    answer = dialogue.reply(visit.context, ProjectId(project), text, dialogue.Place(visit.place.step, visit.place.run))
    desk = desk.to(suggestions=answer.suggestions)
    if answer.plan is None and answer.step is not None and answer.step != visit.place.step:
        go = {**(go or {}), "step": answer.step}
    return Outcome(desk, go)


def _approve(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is None:
        return Outcome(desk)
    card = dialogue.open_card(visit.context, ProjectId(visit.project.project))
    desk = desk.to(suggestions=())
    try:
        result = dialogue.approve(visit.context, ProjectId(visit.project.project), text_of(values, "token", 64))
    except UserError:
        return Outcome(desk)  # it stands in the talk, where the yes was said
    verb = card.verb if card else ""
    go = {"step": _STEP_OF[verb]} if verb in _STEP_OF else None
    if verb == "sample":
        desk = desk.to(importing=result.id)
    if go is not None and verb == "train":
        go |= {"run": result.id}
    if go is not None and verb == "evaluate":
        go |= {"run": result.subject, "verdict": ""}
    return Outcome(desk, go)


def _decline(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is not None:
        dialogue.withdraw(visit.context, ProjectId(visit.project.project))
    return Outcome(desk.to(suggestions=()))


def _project(visit: Visit) -> tuple[str, Mapping[str, str] | None]:
    """A conversation belongs to a project; whoever talks first gets one."""
    if visit.project is not None:
        return visit.project.project, None
    made = visit.do("create-project", name=visit.words("frame.no_project"))
    return made.id, {"project": made.id}
