"""Who a browser is: a signed cookie, first given for a one-time link. What is signed is the owner's id; nothing is read from a form."""

import hashlib
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, URLSafeTimedSerializer

from storage.rows import OwnerId

COOKIE_DAYS = 30
TICKET_MINUTES = 30


class Sessions:
    """Makes and reads cookies. `framed` cookies work inside another site's page (a Space); others are SameSite=Lax."""

    def __init__(self, secret: str, *, port: int, framed: bool = False) -> None:
        # Browsers do not tell ports apart when they send cookies: two servers on one computer would sign each other out.
        self.cookie_name = f"bottega_{port}"
        self._framed = framed
        self._serializer = URLSafeTimedSerializer(secret, salt="session")

    def cookie(self, owner: OwnerId) -> str:
        """The value of a Set-Cookie header."""
        value = self._serializer.dumps(owner)
        kind = "SameSite=None; Secure; Partitioned" if self._framed else "SameSite=Lax"
        return f"{self.cookie_name}={value}; Path=/; HttpOnly; Max-Age={COOKIE_DAYS * 86400}; {kind}"

    def owner(self, cookie_header: str) -> OwnerId | None:
        """None when there is no cookie of ours, or its signature or age is wrong."""
        try:
            morsel = SimpleCookie(cookie_header).get(self.cookie_name)
        except CookieError:
            return None
        if morsel is None:
            return None
        try:
            return OwnerId(str(self._serializer.loads(morsel.value, max_age=COOKIE_DAYS * 86400)))
        except BadSignature:
            return None


class Tickets:
    """One-time links. A ticket is kept as its hash and only for a while; taking it uses it up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, float] = {}

    def new(self) -> str:
        ticket = secrets.token_urlsafe(24)
        self._open = {known: until for known, until in self._open.items() if until > self._clock()}
        self._open[_digest(ticket)] = self._clock() + TICKET_MINUTES * 60
        return ticket

    def take(self, ticket: str) -> bool:
        until = self._open.pop(_digest(ticket), None)
        return until is not None and until > self._clock()


def new_visitor() -> OwnerId:
    """A hosted visitor's own id: 128 random bits."""
    return OwnerId(f"v-{secrets.token_hex(16)}")


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
