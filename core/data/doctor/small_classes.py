"""Categories with very few rows, and categories that outnumber the others by far."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, TAKE_OUT, Check, CheckContext, NotChecked, Worry
from core.data.doctor.rows import facts
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

FEW_ROWS = 10
_MUCH_MORE = 20


class SmallClasses(Check):
    name: ClassVar[str] = "small-classes"
    label: ClassVar[str] = "Categories with very few rows"
    why: ClassVar[str] = "Of a category that comes once, nothing can be both learned and checked; with fewer than ten rows it is mostly guessed."
    term: ClassVar[str] = "class imbalance"
    mends: ClassVar = (MARK, TAKE_OUT)
    order: ClassVar[int] = 30

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """A bundle for each category with fewer than ten rows."""
        labels = context.labels
        if not labels:
            raise NotChecked("doctor.no_labels", "the answers are no categories")
        small = {label: number for number, label in enumerate(label for label, count in labels.items() if count < FEW_ROWS)}
        most, fewest = max(labels, key=lambda label: labels[label]), min(labels, key=lambda label: labels[label])
        if len(labels) > 1 and labels[most] >= _MUCH_MORE * labels[fewest]:
            english = "'{most}' has {many:,} rows and '{fewest}' {few:,}: the model will tend to say the first."
            yield Worry("doctor.unbalanced", english, {"most": most[:60], "many": labels[most], "fewest": fewest[:60], "few": labels[fewest]})
        for block in rows.blocks():
            for at, answer in enumerate(block.answers, block.start):
                if answer in small:
                    yield Found(self.name, rows.positions[at], small[answer], facts(label=answer[:200], rows=labels[answer]))
