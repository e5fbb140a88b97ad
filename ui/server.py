"""The server: our FastAPI app with its gate, the HTTP door and the Gradio app mounted into it."""

import json
import os
import secrets
import socket
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.requests import Request

from core.errors import UserError
from core.home import Home
from core.recovery import HomeDamaged
from core.workshop import Workshop
from storage.rows import LOCAL_OWNER
from ui.api import router
from ui.gate import Gate, GateRules
from ui.plain import plain_page
from ui.recovery import repair_app
from ui.review.server import ReviewListener
from ui.sessions import Sessions, Tickets

if TYPE_CHECKING:
    import uvicorn


class PortTaken(UserError):
    """Something else listens there."""

    sentence = "Port {port} on {host} is used by another program. Start Bottega with another one: bottega serve --port {free}."

    def __init__(self, *, host: str, port: int, free: int) -> None:
        super().__init__(host=host, port=port, free=free)


@dataclass(frozen=True)
class ServerOptions:
    """Where to listen and for whom. `public_hosts` are further Host headers to answer to (a reverse proxy's name)."""

    host: str = "127.0.0.1"
    port: int = 7860
    hosted: bool = False
    framed: bool = False
    public_hosts: tuple[str, ...] = ()

    @classmethod
    def of_space(cls) -> "ServerOptions":
        """In a Hugging Face Space: reachable through the Space's own name, inside its frame, each visitor an owner of their own."""
        return cls("0.0.0.0", int(os.environ.get("PORT", "7860")), True, True, tuple(filter(None, [os.environ.get("SPACE_HOST", "")])))

    @property
    def hosts(self) -> frozenset[str]:
        names = {self.host, "127.0.0.1", "localhost", "[::1]"}
        return frozenset({f"{name}:{self.port}" for name in names} | set(self.public_hosts))

    @property
    def address(self) -> str:
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"


@dataclass(frozen=True)
class Running:
    """A server's application with what the command line needs of it."""

    app: FastAPI
    tickets: Tickets
    secret: str


def create_app(workshop: Workshop, options: ServerOptions) -> Running:
    """Everything but the listening. Importing Gradio (seconds) happens here, not before."""
    import gradio

    from ui.app import build
    from ui.theme import CSS, HEAD, THEME

    secret, tickets = secrets.token_urlsafe(32), Tickets()
    sessions = Sessions(signing_key(workshop.home), port=options.port, framed=options.framed)
    app = FastAPI(title="Bottega", docs_url=None, redoc_url=None)
    rules = _rules(options, workshop.settings.upload_limit_bytes, secret)
    _own_routes(app, sessions, tickets)
    app.include_router(router(workshop))
    gradio.mount_gradio_app(
        app,
        build(workshop, hosted=options.hosted),
        path="/",
        theme=THEME,
        css=CSS,
        head=HEAD,
        footer_links=[],
        ssr_mode=False,
        run_history=False,
        show_error=False,
        max_file_size=workshop.settings.upload_limit_bytes,
        enable_monitoring=False,
        pwa=False,
    )
    app.add_middleware(Gate, rules=rules, sessions=sessions)
    return Running(app, tickets, secret)


def _rules(options: ServerOptions, upload_limit_bytes: int, secret: str) -> GateRules:
    ancestors = "'self' https://huggingface.co https://*.hf.space" if options.framed else "'none'"
    return GateRules(options.hosts, upload_limit_bytes, secret, options.hosted, ancestors)


def _own_routes(app: FastAPI, sessions: Sessions, tickets: Tickets) -> None:
    @app.get("/enter")
    def enter(ticket: str, request: Request) -> Response:
        """The one-time link: a cookie for the ticket, and on to the first page."""
        if not tickets.take(ticket):
            body, kind = plain_page("used_link", request.headers.get("accept", ""), request.headers.get("accept-language", ""))
            return Response(body, 401, {"content-type": kind})
        return RedirectResponse("/", 303, {"set-cookie": sessions.cookie(LOCAL_OWNER), "cache-control": "no-store"})

    @app.get("/robots.txt")
    def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    @app.post("/api/ticket")
    def ticket(request: Request) -> dict[str, str]:
        """A new one-time link for the command line of this computer, which knows the secret of server.json."""
        return {"ticket": tickets.new()} if request.scope["state"]["bearer"] else {}


def signing_key(home: Home) -> str:
    """The key that signs cookies: made once, readable by the owner of the home only."""
    if not home.secret_file.exists():
        _write_private(home.secret_file, secrets.token_urlsafe(48))
    return home.secret_file.read_text(encoding="utf-8")


def serve(workshop: Workshop, options: ServerOptions, *, open_browser: bool) -> None:
    """Listen until told to stop. Raises PortTaken."""
    import uvicorn

    listening = _listen(options)
    running = create_app(workshop, options)
    link = options.address if options.hosted else f"{options.address}/enter?ticket={running.tickets.new()}"
    _write_private(workshop.home.server_file, json.dumps({"address": options.address, "pid": os.getpid(), "secret": running.secret}))
    reviewers = None if options.hosted else ReviewListener(workshop, signing_key(workshop.home), port=options.port + 1)
    workshop.review_door = reviewers
    try:
        _announce(link, open_browser=open_browser)
        uvicorn.Server(_config(running.app)).run(sockets=[listening])
    finally:
        if reviewers is not None:
            reviewers.close()
        workshop.home.server_file.unlink(missing_ok=True)


def repair(home: Home, options: ServerOptions, error: HomeDamaged, *, open_browser: bool) -> None:
    """Serve the recovery page until its button was pressed; then the app itself can start, for the same cookie. Raises PortTaken."""
    import uvicorn

    listening = _listen(options)
    rules = _rules(options, 0, secrets.token_urlsafe(32))
    mending = repair_app(home, error, rules, Sessions(signing_key(home), port=options.port, framed=options.framed))
    server = uvicorn.Server(_config(mending.app))

    def leave_when_done() -> None:
        mending.done.wait()
        server.should_exit = True

    threading.Thread(target=leave_when_done, daemon=True, name="recovered").start()
    _announce(f"{options.address}/enter?ticket={mending.tickets.new()}", open_browser=open_browser)
    server.run(sockets=[listening])
    if not mending.done.is_set():
        raise KeyboardInterrupt


def _config(app: Any) -> "uvicorn.Config":
    import uvicorn

    return uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=2, ws="none")


def _listen(options: ServerOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if os.name != "nt":  # on Windows the option would let two servers share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((options.host, options.port))
    except OSError as error:
        listening.close()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            raise PortTaken(host=options.host, port=options.port, free=probe.getsockname()[1]) from error
    return listening


def _announce(link: str, *, open_browser: bool) -> None:
    import click

    click.echo(f"Bottega is ready: {link}")
    click.echo("The link works once. Stop with Ctrl-C; for another link run `bottega open`.")
    if open_browser:
        webbrowser.open(link)


def _write_private(path: Path, text: str) -> None:
    """Readable by its owner only, and never half there."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
        target.write(text)
    temporary.replace(path)
