"""A text and the fields that stand in it: a JSON column (or one column a field) becomes one compact JSON object, the answer."""

import json
from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, Unusable, as_text, text_of


class TextFields(Shape):
    """The answer is canonical: fields by name in alphabetical order, no blanks between them, letters unescaped.

    A field's name loses the blanks around it and is otherwise kept. A value that is text loses the blanks around it, and blanks within it become
    one space each; numbers, true and false stay what they are; a field that is empty or null is left out, so that 'not in the text' is said in
    one way. What was asked for (a column like `requested`) stands before the text, since the same '13' is a time or a number of people.
    """

    name: ClassVar[str] = "text_fields"
    label: ClassVar[str] = "A text and the fields in it"
    explanation: ClassVar[str] = "Each row has a text and the fields that should be pulled out of it, such as a name, a date, an amount."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("text", "The text", "What the fields are pulled out of.",
             ("text", "message", "sentence", "utterance", "document", "email", "body", "input", "query", "testo", "messaggio", "documento")),
        Role("fields", "The fields", "A column of JSON objects, such as {\"date\": \"August 23rd\"}.",
             ("slots", "fields", "entities", "extracted", "json", "output", "annotation", "labels", "answer", "campi"), required=False),
        Role("requested", "What was asked for", "The fields that the text replies to, if that is known.",
             ("requested", "requested_slots", "asked", "richiesti"), required=False),
    )  # fmt: skip
    answer_role: ClassVar[str] = "fields"
    task: ClassVar[str] = "extraction"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        named = super().guess(columns, records)
        if named is None or "fields" not in named.columns:
            return None
        cells = [record.values.get(named.columns["fields"]) for record in records]
        objects = sum(_object(cell) is not None for cell in cells)
        return Guess(0.97, named.columns) if cells and objects >= 0.9 * len(cells) else None

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        text = text_of(values, mapping.columns.get("text"))
        requested = _names(values.get(mapping.columns.get("requested", "")))
        asked = f"Asked for: {', '.join(requested)}\n\n" if requested else ""
        turns = [{"role": "user", "content": asked + text}]
        if mapping.unanswered and _untouched(values, mapping):
            return turns
        return [*turns, {"role": "assistant", "content": _compact(_fields(values, mapping))}]


def _untouched(values: Mapped[str, Any], mapping: Mapping) -> bool:
    """Nothing stands where the fields would: nobody has looked at the row. An empty object says that there are none."""
    columns = [column for column in (mapping.columns.get("fields"), *mapping.field_columns) if column is not None]
    return all(not as_text(values.get(column)).strip() for column in columns)


def _fields(values: Mapped[str, Any], mapping: Mapping) -> dict[str, Any]:
    column = mapping.columns.get("fields")
    if column is None:
        return {name: values.get(name) for name in mapping.field_columns}
    cell = values.get(column)
    if isinstance(cell, str):
        text_of(values, column)  # an empty cell is no empty object: nobody looked at that row
    found = _object(cell)
    if found is None:
        raise Unusable("fields_not_json", "Row {row} (line {line}) has no JSON object in column '{column}', like {{\"date\": \"today\"}}. Mend it, "
                       "or leave out incomplete rows.", column)  # fmt: skip
    return {**found, **{name: values.get(name) for name in mapping.field_columns}}


def _object(cell: Any) -> dict[str, Any] | None:
    if isinstance(cell, dict):
        return cell
    if not isinstance(cell, str):
        return None
    try:
        parsed = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _compact(fields: Mapped[str, Any]) -> str:
    plain = {name.strip(): _value(value) for name, value in fields.items()}
    kept = {name: value for name, value in plain.items() if value not in (None, "", [], {})}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return [kept for item in value if (kept := _value(item)) not in (None, "")]
    if isinstance(value, dict):
        return {key.strip(): _value(inner) for key, inner in value.items()}
    return value


def _names(cell: Any) -> list[str]:
    """A list, a JSON list as text, or names with commas between them; each once."""
    if isinstance(cell, str) and cell.strip().startswith("["):
        try:
            cell = json.loads(cell)
        except ValueError:
            cell = cell.strip(" []")
    names = cell if isinstance(cell, list) else as_text(cell).split(",")
    return list(dict.fromkeys(name for item in names if (name := as_text(item).strip())))
