"""Every answer of an evaluation, row by row, as a Parquet file: what was asked, what was wanted, what each candidate said and how it scored."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.evaluation.rows import Row
from core.evaluation.verdict import Candidate
from core.tasks.places import Value
from storage.files import write_atomically


@dataclass(frozen=True)
class Answers:
    """Of one candidate, one a row; scores are of the headline metric, from 0 to 1. `merged` says (as JSON) how the answers to a document's pieces came
    together, and is None for a row that is no document."""

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    merged: tuple[str | None, ...] = ()


class Show(StrEnum):
    """Which rows a page shows, and which come first."""

    ALL = "all"
    WRONG = "wrong"  # where the tuned model did not score fully, the worst first
    REGRESSIONS = "regressions"  # where another did better than the tuned model, the largest loss first
    GAINS = "gains"  # where the tuned model did better


@dataclass(frozen=True)
class AnswerRow:
    """One test row. `answers` and `scores` by candidate, as measured; `values` (and those `wanted`) where fields were
    pulled out: each with its place in the question."""

    example_id: str
    position: int
    question: str
    reference: str
    answers: Mapping[Candidate, str]
    scores: Mapping[Candidate, float]
    merged: Mapping[Candidate, str | None] = field(default_factory=dict)
    values: Mapping[Candidate, tuple[Value, ...]] = field(default_factory=dict)
    wanted: tuple[Value, ...] = ()


@dataclass(frozen=True)
class AnswerPage:
    """`total` rows match; `next` is the offset of the following page, None on the last."""

    rows: tuple[AnswerRow, ...]
    total: int
    next: int | None


def write_answers(path: Path, rows: Sequence[Row], given: Mapping[Candidate, Answers]) -> None:
    """Whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    columns: dict[str, pyarrow.Array] = {
        "example_id": pyarrow.array([row.example_id for row in rows], pyarrow.string()),
        "position": pyarrow.array([row.position for row in rows], pyarrow.int64()),
        "question": pyarrow.array([row.question for row in rows], pyarrow.string()),
        "reference": pyarrow.array([row.answer for row in rows], pyarrow.string()),
    }
    for name, answers in given.items():
        columns[f"answer.{name}"] = pyarrow.array(answers.texts, pyarrow.string())
        columns[f"score.{name}"] = pyarrow.array(answers.scores, pyarrow.float64())
        if any(answers.merged):
            columns[f"merged.{name}"] = pyarrow.array(answers.merged, pyarrow.string())
    table = pyarrow.table(columns)
    write_atomically(path, lambda file: parquet.write_table(table, file))


def read_answers(path: Path) -> list[AnswerRow]:
    """In the order of the dataset."""
    from pyarrow import parquet

    table = parquet.read_table(os.fspath(path))
    names = [name for name in Candidate if f"answer.{name}" in table.column_names]
    return [
        AnswerRow(
            values["example_id"],
            values["position"],
            values["question"],
            values["reference"],
            {name: values[f"answer.{name}"] for name in names},
            {name: values[f"score.{name}"] for name in names},
            {name: values[f"merged.{name}"] for name in names if values.get(f"merged.{name}") is not None},
        )
        for values in table.to_pylist()
    ]


def page_of(rows: Sequence[AnswerRow], show: Show, other: Candidate | None, *, offset: int, size: int) -> AnswerPage:
    """`other` is whom regressions and gains are told against (the strongest)."""
    found = _shown(rows, show, other)
    end = offset + size
    return AnswerPage(tuple(found[offset:end]), len(found), end if end < len(found) else None)


def _shown(rows: Sequence[AnswerRow], show: Show, other: Candidate | None) -> list[AnswerRow]:
    if show is Show.ALL or not rows or Candidate.TUNED not in rows[0].scores:
        return list(rows)
    if show is Show.WRONG:
        return sorted((row for row in rows if row.scores[Candidate.TUNED] < 1), key=lambda row: row.scores[Candidate.TUNED])
    if other is None or other not in rows[0].scores:
        return []
    sign = 1 if show is Show.REGRESSIONS else -1

    def loss(row: AnswerRow) -> float:
        return sign * (row.scores[other] - row.scores[Candidate.TUNED])

    return sorted((row for row in rows if loss(row) > 0), key=lambda row: -loss(row))
