"""A text and nothing else: rows that wait for their answers, as a labelling begins with."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, as_text, text_of

_SAYS_WHERE_FROM = frozenset(
    {
        "id",
        "file",
        "page",
        "section",
        "part",
        "row",
        "line",
        "source",
        "url",
        "date",
        "title",
        "subject",
        "from",
        "to",
        "author",
        "quoted",
        "attachments",
    }
)


class TextOnly(Shape):
    """The answer comes later; what else stands in the row is kept in the original."""

    name: ClassVar[str] = "text_only"
    label: ClassVar[str] = "A text that has no answer yet"
    explanation: ClassVar[str] = "Each row has a text; you give the answers later, here in Bottega."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("text", "The text", "What an answer is wanted for.",
             ("text", "message", "question", "prompt", "query", "sentence", "document", "content", "body", "testo", "messaggio", "domanda")),
    )  # fmt: skip
    answer_role: ClassVar[str] = "text"
    task: ClassVar[str] = "classification"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        """Only where there is nothing that could be an answer: a table that merely has unusual names is for a person to explain."""
        named = super().guess(columns, records)
        text = named.columns["text"] if named is not None else columns[0] if columns else ""
        if not all(column == text or column.strip().lower() in _SAYS_WHERE_FROM for column in columns):
            return None
        words = sum(any(letter.isalpha() for letter in as_text(record.values.get(text))) for record in records)
        return Guess(0.3, {"text": text}) if records and words >= 0.9 * len(records) else None

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        return [{"role": "user", "content": text_of(values, mapping.columns.get("text"))}]
