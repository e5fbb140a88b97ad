"""A conversation as ShareGPT writes it: a list of turns with from and value, perhaps with calls of functions and what they returned."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, as_text, text_of
from core.data.shapes.messages import TOOLS, carrying_tools, checked_turns, guess_turns, known_role, turns_of, with_tools

_ROLES = {"system": "system", "human": "user", "user": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bard": "assistant",
          "assistant": "assistant", "model": "assistant", "function_call": "assistant", "observation": "tool", "tool": "tool"}  # fmt: skip


class ShareGpt(Shape):
    """A function call is an assistant's turn whose content is the call's JSON, with `kind` telling it from speech; an observation is a tool's turn.
    Further fields of a turn are kept."""

    name: ClassVar[str] = "sharegpt"
    label: ClassVar[str] = "A conversation (from and value)"
    explanation: ClassVar[str] = "Each row has a list of turns that say who speaks (human, gpt) and what."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("conversations", "The turns", "The list of turns.", ("conversations", "conversation", "messages", "turns", "dialog")),
        Role("system", "Instructions", "Instructions that hold for the whole row, if there are any.", ("system", "system_prompt"), required=False),
        TOOLS,
    )  # fmt: skip
    answer_role: ClassVar[str] = "conversations"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        found = with_tools(guess_turns(columns, records, "conversations", "from", "value", self.roles[0].names), columns)
        if found is not None and "system" in columns:
            return Guess(found.confidence, {**found.columns, "system": "system"})
        return found

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        column = mapping.columns.get("conversations")
        turns = [_turn(turn, column) for turn in turns_of(values, column)]
        system = text_of(values, mapping.columns.get("system"), needed=False)
        if system.strip() and turns[0]["role"] != "system":
            turns = [{"role": "system", "content": system}, *turns]
        return checked_turns(carrying_tools(turns, values, mapping.columns.get("tools")), column, mapping)


def _turn(turn: Mapped[str, Any], column: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": known_role(turn.get("from"), _ROLES, column), "content": as_text(turn.get("value"))}
    if turn.get("from") == "function_call":
        message["kind"] = "function_call"
    further = {key: value for key, value in turn.items() if key not in ("from", "value", "role", "content", "kind") and value is not None}
    return {**message, **further}
