"""Update with new data: a file goes in, and what comes of it is told step by step, until both models stand side by side."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.update import UpdateCard, UpdatesView
from ui.pages.page import Desk, Handler, Outcome, text_of
from ui.pages.section import Section
from ui.pages.working import doing
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
        return {"uploaded": _uploaded, "update-stop": _stop, "update-go-on": _go_on, "update-run": _open, "update-evaluate": _evaluate}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        return Outcome(desk, {"view": "update"}) if verb == "update" else None

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words, known = visit.words, _known(visit)
        at_work = next((card for card in known.cards if card.at_work), None) if known else None
        if known is None or (known.in_use is None and at_work is None):
            return Lead(words("update.empty"), words("update.empty_quiet"))
        if at_work is not None:
            return Lead(words("update.going_on", run=at_work.run_name), words("update.stays"))
        assert known.in_use is not None
        return Lead(words("update.title", run=known.in_use.name), words("update.how"), term="retraining on new data")

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {name: value for name, value in self.show(visit, desk).items() if name in ("update_work", "update_list")}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        known = _known(visit)
        if known is None:
            return {}
        at_work = next((card for card in known.cards if card.at_work), None)
        shown: dict[str, Any] = {}
        if at_work is not None:
            shown["update_work"] = _work(visit, at_work)
        elif known.in_use is not None:
            shown["update_drop"] = _drop(visit, known)
        items = tuple(_item(visit, card) for card in known.cards[:_SHOWN])
        if items:
            words = visit.words
            heads = (words("update.cases"), words("update.in_use"), words("update.updated"), words("update.in_words"))
            shown["update_list"] = updates.Updates(
                words("update.list"), words("update.caption"), heads, words("update.done"), words("update.left"), items
            )
        return shown


def _known(visit: Visit) -> UpdatesView | None:
    return visit.do("updates", project=visit.project.project) if visit.project else None


def _drop(visit: Visit, known: UpdatesView) -> drop.Drop:
    words = visit.words
    hint = words("update.hint", free=words.size(known.free_bytes))
    return drop.Drop(words("update.bring"), hint, words("update.choose"), words("bring.sending"), words("bring.lost"), purpose="update", small=True)


def _work(visit: Visit, card: UpdateCard) -> progress.Progress:
    words, job = visit.words, card.job
    assert job is not None
    at = _STAGES.index(card.update.stage.value)
    step = words("update.step", step=at + 1, steps=len(_STAGES), what=words(f"update.stage.{card.update.stage.value}"))
    left = words("work.left", time=words.time(job.seconds_left)) if job.seconds_left is not None else ""
    buttons = [Button(words("work.stop"), "update-stop", {"job": job.id}, "link")]
    if card.update.stage.value == "train" and card.update.new_run:
        buttons.insert(0, Button(words("update.see_run"), "update-run", {"run": card.update.new_run}, "link"))
    return progress.Progress(step, job.progress, left, doing(visit, job), tuple(buttons))


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
        Button(words("update.see_run"), "update-run", {"run": made}),
        Button(words("update.evaluate"), "update-evaluate", {"run": made}, "link"),
    )


def _uploaded(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """The file is on the server: the plan is shown before anything is done with it."""
    if visit.project is not None:
        visit.do("update", project=visit.project.project, upload=text_of(values, "upload", 64))
    return Outcome(desk)


def _stop(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is not None:
        visit.do("stop", project=visit.project.project, job=text_of(values, "job", 64))
    return Outcome(desk)


def _go_on(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("go-on-update", update=text_of(values, "update", 64))
    return Outcome(desk)


def _open(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"run": text_of(values, "run", 64), "view": "", "verdict": "", "package": ""})


def _evaluate(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "evaluate", "run": text_of(values, "run", 64), "view": "", "verdict": "", "package": ""})
