"""Whether there are enough rows for the task."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import Check, CheckContext, Worry
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_A_CATEGORY, _FREE_TEXT = 20, 200


class FewRows(Check):
    name: ClassVar[str] = "few-rows"
    label: ClassVar[str] = "Too few rows for this work"
    why: ClassVar[str] = "With too few examples the model learns them by heart instead of the rule behind them. More rows help more than any setting."
    term: ClassVar[str] = "dataset size"
    order: ClassVar[int] = 31
    cost: ClassVar[float] = 0.2

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """Says it of the whole: no single row is at fault."""
        answered = sum(answer is not None and bool(answer.strip()) for block in rows.blocks() for answer in block.answers)
        wanted = _A_CATEGORY * len(context.labels) if context.labels else _FREE_TEXT
        if answered >= wanted:
            return
        if context.labels:
            english = "{rows:,} rows with an answer for {labels:,} categories; about {wanted:,} would be a fair beginning."
            yield Worry("doctor.few_for_labels", english, {"rows": answered, "labels": len(context.labels), "wanted": wanted})
        else:
            english = "{rows:,} rows with an answer; about {wanted:,} would be a fair beginning."
            yield Worry("doctor.few", english, {"rows": answered, "wanted": wanted})
