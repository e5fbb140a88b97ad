"""What goes in and out of the conversation: where a person is, and what is answered."""

from dataclasses import dataclass

from core.assistant.cards import PlanCard
from core.errors import UserError
from core.sentence import Sentence


@dataclass(frozen=True)
class Place:
    """What is open on the screen."""

    step: str = "data"
    run: str | None = None


@dataclass(frozen=True)
class Reply:
    """`text` is said in order; `step` is the page to go to, when the answer lies there; `error` is what stood in the way of a plan."""

    text: tuple[Sentence, ...]
    plan: PlanCard | None = None
    step: str | None = None
    error: UserError | None = None
    suggestions: tuple[str, ...] = ()


class PlanGone(UserError):
    """The card was used, withdrawn or never shown in this conversation."""

    sentence = "That plan is no longer open. Say again what you want, and a new one is made. Nothing was done."
    status = 409
