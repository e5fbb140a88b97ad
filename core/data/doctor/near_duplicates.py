"""Rows that say nearly the same: a word changed, a name filled in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows


class NearDuplicates(Check):
    name: ClassVar[str] = "near-duplicates"
    label: ClassVar[str] = "Rows that are nearly the same"
    why: ClassVar[str] = (
        "Three quarters of their words agree. They teach little more than one of them would; when the rows are dealt out they belong on one side."
    )
    term: ClassVar[str] = "near duplicates (MinHash, Jaccard ≥ 0.75)"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("keep-one", How.KEEP_ONE, "Keep one of each"), MARK)
    order: ClassVar[int] = 11
    cost: ClassVar[float] = 4.0

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """A bundle of which all rows have the same words is the business of the exact duplicates, unless their order or signs differ."""
        import numpy as np

        alike = context.alike
        inside = np.flatnonzero(alike.bundle >= 0)
        kinds: dict[int, set[int]] = {}
        for bundle, kind in zip(alike.bundle[inside].tolist(), alike.same[inside].tolist(), strict=True):
            kinds.setdefault(bundle, set()).add(kind)
        for at, bundle in zip(inside.tolist(), alike.bundle[inside].tolist(), strict=True):
            if len(kinds[bundle]) > 1:
                yield Found(self.name, rows.positions[at], bundle)
