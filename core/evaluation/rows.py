"""The rows of an evaluation: read from the Parquet file in the run folder, and drawn by seed where not all are asked."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from core.tasks.base import Turn
from storage.rows import Part

_TURNS = TypeAdapter(tuple[Turn, ...])


@dataclass(frozen=True)
class Row:
    """One frozen example of a part of the split; only rows with an answer are read. `messages` is JSON: of a million rows few are ever parsed."""

    example_id: str
    position: int
    messages: str
    question: str
    answer: str

    @property
    def turns(self) -> tuple[Turn, ...]:
        return _TURNS.validate_json(self.messages)


@dataclass(frozen=True)
class Rows:
    """The three parts, each in the order of the dataset."""

    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    test: tuple[Row, ...]


def read_rows(path: Path) -> Rows:
    """From what storage.bulk.writing wrote."""
    from pyarrow import parquet

    table = parquet.read_table(path, columns=["example_id", "part", "position", "messages", "question", "answer"])
    parts: dict[str, list[Row]] = {part: [] for part in Part}
    for values in sorted(table.to_pylist(), key=lambda row: row["position"]):
        part = values.pop("part")
        if values["answer"] is not None and values["answer"].strip():
            parts[part].append(Row(**values))
    return Rows(*(tuple(parts[part]) for part in (Part.TRAIN, Part.VALIDATION, Part.TEST)))


def drawn(rows: Sequence[Row], most: int | None, seed: int) -> tuple[Row, ...]:
    """All of them, or `most` drawn by seed, in their own order."""
    if most is None or len(rows) <= most:
        return tuple(rows)
    chosen = sorted(random.Random(seed).sample(range(len(rows)), most))
    return tuple(rows[i] for i in chosen)
