"""How rows that Bottega exported are known when they come back, so that nothing is lost on the way: the marks that an export leaves in its columns."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from core.data.mapping import Mapping
from core.data.records import Record

MARK = "bottega_row"  # the column that says so; it holds the row's place in its dataset: a number, or a text in a table for a spreadsheet
WHOLE = "whole_messages"  # conversations that the other columns cannot say
PART = "part"

# A spreadsheet takes such a cell for a formula. The apostrophe keeps it a text; one that stood there already is doubled, so that one can be taken off.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")
# The columns of the formats: what is there tells which shape they are.
_SHAPES: dict[str, dict[str, str]] = {
    "messages": {"messages": "messages"},
    "alpaca": {"instruction": "instruction", "output": "output"},
    "text_label": {"text": "text", "label": "label"},
    "text_fields": {"text": "text", "fields": "fields"},
    "dialogue_summary": {"text": "dialogue", "summary": "summary"},
    "prompt_completion": {"prompt": "prompt", "completion": "completion"},
    "question_answer": {"question": "question", "answer": "answer"},
}
_TABLES = frozenset(_SHAPES) - {"messages", "alpaca"}
_OPTIONAL = {"alpaca": ("input", "system", "history"), "messages": ("tools",), "question_answer": ("system",), "prompt_completion": ("system",)}


def columns_of_shape(shape: str) -> dict[str, str]:
    """For each required role of a shape the column that an export gives it; a question and its answer where the shape is none of a table."""
    return _SHAPES["text_label" if shape == "text_only" else shape if shape in _TABLES else "question_answer"]


def own_mapping(columns: Sequence[str]) -> Mapping | None:
    """How an export of ours is read back; None for any other file."""
    if MARK not in columns:
        return None
    for shape, needed in _SHAPES.items():
        if all(column in columns for column in needed.values()):
            found = needed | {role: role for role in _OPTIONAL.get(shape, ()) if role in columns}
            return Mapping(shape=shape, columns=found, unanswered=True, whole=WHOLE if WHOLE in columns else None)
    return None


def guarded(cell: str) -> str:
    """The cell as a spreadsheet may see it. `unguarded` gives it back whatever it was."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def as_exported(record: Record) -> Record:
    """The row as it was before a table for a spreadsheet was made of it; any other row as it is."""
    if not isinstance(record.values.get(MARK), str):
        return record
    values = {column: unguarded(cell) if isinstance(cell, str) else cell for column, cell in record.values.items()}
    return record if values == record.values else replace(record, values=values, original=json.dumps(values, ensure_ascii=False))
