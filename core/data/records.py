"""What comes out of a file before anyone knows what it means: records, and faults of single rows."""

from dataclasses import dataclass
from typing import Any

from core.sentence import Sentence


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file. `row` counts from 1 without the header, `line` is the line on which it begins.

    `original` is the row as a JSON object, whole: for JSON Lines the line itself.
    """

    row: int
    line: int
    values: dict[str, Any]
    original: str


@dataclass(frozen=True)
class Fault:
    """A row that cannot be used and why, in one sentence that names the row."""

    row: int
    column: str | None
    sentence: Sentence


def fault(row: int, key: str, english: str, *, column: str | None = None, **facts: Any) -> Fault:
    """`english` may use {row}, {column} and the facts."""
    return Fault(row, column, Sentence(key, english, {"row": row, "column": column, **facts}))
