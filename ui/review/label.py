"""Labelling by a link: a name first, then one text at a time with its choices. Every step is a plain form."""

import json
import string
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.actions.colleagues import Door, RoundDesk, Task
from ui.review.forms import fields_of, first
from ui.review.pages import go, page, told
from ui.review.tokens import ReviewSessions, name_of

if TYPE_CHECKING:
    from storage.rows import LabelRound

KEYS = tuple("123456789") + tuple(string.ascii_lowercase)
_LONGEST_S = 3_600.0  # a page that lay open longer says nothing about the time that an answer took


@dataclass(frozen=True)
class Choice:
    text: str
    key: str


@dataclass(frozen=True)
class Field:
    name: str
    value: str


class LabelSite:
    """The routes of labelling under /r/<token>/. `desk` hands out the rows."""

    def __init__(self, desk: RoundDesk, sessions: ReviewSessions) -> None:
        self._desk, self._sessions = desk, sessions

    def routes(self) -> list[Route]:
        return [
            Route("/r/{token}/", self._show, methods=["GET"]),
            Route("/r/{token}/name", self._name, methods=["POST"]),
            Route("/r/{token}/answer", self._answer, methods=["POST"]),
            Route("/r/{token}/again", self._again, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return await run_in_threadpool(self._shown, request)

    async def _name(self, request: Request) -> Response:
        form = await fields_of(request)
        return await run_in_threadpool(self._named, request, first(form, "name"), again=bool(first(form, "again")))

    async def _answer(self, request: Request) -> Response:
        form = await fields_of(request)
        return await run_in_threadpool(self._answered, request, form)

    async def _again(self, request: Request) -> Response:
        await fields_of(request)
        return await run_in_threadpool(self._taken_up, request)

    def _shown(self, request: Request) -> Response:
        round, refused = self._round(request)
        if round is None:
            return refused
        person = self._person(request, round)
        if person is None:
            return self._ask_name(request, round)
        at = request.query_params.get("at", "")
        task = self._desk.at(round, person, int(at)) if at.isascii() and at.isdigit() and len(at) < 16 else None
        return self._task_page(request, round, person, task or self._desk.next(round, person))

    def _named(self, request: Request, text: str, *, again: bool) -> Response:
        round, refused = self._round(request)
        if round is None:
            return refused
        name = name_of(text)
        if not name:
            return self._ask_name(request, round, 422)
        known = next((person for person in self._desk.people(round) if person.casefold() == name.casefold()), None)
        if known is not None and not again:
            return self._ask_name(request, round, 409, taken=known)
        token = request.path_params["token"]
        return go("./", {"set-cookie": self._sessions.cookie(round.id, known or name, f"/r/{token}/")})

    def _answered(self, request: Request, form: dict[str, list[str]]) -> Response:
        round, refused = self._round(request)
        if round is None:
            return refused
        person = self._person(request, round)
        if person is None:
            return go("./")
        facts = self._sessions.facts(round.id, person, first(form, "row"))
        if facts is None or len(facts) != 2:
            return self._task_page(request, round, person, self._desk.next(round, person), 422, refused=True)
        position, seconds = int(facts[0]), min(_LONGEST_S, max(0.0, time.time() - facts[1]))
        if first(form, "pass"):
            self._desk.pass_by(round, person, position)
            return go("./")
        answer = self._desk.filled(round, form["field"]) if "field" in form else first(form, "answer")
        if not self._desk.answer(round, person, position, answer, seconds):
            return self._task_page(request, round, person, self._desk.next(round, person), 422, refused=True)
        return go("./")

    def _taken_up(self, request: Request) -> Response:
        round, refused = self._round(request)
        if round is None:
            return refused
        if (person := self._person(request, round)) is not None:
            self._desk.take_up_again(round, person)
        return go("./")

    def _round(self, request: Request) -> "tuple[LabelRound | None, Response]":
        door, round = self._desk.door(request.path_params["token"])
        local = request.client is not None and request.client.host in ("127.0.0.1", "::1")
        if round is None or door is Door.UNKNOWN or not (local or self._desk.from_network(round)):
            request.scope["state"]["wrong"] = True  # the gate counts these
            return None, told(request, "unknown", 404)
        return (round, Response()) if door is Door.OPEN else (None, told(request, door.value, 410))

    def _person(self, request: Request, round: "LabelRound") -> str | None:
        return self._sessions.person(round.id, request.headers.get("cookie", ""))

    def _ask_name(self, request: Request, round: "LabelRound", status: int = 200, taken: str = "") -> Response:
        return page(request, "name.html", status, name=round.name, guide=self._desk.guide(round), taken=taken)

    def _task_page(self, request: Request, round: "LabelRound", person: str, task: Task, status: int = 200, *, refused: bool = False) -> Response:
        before = self._desk.before(round, person, task.position if task.answer else None)
        if task.position is None:
            return page(request, "end.html", status, task=task, before=before)
        word = self._sessions.form(round.id, person, task.position, round_time(time.time()))
        choices = [Choice(text, KEYS[number] if number < len(KEYS) else "") for number, text in enumerate(task.choices)]
        fields = [Field(name, value) for name, value in zip(task.fields, _values(task), strict=True)]
        return page(
            request, "label.html", status, task=task, person=person, word=word, choices=choices, fields=fields, before=before, refused=refused
        )


def round_time(seconds: float) -> float:
    return round(seconds, 1)


def _values(task: Task) -> list[str]:
    try:
        said = json.loads(task.answer) if task.answer else {}
    except ValueError:
        said = {}
    return [str(said.get(name, "")) if isinstance(said, dict) else "" for name in task.fields]
