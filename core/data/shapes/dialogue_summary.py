"""A dialogue or another long text, and its summary."""

from collections.abc import Mapping as Mapped
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.shapes.base import Messages, Role, Shape, answer_of, text_of


class DialogueSummary(Shape):
    """The text is the user turn as it stands, the summary is the answer."""

    name: ClassVar[str] = "dialogue_summary"
    label: ClassVar[str] = "A long text and its summary"
    explanation: ClassVar[str] = "Each row has a dialogue, report or article and the short version that should come."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("text", "The long text", "What is to be made shorter.",
             ("dialogue", "document", "article", "transcript", "conversation", "report", "dialogo", "documento", "articolo", "text", "testo")),
        Role("summary", "The summary", "The short version.",
             ("summary", "abstract", "highlights", "tldr", "tl;dr", "riassunto", "sintesi", "sommario")),
    )  # fmt: skip
    answer_role: ClassVar[str] = "summary"
    task: ClassVar[str] = "summarisation"

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        text = {"role": "user", "content": text_of(values, mapping.columns.get("text"))}
        return [text, *answer_of(values, mapping.columns.get("summary"), mapping, stripped=True)]
