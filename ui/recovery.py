"""The page that is shown when the database does not open: what happened, and one button that brings back what can be read."""

import html
import threading
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from core.home import Home
from core.recovery import HomeDamaged, bring_back
from storage.rows import LOCAL_OWNER
from ui.gate import Gate, GateRules
from ui.plain import PAGE
from ui.sessions import Sessions, Tickets
from ui.words import Words, language_of


@dataclass
class Repair:
    """The page's application; `done` is set when the button has done its work and the real app may start."""

    app: Gate
    tickets: Tickets
    done: threading.Event


def repair_app(home: Home, error: HomeDamaged, rules: GateRules, sessions: Sessions) -> Repair:
    """Behind the same gate as everything else."""
    tickets, done = Tickets(), threading.Event()

    def words_of(request: Request) -> Words:
        return Words.of(language_of(request.headers.get("accept-language")))

    def enter(request: Request) -> Response:
        if not tickets.take(request.query_params.get("ticket", "")):
            return _page(words_of(request), words_of(request)("gate.used_link"), "", 401)
        return RedirectResponse("/", 303, {"set-cookie": sessions.cookie(LOCAL_OWNER)})

    def told(request: Request) -> Response:
        words = words_of(request)
        button = f'<form method="post" action="/recover"><button>{html.escape(words("recovery.button"))}</button></form>'
        return _page(words, words.error(error), button, 503)

    def recover(request: Request) -> Response:
        words = words_of(request)
        said = words.say(bring_back(home))
        done.set()
        return _page(words, said, f'<p><a href="/">{html.escape(words("recovery.on"))}</a></p>')

    app = Starlette(routes=[Route("/enter", enter), Route("/", told), Route("/recover", recover, methods=["POST"])])
    return Repair(Gate(app, rules, sessions), tickets, done)


def _page(words: Words, sentence: str, more: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(PAGE.format(language=words.language, sentence=html.escape(sentence), more=more), status)
