"""What comes out of a file before anyone knows what it means: records, and faults of single rows."""

from dataclasses import dataclass
from typing import Any

from core.errors import UserError
from core.sentence import Sentence


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file. `row` counts from 1 without the header, `line` is the line on which it begins.

    `original` is the row as a JSON object, whole: for JSON Lines the line itself. `source` is the file within a folder or a zip that it stands in,
    None where the file itself is meant.
    """

    row: int
    line: int
    values: dict[str, Any]
    original: str
    source: str | None = None


@dataclass(frozen=True)
class Fault:
    """A row that cannot be used and why, in one sentence that names the row. `source` as in Record. `ends` is the error of a place after which no
    row can be told apart any more: what stands before it is kept only by who leaves out incomplete rows. `original` is the row's own text, where it
    is known."""

    row: int
    column: str | None
    sentence: Sentence
    source: str | None = None
    ends: UserError | None = None
    original: str = ""


def fault(row: int, key: str, english: str, *, column: str | None = None, **facts: Any) -> Fault:
    """`english` may use {row}, {column} and the facts."""
    return Fault(row, column, Sentence(key, english, {"row": row, "column": column, **facts}))
