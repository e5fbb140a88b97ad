"""The test rows of the check and the known answers of training, from the frozen rows in the run folder."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from core.tasks.base import Turn
from storage.rows import Part

_TURNS = TypeAdapter(tuple[Turn, ...])


@dataclass(frozen=True)
class Question:
    """A test row: its turns (the answer is the last one), the stored answer, and the row of its file where the layout writes cells of it."""

    turns: tuple[Turn, ...]
    answer: str
    original: str | None = None


@dataclass(frozen=True)
class Rows:
    """`known` are the distinct answers of training; `questions` were drawn from `test_rows` by seed, in their own order."""

    known: tuple[str, ...]
    questions: tuple[Question, ...]
    test_rows: int


def read_rows(path: Path, most: int, seed: int) -> Rows:
    """Holds the distinct answers of training and only those test rows that are asked, from what storage.bulk.writing wrote."""
    from pyarrow import compute, parquet

    part, answered = compute.field("part"), compute.field("answer").is_valid()
    train = parquet.read_table(path, columns=["answer"], filters=(part == Part.TRAIN.value) & answered)
    test = (part == Part.TEST.value) & answered
    positions = sorted(parquet.read_table(path, columns=["position"], filters=test).column("position").to_pylist())
    chosen = _drawn(positions, most, seed)
    names = [name for name in parquet.read_schema(path).names if name in ("position", "messages", "answer", "original")]
    table = parquet.read_table(path, columns=names, filters=test & compute.field("position").isin(chosen))
    found = sorted(table.to_pylist(), key=lambda row: row["position"])
    known = tuple(sorted({answer.strip() for answer in compute.unique(train.column("answer")).to_pylist() if answer.strip()}))
    return Rows(known, tuple(Question(_TURNS.validate_json(row["messages"]), row["answer"], row.get("original")) for row in found), len(positions))


def _drawn(positions: Sequence[int], most: int, seed: int) -> list[int]:
    return list(positions) if len(positions) <= most else sorted(random.Random(seed).sample(list(positions), most))
