"""Texts far longer or far shorter than the others."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from core.data.doctor.base import MARK, TAKE_OUT, Check, CheckContext
from core.data.doctor.rows import facts
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_LEAST_ROWS, _TIMES, _SPREADS = 30, 5.0, 3.5


class Lengths(Check):
    name: ClassVar[str] = "lengths"
    label: ClassVar[str] = "Texts of a very unusual length"
    why: ClassVar[str] = "A text many times longer or shorter than the others is often a slip: two rows in one, a cut copy, a whole mail thread."
    term: ClassVar[str] = "length outliers"
    mends: ClassVar = (MARK, TAKE_OUT)
    order: ClassVar[int] = 40
    cost: ClassVar[float] = 0.5

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """bundle 0: a long question, 1: a short one, 2: a long answer, 3: a short one."""
        import numpy as np

        questions = np.array([len(question) for block in rows.blocks() for question in block.questions])
        answers = np.array([len(answer or "") for block in rows.blocks() for answer in block.answers])
        for first, sizes in ((0, questions), *(() if context.labelled else ((2, answers),))):
            for at, bundle, middle in _unusual(sizes):
                yield Found(self.name, rows.positions[at], first + bundle, facts(characters=int(sizes[at]), middle=middle))


def _unusual(sizes: Any) -> Iterator[tuple[int, int, int]]:
    """Far from the middle on a scale of ratios: by the spread of the middle half, and at least five times more or less."""
    import numpy as np

    told = sizes > 0
    if told.sum() < _LEAST_ROWS:
        return
    low, middle, high = np.quantile(np.log(sizes[told]), [0.25, 0.5, 0.75])
    reach = max(_SPREADS * (high - low), float(np.log(_TIMES)))
    logs = np.log(np.maximum(sizes, 1))
    for bundle, outside in ((0, told & (logs > middle + reach)), (1, told & (logs < middle - reach))):
        for at in np.flatnonzero(outside).tolist():
            yield at, bundle, round(float(np.exp(middle)))
