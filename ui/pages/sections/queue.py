"""The queue: what has the machine, what waits for it and why, in an order that can be changed."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.control import Waiter
from storage.rows import JobState
from ui.pages.page import Desk, Handler, Outcome, text_of
from ui.pages.section import Section
from ui.pages.working import left_of, stop_button
from ui.parts import queue
from ui.parts.lead import Lead
from ui.parts.part import Button
from ui.visit import Visit

_LOOKS = {JobState.PAUSED: "paused", JobState.QUEUED: "waiting"}


class QueueSection(Section):
    name: ClassVar[str] = "queue"

    def layout(self) -> dict[str, gr.HTML]:
        return {"queue_list": queue.queue()}

    def handlers(self) -> Mapping[str, Handler]:
        return {"queue-move": _move}

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words, found = visit.words, _waiters(visit)
        waiting = sum(one.job.state is JobState.QUEUED for one in found)
        if not found:
            return Lead(words("train.queue.nothing"), words("train.queue.nothing_quiet"))
        return Lead(words("train.queue.some", count=waiting) if waiting else words("train.queue.none_waits"), words("train.queue.one_at_a_time"))

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words = visit.words
        items = tuple(_item(visit, one) for one in _waiters(visit))
        return {"queue_list": queue.QueueView(words("train.view.queue"), words("train.queue.empty"), items)}

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return self.show(visit, desk)


def _waiters(visit: Visit) -> tuple[Waiter, ...]:
    return tuple(visit.once("queue", project=visit.project.project)) if visit.project is not None else ()


def _item(visit: Visit, one: Waiter) -> queue.Item:
    words, job = visit.words, one.job
    quiet = [words(f"state.{job.state.value}"), one.project]
    if job.state is JobState.RUNNING and (left := left_of(visit, job)):
        quiet.append(left)
    name = one.title if one.run is not None else words.either(f"train.queue.kind.{job.kind}", one.title)
    share = job.progress if job.state is not JobState.QUEUED else None
    return queue.Item(_LOOKS.get(job.state, "running"), name, " · ".join(quiet), words.say(one.why), share, tuple(_buttons(visit, one)))


def _buttons(visit: Visit, one: Waiter) -> list[Button]:
    words, job = visit.words, one.job
    shown = []
    if one.can_rise:
        shown.append(Button(words("train.queue.up"), "queue-move", {"job": job.id, "to": "up"}))
    if one.can_fall:
        shown.append(Button(words("train.queue.down"), "queue-move", {"job": job.id, "to": "down"}))
    if one.can_pause and one.run is not None:
        shown.append(Button(words("train.pause"), "pause", {"run": one.run.id}))
    if job.state is JobState.PAUSED and one.run is not None:
        shown.append(Button(words("train.go_on"), "resume", {"run": one.run.id}, "accent"))
    if job.state is not JobState.STOPPING:
        shown.append(stop_button(visit, job, words("train.stop") if one.run is not None and job.state is not JobState.QUEUED else ""))
    if one.run is not None:
        shown.append(Button(words("train.open"), "open-run", {"run": one.run.id, "project": job.project}, "link"))
    return shown


def _move(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("move-job", job=text_of(values, "job", 64), to=text_of(values, "to", 10))
    return Outcome(desk)
