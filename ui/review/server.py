"""The reviewers' listener: a port of its own with small pages only, so that a link to it opens nothing of the owner's."""

import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.actions.colleagues import RoundDesk
from core.errors import UserError
from ui.review.label import LabelSite
from ui.review.pages import HEADERS, SCRIPT, STYLE, told
from ui.review.tokens import ReviewSessions

if TYPE_CHECKING:
    import uvicorn

    from core.workshop import Workshop

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUESTS = parse("300/10 second")  # of one address: an office may share one
WRONG = parse("20/10 minute")  # links that open nothing: guessing ends here
FORM_BYTES = 256 * 1024
STATE_FILE = "review.json"
_log = logging.getLogger(__name__)


class ReviewPortTaken(UserError):
    """Something else listens where links to colleagues point."""

    sentence = "Links for colleagues need port {port}, and another program uses it. Close that program, or restart Bottega on another port. No link was made."
    status = 409

    def __init__(self, *, port: int) -> None:
        super().__init__(port=port)


def review_app(sites: Sequence[BaseRoute], *, debug: bool = False) -> App:
    """`sites` are the routes of what links open; everything else is not found."""
    fixed = [Route("/style.css", _style), Route("/keys.js", _script), Route("/robots.txt", _robots)]
    app = Starlette(debug=debug, routes=[*fixed, *sites], exception_handlers={404: _missing, 405: _missing, 500: _broken})
    app.router.redirect_slashes = False
    return ReviewGate(app)


class ReviewGate:
    """ASGI middleware: rate, size and origin before a page sees anything. No owner, no bearer: nobody has rights here but by the link itself."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await (self._app(scope, receive, send) if scope["type"] == "lifespan" else _closed(receive, send))
        scope["state"] = {"wrong": False}
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        address = (scope.get("client") or ("?",))[0]
        request = Request(scope)
        if not self._limiter.hit(REQUESTS, address) or not self._limiter.test(WRONG, "wrong", address):
            return await told(request, "too_many", 429)(scope, receive, send)
        if scope["method"] not in ("GET", "HEAD") and not _same_origin(headers):
            return await told(request, "other_origin", 403)(scope, receive, send)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > FORM_BYTES or "transfer-encoding" in headers:
            return await told(request, "too_large", 413)(scope, receive, send)
        await self._app(scope, receive, send)
        if scope["state"]["wrong"]:
            self._limiter.hit(WRONG, "wrong", address)


class ReviewListener:
    """core.workshop.ReviewDoor over uvicorn in a thread. The port is the main one's neighbour, and stays the same, so that links live through a restart."""

    def __init__(self, workshop: "Workshop", secret: str, *, port: int, host: str = "127.0.0.1") -> None:
        self._workshop, self._host = workshop, host
        self._file = workshop.home.root / STATE_FILE
        self._port, self._network = self._remembered(port)
        desk = RoundDesk(workshop)
        self._app = review_app(LabelSite(desk, ReviewSessions(secret)).routes())
        self._starting = threading.Lock()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        if desk.any_open():
            self._begin_again()

    @property
    def port(self) -> int:
        return self._port

    def open(self, *, network: bool) -> str:
        """Raises ReviewPortTaken."""
        with self._starting:
            if self._server is None or (network and not self._network):
                self._stop()
                self._network = self._network or network
                self._start()
            return f"http://{_own_address() if network else '127.0.0.1'}:{self._port}"

    def close(self) -> None:
        with self._starting:
            self._stop()

    def _begin_again(self) -> None:
        """After a restart the links of open rounds work again; where the port is gone the owner is told when they make the next link."""
        try:
            with self._starting:
                self._start()
        except ReviewPortTaken as error:
            _log.warning("%s", error)

    def _start(self) -> None:
        import uvicorn

        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":  # on Windows the option would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("0.0.0.0" if self._network else self._host, self._port))  # the network: a person asked for it
        except OSError as error:
            listening.close()
            raise ReviewPortTaken(port=self._port) from error
        listening.listen(128)  # from here on whoever comes waits a moment instead of being refused
        self._port = listening.getsockname()[1]
        self._file.write_text(json.dumps({"port": self._port, "network": self._network}), encoding="utf-8")
        config = uvicorn.Config(self._app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, ws="none", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True, name="reviewers")
        self._thread.start()

    def _stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(5)
        self._server = self._thread = None

    def _remembered(self, port: int) -> tuple[int, bool]:
        try:
            said = json.loads(self._file.read_text(encoding="utf-8"))
            return int(said["port"]), bool(said["network"])
        except (OSError, ValueError, KeyError, TypeError):
            return port, False


async def _style(request: Request) -> Response:
    return Response(STYLE, 200, {**HEADERS, "cache-control": "max-age=3600"}, "text/css")


async def _script(request: Request) -> Response:
    return Response(SCRIPT, 200, {**HEADERS, "cache-control": "max-age=3600"}, "text/javascript")


async def _robots(request: Request) -> Response:
    return Response("User-agent: *\nDisallow: /\n", 200, HEADERS, "text/plain")


async def _missing(request: Request, error: Exception) -> Response:
    request.scope["state"]["wrong"] = True
    return told(request, "unknown", 404)


async def _broken(request: Request, error: Exception) -> Response:
    _log.error("fault %s", secrets.token_hex(4), exc_info=error)
    return told(request, "broken", 500)


async def _closed(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def _same_origin(headers: dict[str, str]) -> bool:
    """Browsers say where a form comes from. One that says nothing at all is no browser with somebody's cookie."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _own_address() -> str:
    """The address by which other computers of the network find this one. Nothing is sent: choosing a way for a packet is enough."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
