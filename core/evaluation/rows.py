"""The rows of an evaluation: read from the Parquet file in the run folder, and drawn by seed where not all are asked."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from core.tasks.base import Turn
from storage.rows import Part

MOST_TRAIN = 100_000  # what the simple methods learn from at most
T = TypeVar("T")
_TURNS = TypeAdapter(tuple[Turn, ...])


@dataclass(frozen=True)
class Row:
    """One frozen example of a part of the split; only rows with an answer are read. `messages` is JSON: of a million rows few are ever parsed.
    `original` is the row as it was in its file, where the layout or a document needs it."""

    example_id: str
    position: int
    messages: str
    question: str
    answer: str
    original: str | None = None

    @property
    def turns(self) -> tuple[Turn, ...]:
        return _TURNS.validate_json(self.messages)


@dataclass(frozen=True)
class Rows:
    """Each part in the order of the dataset. `train` holds at most `MOST_TRAIN` of the `train_rows`, drawn by a fixed seed; `labels` counts the
    answers of all of them."""

    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    test: tuple[Row, ...]
    train_rows: int
    labels: Mapping[str, int]


def read_rows(path: Path) -> Rows:
    """From what storage.bulk.writing wrote. Of a million training rows the answers are read, and the texts of those that are drawn."""
    from pyarrow import compute, parquet

    names = [
        name for name in parquet.read_schema(path).names if name in ("example_id", "part", "position", "messages", "question", "answer", "original")
    ]
    table = parquet.read_table(path, columns=names, memory_map=True)
    answered = compute.and_kleene(compute.is_valid(table["answer"]), compute.not_equal(compute.utf8_trim_whitespace(table["answer"]), ""))
    table = table.filter(answered).sort_by("position")
    parts = {part: table.filter(compute.equal(table["part"], part.value)).drop_columns(["part"]) for part in Part}
    train = parts[Part.TRAIN]
    labels = Counter(answer.strip() for answer in train["answer"].to_pylist())
    if train.num_rows > MOST_TRAIN:
        parts[Part.TRAIN] = train.take(sorted(random.Random(0).sample(range(train.num_rows), MOST_TRAIN)))
    first, second, third = (tuple(Row(**values) for values in parts[part].to_pylist()) for part in (Part.TRAIN, Part.VALIDATION, Part.TEST))
    return Rows(first, second, third, train.num_rows, labels)


def drawn(rows: Sequence[T], most: int | None, seed: int) -> tuple[T, ...]:
    """All of them, or `most` drawn by seed, in their own order."""
    if most is None or len(rows) <= most:
        return tuple(rows)
    chosen = sorted(random.Random(seed).sample(range(len(rows)), most))
    return tuple(rows[i] for i in chosen)
