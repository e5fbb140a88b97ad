"""A conversation as OpenAI writes it: a list of messages with role and content, as in files for OpenAI's fine-tuning.

What canonical messages hold beside role and content, of any shape:
- `tools` on the first message: the tools that could be called, a list; and `parallel_tool_calls` where the row says it. OpenAI's older `functions`
  become tools. They stand on a message since a row's content is its messages: two rows with other tools are two different rows.
- `tool_calls` on an assistant's message, a list as OpenAI writes it (`function.arguments` is JSON text); an older `function_call` becomes one.
- `kind: "function_call"` on an assistant's message whose content is itself the call's JSON (ShareGPT).
- `name` and `tool_call_id` on a tool's message.
- `weight` 0 or 1 on an assistant's message: 0 is not learned, 1 and none are.
- whatever else a message had.
"""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, Unusable, as_text, json_list, text_of

TOOLS = Role("tools", "The tools", "What could be called in the conversation, if anything.", ("tools", "functions"), required=False)
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool", "function": "tool"}


class ChatMessages(Shape):
    """Further fields of a message are kept beside role and content."""

    name: ClassVar[str] = "messages"
    label: ClassVar[str] = "A conversation (role and content)"
    explanation: ClassVar[str] = "Each row has a list of messages that say who speaks (system, user, assistant) and what."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("messages", "The messages", "The list of messages.", ("messages", "conversation", "conversations", "chat", "turns", "messaggi")),
        TOOLS,
    )
    answer_role: ClassVar[str] = "messages"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        return with_tools(guess_turns(columns, records, "messages", "role", "content", self.roles[0].names), columns)

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        column = mapping.columns.get("messages")
        turns = chat_turns(turns_of(values, column), column)
        return checked_turns(carrying_tools(turns, values, mapping.columns.get("tools")), column, mapping)


def chat_turns(turns: Sequence[Mapped[str, Any]], column: str | None) -> Messages:
    """OpenAI's messages as canonical ones. Raises Unusable."""
    return [_turn(turn, column) for turn in turns]


def _turn(turn: Mapped[str, Any], column: str | None) -> dict[str, Any]:
    role = known_role(turn.get("role"), _ROLES, column)
    content = turn.get("content")
    if isinstance(content, list):  # OpenAI's parts; pictures are not for a language model of words
        content = "\n".join(as_text(part.get("text")) for part in content if isinstance(part, dict) and part.get("type", "text") == "text")
    further = {key: value for key, value in turn.items() if key not in ("role", "content", "function_call") and value is not None}
    called = turn.get("function_call")
    if isinstance(called, dict) and "tool_calls" not in further:
        further["tool_calls"] = [{"type": "function", "function": called}]
    elif called is not None:
        further["function_call"] = called
    return {"role": role, "content": as_text(content), **further}


def with_tools(found: Guess | None, columns: Sequence[str]) -> Guess | None:
    """The guess with the column of the tools, where there is one."""
    column = next((name for name in TOOLS.names if name in columns), None)
    return Guess(found.confidence, {**found.columns, "tools": column}) if found is not None and column is not None else found


def carrying_tools(turns: Messages, row: Mapped[str, Any], column: str | None) -> Messages:
    """The turns, the first with the row's tools."""
    tools = json_list(row.get(column)) if column is not None else None
    if not tools or not turns:
        return turns
    if column == "functions":
        tools = [{"type": "function", "function": function} for function in tools]
    further: dict[str, Any] = {"tools": tools}
    if isinstance(row.get("parallel_tool_calls"), bool):
        further["parallel_tool_calls"] = row["parallel_tool_calls"]
    return [{**turns[0], **further}, *turns[1:]]


def guess_turns(columns: Sequence[str], records: Sequence[Record], role: str, who: str, what: str, names: tuple[str, ...]) -> Guess | None:
    """A column in which every row has a list of objects with the keys `who` and `what`."""
    for column in sorted(columns, key=lambda column: column.lower() not in names):
        lists = [json_list(record.values.get(column)) for record in records]
        if lists and all(turns and isinstance(turns[0], dict) and who in turns[0] and what in turns[0] for turns in lists):
            return Guess(1.0 if column.lower() in names else 0.92, {role: column})
    return None


def turns_of(values: Mapped[str, Any], column: str | None) -> list[Mapped[str, Any]]:
    """Raises Unusable where there is no list of objects."""
    text_of(values, column)
    turns = json_list(values.get(column or ""))
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


def checked_turns(turns: Messages, column: str | None, mapping: Mapping) -> Messages:
    """A conversation to learn from has an answer with something in it, and a question before it. What follows the last answer is left out here and
    stays in the original row: nobody answered it. Where unanswered rows are wanted, it waits for its answer instead."""
    if mapping.unanswered:
        while len(turns) > 1 and turns[-1]["role"] == "assistant" and not _says_something(turns[-1]):
            turns = turns[:-1]
        if turns[-1]["role"] != "assistant":
            if not any(turn["role"] == "user" for turn in turns):
                raise _no_question(column)
            return turns
    answers = [at for at, turn in enumerate(turns) if turn["role"] == "assistant"]
    if not answers:
        raise Unusable("no_answer", "Row {row} (line {line}) has no answer by the assistant in column '{column}'. Add one, or leave out incomplete "
                       "rows.", column)  # fmt: skip
    if not any(_says_something(turns[at]) for at in answers):
        raise Unusable(
            "empty_answer", "Row {row} (line {line}) has an empty answer in column '{column}'. Fill it in, or leave out incomplete rows.", column
        )
    if not any(turn["role"] == "user" for turn in turns[: answers[-1]]):
        raise _no_question(column)
    return turns[: answers[-1] + 1]


def _says_something(turn: Mapped[str, Any]) -> bool:
    return bool(turn["content"].strip()) or bool(turn.get("tool_calls") or turn.get("function_call"))


def _no_question(column: str | None) -> Unusable:
    return Unusable("no_question", "Row {row} (line {line}) has no message by the user before the answer in column '{column}'. Add one, or leave "
                    "out incomplete rows.", column)  # fmt: skip
