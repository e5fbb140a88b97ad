"""Rows to learn from that stand in the exam too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend, NotChecked
from core.data.doctor.rows import facts
from core.data.doctor.wording import folded
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from core.data.doctor.rows import Rows

_TRAIN = "train"


class Leakage(Check):
    name: ClassVar[str] = "leakage"
    label: ClassVar[str] = "Rows to learn from that are in the exam too"
    why: ClassVar[str] = (
        "The same question, or nearly the same row, is both learned and asked in the exam or while watching. The result would look better than it is."
    )
    term: ClassVar[str] = "leakage between training and validation or test"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("out-of-training", How.OUT_OF_TRAINING, "Take them out of the learning; leave the exam as it is"), MARK)
    order: ClassVar[int] = 13
    cost: ClassVar[float] = 2.0

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """Of a bundle that stands on both sides all rows; `side` says where each is, `near` whether only nearly the same."""
        if not context.is_split:
            raise NotChecked("doctor.not_split", "the rows were not dealt out yet")
        import numpy as np

        parts = np.array([part or ("test" if sealed else "") for part, sealed in zip(rows.parts, rows.sealed, strict=True)])
        told: set[int] = set()
        bundle = 0
        for near, keys in ((False, _questions(rows)), (True, context.alike.bundle)):
            for same in _both_sides(keys, parts):
                new = [at for at in same if at not in told]
                if any(parts[at] == _TRAIN for at in new):
                    for at in same:
                        yield Found(self.name, rows.positions[at], bundle, facts(side=str(parts[at]), near=near))
                    told.update(same)
                    bundle += 1


def _questions(rows: "Rows") -> "NDArray[np.int64]":
    import numpy as np

    known: dict[str, int] = {}
    keys = np.full(rows.count, -1, np.int64)
    for block in rows.blocks():
        for at, question in enumerate(block.questions, block.start):
            if key := folded(question):
                keys[at] = known.setdefault(key, len(known))
    return keys


def _both_sides(keys: "NDArray[np.int64]", parts: "NDArray[Any]") -> Iterator[list[int]]:
    """Rows of equal key of which some are in training and some set aside."""
    import numpy as np

    dealt = (keys >= 0) & (parts != "")
    trained, held = np.unique(keys[dealt & (parts == _TRAIN)]), np.unique(keys[dealt & (parts != _TRAIN)])
    both = np.flatnonzero(dealt & np.isin(keys, np.intersect1d(trained, held)))
    groups: dict[int, list[int]] = {}
    for at in both.tolist():
        groups.setdefault(int(keys[at]), []).append(at)
    yield from groups.values()
