"""The assistant's place beside the pages: a sentence goes to the dialogue, its answer and its plan card come back; a yes does what the card says."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.assistant import dialogue
from core.assistant.cards import PlanCard
from core.errors import UserError
from core.sentence import Sentence
from storage.rows import ProjectId
from ui.pages.page import Desk, Handler, Outcome, Page, Spoken, text_of
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
            lines=(hello, *(_line(visit, spoken) for spoken in desk.talk)),
            plan=_card(visit, card) if card else None,
            hints_label=words("assistant.try"),
            hints=hints,
            write_label=words("assistant.write"),
            send=words("assistant.send"),
        )


def _line(visit: Visit, spoken: Spoken) -> assistant.Line:
    words = visit.words
    text = tuple(words.say(one) if isinstance(one, Sentence) else words.error(one) if isinstance(one, UserError) else one for one in spoken.text)
    buttons = tuple(Button(sentence, "say", {"text": sentence}) for sentence in spoken.suggestions)
    return assistant.Line(spoken.who, words("assistant.you" if spoken.who == "me" else "assistant.name"), text, buttons)


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
    told = (*answer.text, *((answer.error,) if answer.error else ()))
    desk = _with(desk, Spoken("me", (text,)))
    if told:
        desk = _with(desk, Spoken("it", told, answer.suggestions))
    if answer.plan is None and answer.step is not None and answer.step != visit.place.step:
        go = {**(go or {}), "step": answer.step}
    return Outcome(desk, go)


def _approve(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is None:
        return Outcome(desk)
    card = dialogue.open_card(visit.context, ProjectId(visit.project.project))
    try:
        result = dialogue.approve(visit.context, ProjectId(visit.project.project), text_of(values, "token", 64))
    except UserError as error:
        return Outcome(_with(desk, Spoken("it", (error,))))
    verb = card.verb if card else ""
    desk = _with(desk, Spoken("me", (visit.words("assistant.agreed"),)))
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
    return Outcome(_with(desk, Spoken("me", (visit.words("assistant.declined"),))))


def _project(visit: Visit) -> tuple[str, Mapping[str, str] | None]:
    """A conversation belongs to a project; whoever talks first gets one."""
    if visit.project is not None:
        return visit.project.project, None
    made = visit.do("create-project", name=visit.words("frame.no_project"))
    return made.id, {"project": made.id}


def _with(desk: Desk, spoken: Spoken) -> Desk:
    return desk.to(talk=(*desk.talk, spoken)[-MOST_LINES:])
