"""A prompt and its completion, as texts or, as TRL writes them, as lists of messages."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, answer_of, json_list, text_of
from core.data.shapes.messages import TOOLS, carrying_tools, chat_turns, checked_turns, turns_of, with_tools


class PromptCompletion(Shape):
    """A completion loses the blanks around it: the leading one that older files for OpenAI had to have is no part of the answer."""

    name: ClassVar[str] = "prompt_completion"
    label: ClassVar[str] = "A prompt and its completion"
    explanation: ClassVar[str] = "Each row has what the model is given and how it should go on."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("prompt", "The prompt", "What the model is given.", ("prompt",)),
        Role("completion", "The completion", "How it should go on.", ("completion", "chosen")),
        Role("system", "Instructions", "Instructions that hold for the whole row, if there are any.", ("system", "system_prompt"), required=False),
        TOOLS,
    )
    answer_role: ClassVar[str] = "completion"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        named = with_tools(super().guess(columns, records), columns)
        if named is None or not all(json_list(record.values.get(named.columns["completion"])) for record in records):
            return named
        return Guess(1.0, named.columns)

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        asked, column = mapping.columns.get("prompt"), mapping.columns.get("completion")
        if json_list(values.get(asked or "")) is not None and json_list(values.get(column or "")) is not None:
            given = chat_turns(turns_of(values, asked), asked)
            turns = [*given, *chat_turns(turns_of(values, column), column)]
        else:
            given = [{"role": "user", "content": text_of(values, asked)}]
            turns = [*given, *answer_of(values, column, mapping, stripped=True)]
        system = text_of(values, mapping.columns.get("system"), needed=False)
        if system.strip() and given[0]["role"] != "system":
            turns = [{"role": "system", "content": system}, *turns]
        return checked_turns(carrying_tools(turns, values, mapping.columns.get("tools")), column, mapping)
