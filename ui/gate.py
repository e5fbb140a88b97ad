"""What every request passes before anything of ours or Gradio's sees it: host, rate, session, origin, size. Every reply leaves with a policy."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from storage.rows import LOCAL_OWNER, OwnerId
from ui.plain import plain_page
from ui.sessions import Sessions, new_visitor

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/enter", "/robots.txt"})
REQUESTS = parse("1500/10 second")  # a first page with all of Gradio's parts asks for some 150 files
FORM_BYTES = 20 * 1024 * 1024
UPLOAD_PATHS = ("/api/uploads", "/gradio_api/upload")


@dataclass(frozen=True)
class GateRules:
    """`hosts` are the Host headers answered to; `secret` is the bearer token of this computer's command line."""

    hosts: frozenset[str]
    upload_limit_bytes: int
    secret: str
    hosted: bool = False
    frame_ancestors: str = "'none'"

    @property
    def policy(self) -> str:
        # Gradio's own pages need inline scripts and eval (its HTML templates); nothing comes from or goes to elsewhere.
        return (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
            f"font-src 'self' data:; connect-src 'self'; frame-ancestors {self.frame_ancestors}; base-uri 'self'; form-action 'self'; object-src 'none'"
        )


class TooLarge(Exception):
    """A request body went over its limit while it was read."""


class Gate:
    """ASGI middleware. It puts the actor into scope['state']['owner'] and the request's rights into scope['state']['bearer']."""

    def __init__(self, app: App, rules: GateRules, sessions: Sessions) -> None:
        self._app, self._rules, self._sessions = app, rules, sessions
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await (self._app(scope, receive, send) if scope["type"] == "lifespan" else _close(receive, send))
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        answer = _Answer(scope, send, self._rules.policy)
        if headers.get("host", "") not in self._rules.hosts:
            return await answer.page(421, "wrong_host")
        owner, bearer = self._who(headers)
        address = (scope.get("client") or ("?",))[0]
        if not self._limiter.hit(REQUESTS, owner or address):
            return await answer.page(429, "too_many", {"retry-after": "10"})
        if owner is None and scope["path"] not in OPEN_PATHS:
            return await self._stranger(scope, answer)
        if scope["method"] not in SAFE_METHODS and not bearer and not _same_origin(headers):
            return await answer.page(403, "other_origin")
        limit = self._rules.upload_limit_bytes if scope["path"].startswith(UPLOAD_PATHS) else FORM_BYTES
        if int(headers.get("content-length") or 0) > limit:
            return await answer.page(413, "too_large")
        scope.setdefault("state", {}).update(owner=owner, bearer=bearer)
        try:
            await self._app(scope, answer.limited(receive, limit), answer.send)
        except TooLarge:
            if not answer.started:
                await answer.page(413, "too_large")

    def _who(self, headers: dict[str, str]) -> tuple[OwnerId | None, bool]:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token and secrets.compare_digest(token.encode(), self._rules.secret.encode()):
            return LOCAL_OWNER, True
        return self._sessions.owner(headers.get("cookie", "")), False

    async def _stranger(self, scope: Scope, answer: "_Answer") -> None:
        """Locally the way in is the one-time link; hosted, whoever comes gets a session of their own, if the browser keeps cookies."""
        if not self._rules.hosted or scope["path"] != "/":
            return await answer.page(401, "no_session")
        query = scope.get("query_string", b"").decode("latin-1")
        if "came=1" in query.split("&"):
            return await answer.page(401, "no_cookies")
        again = f"/?{query}&came=1" if query else "/?came=1"
        await answer.page(303, "no_session", {"location": again, "set-cookie": self._sessions.cookie(new_visitor())})


class _Answer:
    """Sends our own pages, and lets the app's replies pass with our headers instead of Gradio's."""

    def __init__(self, scope: Scope, send: Send, policy: str) -> None:
        self._scope, self._send, self._policy, self.started = scope, send, policy, False
        self._over = self._answered = False

    def limited(self, receive: Receive, limit: int) -> Receive:
        """`receive`, until more than `limit` bytes have come: whatever the app makes of that, 413 is what is answered."""
        seen = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                self._over = True
                raise TooLarge
            return message

        return counted

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if self._answered:
            return
        if message["type"] == "http.response.start":
            if self._over:
                await self.page(413, "too_large")
                return
            self.started = True
            # Gradio lets every origin in, with credentials: those headers do not leave.
            kept = [(key, value) for key, value in message["headers"] if not key.lower().startswith(b"access-control-")]
            names = {key.lower() for key, _ in kept}
            ours = {b"content-security-policy": self._policy.encode(), b"x-content-type-options": b"nosniff", b"referrer-policy": b"no-referrer"}
            message = {**message, "headers": kept + [(key, value) for key, value in ours.items() if key not in names]}
        await self._send(message)

    async def page(self, status: int, name: str, headers: dict[str, str] | None = None) -> None:
        accepts = dict(self._scope["headers"])
        body, kind = plain_page(name, accepts.get(b"accept", b"").decode("latin-1"), accepts.get(b"accept-language", b"").decode("latin-1"))
        fields = {"content-type": kind, "content-length": str(len(body)), "cache-control": "no-store", **(headers or {})}
        start = {"type": "http.response.start", "status": status, "headers": [(k.encode(), v.encode()) for k, v in fields.items()]}
        self._over = False
        await self.send(start)
        self._answered = True
        await self._send({"type": "http.response.body", "body": b"" if self._scope["method"] == "HEAD" else body})


def _same_origin(headers: dict[str, str]) -> bool:
    """A request that changes something must come from a page of ours; browsers always say so on such requests."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


async def _close(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})
