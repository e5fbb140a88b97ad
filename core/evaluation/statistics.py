"""How sure a number is: intervals of shares and means, and whether one model is really better than another on the same rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.statistics import Z95, wilson

if TYPE_CHECKING:
    import numpy

DRAWINGS = 2000
LEVEL = 0.95
_NUMBERS_AT_ONCE = 2_000_000
FEWEST_PAIRED_SHARES = 6  # with fewer rows the exact test cannot say yes, however they fall
FEWEST_PAIRED_SCORES = 10  # with fewer the rows drawn again say too little about rows never seen

SHARES_TEST = "McNemar's test, exact"
SCORES_TEST = "paired bootstrap and paired randomisation, the less sure of the two"


@dataclass(frozen=True)
class Interval:
    """95 in 100 of such intervals hold the value of rows never seen."""

    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """One model against another on the same rows. `difference` is the mean of (first - second), `p` the chance of a difference as
    large where there is none; `clear` says that it is told from chance at 5 %. Where the rows are too few to tell, `enough` is False."""

    better: int
    worse: int
    equal: int
    difference: float
    interval: Interval | None
    p: float | None
    enough: bool
    test: str

    @property
    def clear(self) -> bool:
        return self.enough and self.p is not None and self.p < 1 - LEVEL


def share_interval(right: int, rows: int) -> Interval:
    """Wilson 1927. `rows` is at least 1."""
    return Interval(*wilson(right, rows))


def score_interval(scores: Sequence[float], seed: int) -> Interval | None:
    """Percentiles of means of rows drawn again (Efron 1979), widened for few rows (Hesterberg 2015, expanded percentiles).
    None for fewer than 2 rows, and where all score the same."""
    import numpy

    values = numpy.asarray(scores, dtype=float)
    return _percentiles(_drawn_means(values, numpy.random.default_rng(seed)), len(values)) if len(values) > 1 else None


def drawn_interval(statistic: "Callable[[numpy.ndarray], float]", rows: int, seed: int, drawings: int = DRAWINGS) -> Interval | None:
    """The same for any number of a set of rows, given as indices."""
    import numpy

    if rows < 2:
        return None
    generator = numpy.random.default_rng(seed)
    drawn = numpy.asarray([statistic(generator.integers(0, rows, rows)) for _ in range(drawings)])
    return _percentiles(drawn, rows)


def paired_shares(first: Sequence[float], second: Sequence[float]) -> Paired:
    """Right (1) or wrong (0) on the same rows: McNemar's test (1947), exact."""
    from scipy.stats import binomtest

    better, worse, equal = _tally(first, second)
    enough = better + worse + equal >= FEWEST_PAIRED_SHARES
    p = float(binomtest(better, better + worse, 0.5).pvalue) if better + worse else 1.0
    difference = (better - worse) / max(1, better + worse + equal)
    return Paired(better, worse, equal, difference, _difference_interval(better, worse, equal), p, enough, SHARES_TEST)


def paired_scores(first: Sequence[float], second: Sequence[float], seed: int) -> Paired:
    """Scores on the same rows: rows drawn again give the interval of the mean difference (paired bootstrap, widened as in `score_interval`).

    `p` is the larger of two: where that interval would just touch 0, and the share of random exchanges of the two models' answers that differ
    as much (Noreen 1989; Riezler and Maxwell 2005). The first alone says "better" too often where scores are skewed and rows few.
    """
    import numpy

    better, worse, equal = _tally(first, second)
    differences = numpy.asarray(first, dtype=float) - numpy.asarray(second, dtype=float)
    rows = len(differences)
    if rows < FEWEST_PAIRED_SCORES:
        difference = float(differences.mean()) if rows else 0.0
        return Paired(better, worse, equal, difference, None, None, False, SCORES_TEST)
    generator = numpy.random.default_rng(seed)
    means = _drawn_means(differences, generator)
    p = max(_touching(means, rows), _exchanged(differences, generator))
    return Paired(better, worse, equal, float(differences.mean()), _percentiles(means, rows), p, True, SCORES_TEST)


def _tally(first: Sequence[float], second: Sequence[float]) -> tuple[int, int, int]:
    pairs = list(zip(first, second, strict=True))
    better = sum(a > b for a, b in pairs)
    worse = sum(a < b for a, b in pairs)
    return better, worse, len(pairs) - better - worse


def _drawn_means(values: "numpy.ndarray", generator: "numpy.random.Generator") -> "numpy.ndarray":
    import numpy

    rows = len(values)
    return numpy.concatenate([values[generator.integers(0, rows, (size, rows))].mean(axis=1) for size in _portions(rows)])


def _portions(rows: int) -> list[int]:
    """How many drawings at once: tables of a few million numbers are quick and fit everywhere."""
    most = max(1, _NUMBERS_AT_ONCE // rows)
    return [min(most, DRAWINGS - start) for start in range(0, DRAWINGS, most)]


def _percentiles(drawn: "numpy.ndarray", rows: int) -> Interval | None:
    """Plain percentiles are too narrow for few rows: they lack the factor n / (n - 1) and the tails of Student's t.
    None where nothing varies: rows that are all alike say nothing about how others would differ."""
    import numpy
    from scipy.stats import norm, t

    if drawn.max() - drawn.min() < 1e-12:
        return None
    tail = float(norm.cdf((rows / (rows - 1)) ** 0.5 * t.ppf((1 - LEVEL) / 2, rows - 1)))
    low, high = numpy.quantile(drawn, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _touching(means: "numpy.ndarray", rows: int) -> float:
    """The level at which the interval of `_percentiles` would just touch 0."""
    import numpy
    from scipy.stats import norm, t

    if not numpy.any(means):
        return 1.0
    tail = (min(int((means <= 0).sum()), int((means >= 0).sum())) + 1) / (len(means) + 1)
    return float(min(1.0, 2 * t.cdf(norm.ppf(tail) / (rows / (rows - 1)) ** 0.5, rows - 1)))


def _exchanged(differences: "numpy.ndarray", generator: "numpy.random.Generator") -> float:
    """Paired randomisation: where the two models are alike, each difference might as well have the other sign."""
    import numpy

    total, rows = float(differences.sum()), len(differences)
    turned = [generator.integers(0, 2, (size, rows), dtype=numpy.int8) @ differences for size in _portions(rows)]
    sums = total - 2 * numpy.concatenate(turned)
    as_far = numpy.abs(sums) >= abs(total) - 1e-9
    return (int(as_far.sum()) + 1) / (DRAWINGS + 1)


def _difference_interval(better: int, worse: int, equal: int) -> Interval | None:
    """Of the difference of two shares on the same rows: Wald's after half a row is added to each of the four cells (Agresti and Min 2005)."""
    rows = better + worse + equal
    if rows < FEWEST_PAIRED_SHARES:
        return None
    b, c, n = better + 0.5, worse + 0.5, rows + 2
    middle = (b - c) / n
    reach = Z95 * ((b + c) / n**2 - (b - c) ** 2 / n**3) ** 0.5
    return Interval(max(-1.0, middle - reach), min(1.0, middle + reach))
