"""A conversation with a better and a worse answer, as files for OpenAI's preference tuning hold them: the better one is learned."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, Unusable
from core.data.shapes.messages import carrying_tools, chat_turns, checked_turns, turns_of


class Preference(Shape):
    """`input` is an object with messages and perhaps tools; the worse answer stays in the original row."""

    name: ClassVar[str] = "preference"
    label: ClassVar[str] = "A conversation with a better and a worse answer"
    explanation: ClassVar[str] = "Each row has what was asked and two answers, one of which people preferred."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("input", "What was asked", "An object with the list of messages.", ("input",)),
        Role("preferred", "The better answer", "The list of messages that people preferred.", ("preferred_output",)),
    )
    answer_role: ClassVar[str] = "preferred"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        named = super().guess(columns, records)
        if named is None or not all(isinstance(record.values.get(named.columns["input"]), dict) for record in records):
            return None
        return Guess(1.0, named.columns)

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        given, column = mapping.columns.get("input"), mapping.columns.get("preferred")
        asked = values.get(given or "")
        if not isinstance(asked, dict):
            raise Unusable(
                "no_turns", "Row {row} (line {line}) has no list of messages in column '{column}'. Mend it, or leave out incomplete rows.", given
            )
        turns = chat_turns(turns_of(asked, "messages"), given)
        better = values.get(column or "")
        if better or not mapping.unanswered:
            turns += chat_turns(turns_of(values, column), column)
        tools = next((name for name in ("tools", "functions") if name in asked), None)
        return checked_turns(carrying_tools(turns, asked, tools), column, mapping)
