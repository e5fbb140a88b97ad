"""What goes in and out of the conversation: where a person is, what is answered, and how an answer is kept so that any language can say it again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic_core import to_jsonable_python

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


@dataclass(frozen=True)
class Failure:
    """A UserError as it was said: its class name, its English template and its facts."""

    error: str
    english: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Spoken:
    """A line of the conversation. `agreed` is True or False where a person answered a card with its buttons."""

    by_person: bool
    text: tuple["str | Sentence | Failure", ...]
    agreed: bool | None = None


def kept(answer: Reply) -> str:
    """The JSON that the store holds of an answer."""
    lines: list[dict[str, Any]] = [asdict(sentence) for sentence in answer.text]
    if answer.error is not None:
        lines.append({"error": answer.error.name, "english": type(answer.error).sentence, "facts": answer.error.facts})
    return json.dumps(to_jsonable_python(lines), ensure_ascii=False)


def revived(text: str) -> "tuple[str | Sentence | Failure, ...]":
    """What `kept` wrote, to be said again."""
    return tuple(_revived(line) for line in json.loads(text))


def _revived(line: Mapping[str, Any]) -> "Sentence | Failure":
    facts = {name: _revived(value) if isinstance(value, Mapping) and "english" in value else value for name, value in line["facts"].items()}
    return Failure(line["error"], line["english"], facts) if "error" in line else Sentence(line["key"], line["english"], facts)
