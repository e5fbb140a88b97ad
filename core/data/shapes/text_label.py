"""A text and the category it belongs to."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, answer_of, as_text, text_of


class TextLabel(Shape):
    """The category is the answer, with blanks around it taken off."""

    name: ClassVar[str] = "text_label"
    label: ClassVar[str] = "A text and its category"
    explanation: ClassVar[str] = "Each row has a text and the one category that it belongs to."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("text", "The text", "What is to be sorted.",
             ("text", "message", "sentence", "utterance", "ticket", "comment", "review", "body", "content", "description", "email", "query",
              "question", "testo", "messaggio", "frase", "commento", "recensione", "descrizione", "title", "titolo", "input")),
        Role("label", "The category", "What the text is to be sorted into.",
             ("label", "category", "intent", "class", "topic", "sentiment", "tag", "labels", "target", "type", "department", "priority",
              "categoria", "etichetta", "classe", "argomento", "tipo", "reparto", "intento", "label_text", "output", "folder")),
    )  # fmt: skip
    answer_role: ClassVar[str] = "label"
    task: ClassVar[str] = "classification"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        named = super().guess(columns, records)
        if named is not None and _is_category(named.columns["label"], records):
            return named
        return _by_content(columns, records)

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        text = {"role": "user", "content": text_of(values, mapping.columns.get("text"))}
        return [text, *answer_of(values, mapping.columns.get("label"), mapping, stripped=True)]


def _cells(column: str, records: Sequence[Record]) -> list[str]:
    return [cell for record in records if (cell := as_text(record.values.get(column)).strip())]


def _is_category(column: str, records: Sequence[Record]) -> bool:
    """Short, and in more than a few rows not all different."""
    cells = _cells(column, records)
    if not cells:
        return True  # its name is all there is to go by
    return max(len(cell) for cell in cells) <= 80 and (len(cells) < 12 or len(set(cells)) <= 0.6 * len(cells))


def _by_content(columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
    """The longest texts are the text; of the columns whose short values come again, the last is the category."""
    lengths = {column: sum(map(len, _cells(column, records))) for column in columns}
    if len(records) < 4 or not any(lengths.values()):
        return None
    text = max(lengths, key=lambda column: lengths[column])
    labels = [column for column in columns if column != text and (cells := _cells(column, records)) and _is_category(column, records)
              and 1 < len(set(cells)) <= 0.5 * len(cells)]  # fmt: skip
    return Guess(0.4, {"text": text, "label": labels[-1]}) if labels else None
