"""Update with new data: a file goes in, and what comes of it is told step by step, until both models stand side by side."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.update import UpdateCard, UpdatesView
from storage.rows import LIVE
from ui.pages.page import Desk, Handler, Outcome, text_of
from ui.pages.section import Section
from ui.pages.working import doing, left_of, stop_button
from ui.parts import drop, progress, updates
from ui.parts.lead import Lead
from ui.parts.part import Button
from ui.visit import Visit

_STAGES = ("read", "prepare", "train", "judge")
_LEVELS = {"updated": "good", "in use": "bad"}
_SHOWN = 20


class UpdateSection(Section):
    name: ClassVar[str] = "update"

    def layout(self) -> dict[str, gr.HTML]:
        return {"update_drop": drop.drop(), "update_work": progress.progress(), "update_list": updates.updates()}

    def handlers(self) -> Mapping[str, Handler]:
        return {"uploaded": _uploaded, "update-go-on": _go_on}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        return Outcome(desk, {"view": "update"}) if verb == "update" else None

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words, known = visit.words, _known(visit)
        at_work = _at_work(known) if known else None
        if known is None or (known.in_use is None and at_work is None):
            return Lead(words("update.empty"), words("update.empty_quiet"))
        if at_work is not None:
            return Lead(words("update.going_on", run=at_work.run_name), words("update.stays"))
        assert known.in_use is not None
        return Lead(words("update.title", run=known.in_use.name), words("update.how"), term="retraining on new data")

    def waits(self, visit: Visit) -> bool:
        return (known := _known(visit)) is not None and _at_work(known) is not None

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return _growing(visit, known) if (known := _known(visit)) is not None else None

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        known = _known(visit)
        if known is None:
            return {}
        offers = _at_work(known) is None and known.in_use is not None
        return {**_growing(visit, known), "update_drop": _drop(visit, known) if offers else None}


def _known(visit: Visit) -> UpdatesView | None:
    return visit.once("updates", project=visit.project.project) if visit.project else None


def _at_work(known: UpdatesView) -> UpdateCard | None:
    return next((card for card in known.cards if card.at_work), None)


def _growing(visit: Visit, known: UpdatesView) -> dict[str, Any]:
    at_work = _at_work(known)
    return {"update_work": _work(visit, at_work) if at_work is not None else None, "update_list": _list(visit, known)}


def _list(visit: Visit, known: UpdatesView) -> updates.Updates | None:
    if not known.cards:
        return None
    words, items = visit.words, tuple(_item(visit, card) for card in known.cards[:_SHOWN])
    heads = (words("update.cases"), words("update.in_use"), words("update.updated"), words("update.in_words"))
    return updates.Updates(words("update.list"), words("update.caption"), heads, words("update.done"), words("update.left"), items)


def _drop(visit: Visit, known: UpdatesView) -> drop.Drop:
    words = visit.words
    hint = words("update.hint", free=words.size(known.free_bytes))
    return drop.Drop(words("update.bring"), hint, words("update.choose"), words("bring.sending"), words("bring.lost"), purpose="update", small=True)


def _work(visit: Visit, card: UpdateCard) -> progress.Progress:
    words, job = visit.words, card.job
    at = _STAGES.index(card.update.stage.value)
    step = words("update.step", step=at + 1, steps=len(_STAGES), what=words(f"update.stage.{card.update.stage.value}"))
    if job is None or job.state not in LIVE:  # between two of its jobs
        return progress.Progress(step, None, "", words("work.starting"))
    buttons = [stop_button(visit, job, kind="link")]
    if card.update.stage.value == "train" and card.update.new_run:
        buttons.insert(0, Button(words("update.see_run"), "open-run", {"run": card.update.new_run}, "link"))
    return progress.Progress(step, job.progress, left_of(visit, job), doing(visit, job), tuple(buttons))


def _item(visit: Visit, card: UpdateCard) -> updates.Item:
    words, document = visit.words, card.document
    names = {"file": card.update.file, "old": card.run_name, "new": card.new_run_name or "…"}
    note = words("update.from_to", **names) if card.new_run_name else words("update.from", **names)
    if card.error is not None:
        said, level = words.say(card.error), "bad"
    elif document.headline is not None:
        said, level = words.say(document.headline.sentence()), _LEVELS.get(document.choice.value if document.choice else "", "")
    else:
        said, level = words("update.waits" if card.waits else "update.at_work"), ""
    return updates.Item(
        card.update.file, note, said, level, sides=_sides(visit, card), facts=_facts(visit, card),
        done=tuple(words.say(line.sentence()) for line in document.done), left=tuple(words.say(line.sentence()) for line in document.left),
        buttons=_buttons(visit, card),
    )  # fmt: skip


def _sides(visit: Visit, card: UpdateCard) -> tuple[updates.Side, ...]:
    words = visit.words

    def told(value: float, right: int | None, rows: int) -> str:
        return words.percent(value) if right is None else words("update.right", right=right, rows=rows, share=words.percent(value))

    return tuple(
        updates.Side(
            words(f"update.of.{side.cases.value}"), words("update.rows", count=side.rows), told(side.in_use, side.in_use_right, side.rows),
            told(side.updated, side.updated_right, side.rows), words.say(side.line.sentence()), side.measure.term, side.line.term,
        )
        for side in card.document.sides
    )  # fmt: skip


def _facts(visit: Visit, card: UpdateCard) -> tuple[str, ...]:
    words, document = visit.words, card.document
    if document.rows is None:
        return ()
    told = [words("update.came", count=document.rows), words("update.known", count=document.known)]
    if document.train_after:
        told.append(words("update.learned", before=words.number(document.train_before), after=words.number(document.train_after)))
        told.append(words("update.joined_sealed" if document.sealed else "update.joined", count=document.joined))
    return tuple(told)


def _buttons(visit: Visit, card: UpdateCard) -> tuple[Button, ...]:
    words, made = visit.words, card.update.new_run
    if card.waits:
        return (Button(words("update.go_on"), "update-go-on", {"update": card.update.id}, "accent"),)
    if made is None or not card.document.sides:
        return ()
    return (
        Button(words("update.see_run"), "open-run", {"run": made}),
        Button(words("update.evaluate"), "evaluate", {"run": made}, "link"),
    )


def _uploaded(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """The file is on the server: the plan is shown before anything is done with it."""
    if visit.project is not None:
        visit.do("update", project=visit.project.project, upload=text_of(values, "upload", 64))
    return Outcome(desk)


def _go_on(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("go-on-update", update=text_of(values, "update", 64))
    return Outcome(desk)
