"""The task's metric over the checked rows with its 95 % interval."""

from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

from core.export.certificate import Score

_Z = NormalDist().inv_cdf(0.975)


def score_of(scores: Sequence[float]) -> Score:
    """Of one row or more. Rows that are right or wrong get Wilson's interval (1927), others the normal one of their mean."""
    rows, value = len(scores), fmean(scores)
    if all(score in (0.0, 1.0) for score in scores):
        middle = (value + _Z**2 / (2 * rows)) / (1 + _Z**2 / rows)
        reach = _Z / (1 + _Z**2 / rows) * (value * (1 - value) / rows + _Z**2 / (4 * rows**2)) ** 0.5
        right: int | None = int(sum(scores))
    else:
        middle, reach, right = value, _Z * stdev(scores) / rows**0.5, None
    return Score(value=value, rows=rows, right=right, low=max(0.0, middle - reach), high=min(1.0, middle + reach))
