"""Errors that a person can act on: each is one sentence with its facts. Its class name is its key in word files, events and HTTP replies."""

from typing import Any, ClassVar

from core.sentence import Sentence, filled


class UserError(Exception):
    """Something a person did or met, told in one sentence: what happened, where, what to do next, what was kept.

    `sentence` is English with {facts}; a word file may hold another language's sentence under `errors.<ClassName>`.
    """

    sentence: ClassVar[str] = ""
    status: ClassVar[int] = 400  # of an HTTP reply

    def __init__(self, **facts: Any) -> None:
        super().__init__(facts)
        self.facts = facts

    @property
    def name(self) -> str:
        return type(self).__name__

    def __str__(self) -> str:
        return filled(self.sentence, self.facts)


class NotFound(UserError):
    """Also what another owner's id answers: that something exists is already a secret."""

    sentence = "There is no {thing} '{id}' here. It may have been deleted; the list shows what there is."
    status = 404

    def __init__(self, *, thing: str, id: str) -> None:
        super().__init__(thing=thing, id=id)


class NotAllowed(UserError):
    """The actor's credential lacks a scope."""

    sentence = "This link or token may not {what}. Ask the owner of the project, or sign in as the owner."
    status = 403

    def __init__(self, *, what: str) -> None:
        super().__init__(what=what)


class BadValue(UserError):
    """A field of a request is wrong; `why` is a whole clause."""

    sentence = "'{field}' cannot be {value}: {why}. Nothing was changed."
    status = 422

    def __init__(self, *, field: str, value: object, why: Sentence | str) -> None:
        super().__init__(field=field, value=value, why=why)


class DiskFull(UserError):
    """The disk has no room for what is to be written."""

    sentence = "The disk is full: {needed} are needed in {place} and {free} are free. Free some space and try again. Nothing was lost."
    status = 507

    def __init__(self, *, needed: str, free: str, place: str) -> None:
        super().__init__(needed=needed, free=free, place=place)


class Unexpected(UserError):
    """A fault of ours; details go to a log file, the person gets its number."""

    sentence = "Something went wrong in Bottega itself ({reference}). Your data is kept. The details are in {log}."
    status = 500

    def __init__(self, *, reference: str, log: str) -> None:
        super().__init__(reference=reference, log=log)
