"""The one way of writing messages as JSON, so that equal conversations are equal texts; and what the table shows of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from storage.errors import BadMessages


def canonical(messages: Sequence[Mapping[str, Any]]) -> str:
    """JSON with sorted keys, no spaces, letters as they are."""
    return json.dumps(list(messages), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical_text(messages: str) -> str:
    """The same of JSON text. Raises BadMessages."""
    return canonical(turns_of(messages))


def turns_of(messages: str) -> list[dict[str, Any]]:
    """Raises BadMessages unless it is a list of objects with the texts 'role' and 'content'."""
    try:
        turns = json.loads(messages)
    except ValueError as error:
        raise BadMessages(str(error)) from error
    if not isinstance(turns, list) or not turns or not all(_is_turn(turn) for turn in turns):
        raise BadMessages("not a list of messages with a role and a content each")
    return turns


def question_and_answer(turns: Sequence[Mapping[str, Any]]) -> tuple[str, str | None]:
    """The last user turn ('' without one) and the last assistant turn after it (None without one); a call of a tool is an answer, as JSON."""
    asked = max((index for index, turn in enumerate(turns) if turn["role"] == "user"), default=-1)
    question = str(turns[asked]["content"]) if asked >= 0 else ""
    answers = [turn for turn in turns[asked + 1 :] if turn["role"] == "assistant"]
    return question, _said(answers[-1]) if answers else None


def _said(turn: Mapping[str, Any]) -> str:
    called = turn.get("tool_calls")
    return (
        str(turn["content"])
        if turn["content"].strip() or not called
        else json.dumps(called, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    )


def _is_turn(turn: object) -> bool:
    return isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
