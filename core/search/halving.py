"""Successive halving, one trial after another: at two points on its way a trial goes on only if it is among the best third of those that came as far.

Jamieson and Talwalkar 2016, arXiv:1502.07943; without waiting for others as in Li et al. 2020 (ASHA), arXiv:1810.05934.
"""

from collections.abc import Sequence

FACTOR = 3  # of so many trials one goes on
RUNGS = (1 / FACTOR**2, 1 / FACTOR)  # shares of the way


def rung_between(before: float, now: float) -> float | None:
    """The last rung that was reached between two evaluations, each told by its share of the way; None when there was none."""
    return next((rung for rung in reversed(RUNGS) if before < rung <= now < 1), None)


def goes_on(loss: float, others: Sequence[float]) -> bool:
    """Whether a trial with this loss stays among the best third, given the losses that others had at the same point. The first one always does."""
    places = max(1, (len(others) + 1) // FACTOR)
    return sum(other < loss for other in others) < places
