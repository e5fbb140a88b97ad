"""What a reviewer's browser carries: a signed name for one link, and a signed word for each form. Nothing in it is of the owner."""

from http.cookies import CookieError, SimpleCookie
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE, DAYS = "bottega_review", 30
_DAY_S = 86_400
MOST_NAME = 60


class ReviewSessions:
    """The cookie is scoped to its link's path, and its signature covers what the link opens: a name given for one link says nothing at another."""

    def __init__(self, secret: str) -> None:
        # Salts of their own: what the owner's session signs is worth nothing here, and the other way round.
        self._names = URLSafeTimedSerializer(secret, salt="review-name")
        self._forms = URLSafeTimedSerializer(secret, salt="review-form")

    def cookie(self, subject: str, person: str, path: str) -> str:
        """The value of a Set-Cookie header."""
        value = self._names.dumps([subject, person])
        return f"{COOKIE}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={DAYS * _DAY_S}"

    def person(self, subject: str, cookie_header: str) -> str | None:
        """Who this is for `subject`; None without a cookie of ours for it."""
        try:
            morsel = SimpleCookie(cookie_header).get(COOKIE)
        except CookieError:
            return None
        said = _loaded(self._names, morsel.value) if morsel is not None else None
        return said[1] if isinstance(said, list) and len(said) == 2 and said[0] == subject and isinstance(said[1], str) else None

    def form(self, subject: str, person: str, *facts: int | float) -> str:
        """A word that goes into a form and comes back with it."""
        return str(self._forms.dumps([subject, person, *facts]))

    def facts(self, subject: str, person: str, word: str) -> tuple[float, ...] | None:
        """What the form's word says; None when it is not ours, or another's, or of another link."""
        said = _loaded(self._forms, word)
        return tuple(said[2:]) if isinstance(said, list) and said[:2] == [subject, person] else None


def name_of(text: str) -> str:
    """A name as it is kept: one line, no more blanks than needed, printable; '' when nothing is left."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:MOST_NAME].strip()


def _loaded(serializer: URLSafeTimedSerializer, value: str) -> Any:
    try:
        return serializer.loads(value, max_age=DAYS * _DAY_S)
    except BadSignature:
        return None
