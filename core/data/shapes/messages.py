"""A conversation as OpenAI writes it: a list of messages with role and content."""

import json
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, Unusable, as_text, text_of

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool", "function": "tool"}


class ChatMessages(Shape):
    """Further fields of a message (name, tool_calls, tool_call_id …) are kept beside role and content."""

    name: ClassVar[str] = "messages"
    label: ClassVar[str] = "A conversation (role and content)"
    explanation: ClassVar[str] = "Each row has a list of messages that say who speaks (system, user, assistant) and what."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("messages", "The messages", "The list of messages.", ("messages", "conversation", "conversations", "chat", "turns", "messaggi")),
    )  # fmt: skip
    answer_role: ClassVar[str] = "messages"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        return guess_turns(columns, records, "messages", "role", "content", self.roles[0].names)

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        column = mapping.columns.get("messages")
        turns = [self._turn(turn, column) for turn in turns_of(values, column)]
        return checked_turns(turns, column)

    def _turn(self, turn: Mapped[str, Any], column: str | None) -> dict[str, Any]:
        role = known_role(turn.get("role"), _ROLES, column)
        content = turn.get("content")
        if isinstance(content, list):  # OpenAI's parts; pictures are not for a language model of words
            content = "\n".join(as_text(part.get("text")) for part in content if isinstance(part, dict) and part.get("type", "text") == "text")
        further = {key: value for key, value in turn.items() if key not in ("role", "content") and value is not None}
        return {"role": role, "content": as_text(content), **further}


def guess_turns(columns: Sequence[str], records: Sequence[Record], role: str, who: str, what: str, names: tuple[str, ...]) -> Guess | None:
    """A column in which every row has a list of objects with the keys `who` and `what`."""
    for column in sorted(columns, key=lambda column: column.lower() not in names):
        lists = [_list(record.values.get(column)) for record in records]
        if lists and all(turns and isinstance(turns[0], dict) and who in turns[0] and what in turns[0] for turns in lists):
            return Guess(1.0, {role: column})
    return None


def turns_of(values: Mapped[str, Any], column: str | None) -> list[Mapped[str, Any]]:
    """Raises Unusable where there is no list of objects."""
    text_of(values, column)
    turns = _list(values.get(column or ""))
    if not turns or not all(isinstance(turn, dict) for turn in turns):
        raise Unusable(
            "no_turns", "Row {row} (line {line}) has no list of messages in column '{column}'. Mend it, or leave out incomplete rows.", column
        )
    return turns


def known_role(role: Any, roles: Mapped[str, str], column: str | None) -> str:
    if not isinstance(role, str) or role not in roles:
        raise Unusable("unknown_speaker", "Row {row} (line {line}) has a message by '{speaker}' in column '{column}'. Use one of: {known}.", column,
                       speaker=as_text(role)[:40], known=", ".join(roles))  # fmt: skip
    return roles[role]


def checked_turns(turns: Messages, column: str | None) -> Messages:
    """A conversation to learn from has an answer with something in it, and a question before it. What follows the last answer is left out here and
    stays in the original row: nobody answered it."""
    answers = [at for at, turn in enumerate(turns) if turn["role"] == "assistant"]
    if not answers:
        raise Unusable("no_answer", "Row {row} (line {line}) has no answer by the assistant in column '{column}'. Add one, or leave out incomplete "
                       "rows.", column)  # fmt: skip
    if not any(turn["content"].strip() or len(turn) > 2 for turn in (turns[at] for at in answers)):
        raise Unusable(
            "empty_answer", "Row {row} (line {line}) has an empty answer in column '{column}'. Fill it in, or leave out incomplete rows.", column
        )
    if not any(turn["role"] == "user" for turn in turns[: answers[-1]]):
        raise Unusable("no_question", "Row {row} (line {line}) has no message by the user before the answer in column '{column}'. Add one, or leave "
                       "out incomplete rows.", column)  # fmt: skip
    return turns[: answers[-1] + 1]


def _list(cell: Any) -> list[Any] | None:
    if isinstance(cell, str) and cell.strip().startswith("["):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            return None
    return cell if isinstance(cell, list) else None
