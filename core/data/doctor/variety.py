"""How varied the rows are, and how like the person's own cases."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from core.data.doctor.base import Check, CheckContext, Worry
from core.data.doctor.wording import hashed_words
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.alike import Bundles
    from core.data.doctor.rows import Rows

_FEATURES = 2**18
_STRANGE = 0.15  # below this likeness nothing in the rows speaks of the case
_LITTLE_VARIED, _LEAST_RUNS = 0.15, 2_000
_MOST_CASES = 500


class Variety(Check):
    name: ClassVar[str] = "variety"
    label: ClassVar[str] = "How varied the rows are, and how like your own cases"
    why: ClassVar[str] = "Rows that all say the same in the same words teach one case. Rows that are unlike your work prepare for somebody else's."
    term: ClassVar[str] = "distinct word trigrams; nearest TF-IDF cosine to your own cases"
    order: ClassVar[int] = 42
    cost: ClassVar[float] = 2.0

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """Sentences only: measures, and worries where there is too little."""
        alike = context.alike
        runs, different = _trigrams(alike)
        if runs >= _LEAST_RUNS and different < _LITTLE_VARIED * runs:
            yield Worry("doctor.little_varied", "Only {share:.0%} of all runs of three words are different ones.", {"share": different / runs})
        elif runs:
            yield Sentence("doctor.varied", "{share:.0%} of all runs of three words are different ones.", {"share": different / runs})
        if not context.own_cases or not rows.count:
            yield Sentence("doctor.no_cases", "How like your own cases they are was not measured: give a few of your own texts.", {})
            return
        yield from _likeness(context.own_cases[:_MOST_CASES], alike)


def _trigrams(alike: "Bundles") -> tuple[int, int]:
    """Runs of three words within a row: how many, and how many different ones."""
    import numpy as np

    words, mix = alike.words, np.uint64(0x9E3779B97F4A7C15)
    if len(words) < 3:
        return 0, 0
    row = np.repeat(np.arange(len(alike.counts)), alike.counts)
    runs = ((words[:-2] * mix + words[1:-1]) * mix + words[2:])[row[:-2] == row[2:]]
    runs.sort()  # np.unique goes by a table of hashes here, and takes ten times as long
    return len(runs), int((np.diff(runs) != 0).sum()) + 1 if len(runs) else 0


def _likeness(cases: tuple[str, ...], alike: "Bundles") -> Iterator[Sentence]:
    import numpy as np

    own_words, own_counts = hashed_words([list(cases)])
    rows, own = _counted(alike.words, alike.counts), _counted(own_words, own_counts)
    weights = np.log((1 + rows.shape[0]) / (1 + np.bincount(rows.indices, minlength=_FEATURES))).astype(np.float32) + 1
    shared = (_weighted(own, weights) @ _weighted(rows, weights).T).tocsr()
    likeness = shared.max(axis=1).toarray().ravel()
    middle, strange = float(np.median(likeness)), np.flatnonzero(likeness < _STRANGE)
    english = "Your {cases:,} own cases: the row most like one of them shares {share:.0%} of its wording in the middle."
    yield Sentence("doctor.like_cases", english, {"cases": len(cases), "share": middle})
    if len(strange):
        english = "{count:,} of your own cases have nothing like them in the rows, the first: '{first}'"
        yield Worry("doctor.unlike_cases", english, {"count": len(strange), "first": cases[int(strange[0])][:120]})


def _counted(words: Any, counts: Any) -> Any:
    """How often each word stands in each text: a sparse matrix over hashed words."""
    import numpy as np
    from scipy.sparse import csr_matrix

    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    matrix = csr_matrix(
        (np.ones(len(words), np.float32), (words & np.uint64(_FEATURES - 1)).astype(np.int32), starts), shape=(len(counts), _FEATURES)
    )
    matrix.sum_duplicates()
    return matrix


def _weighted(matrix: Any, weights: Any) -> Any:
    """TF-IDF with rows of length 1; changes the matrix in place."""
    import numpy as np

    matrix.data *= weights[matrix.indices]
    sums = np.concatenate(([0.0], np.cumsum(matrix.data.astype(np.float64) ** 2)))
    norms = np.sqrt(sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]])
    matrix.data /= np.repeat(np.maximum(norms, 1e-9), np.diff(matrix.indptr)).astype(np.float32)
    return matrix
