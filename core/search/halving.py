"""Successive halving, one trial after another: at two points on its way a trial goes on only if it is among the best third of those that came as far.

Jamieson and Talwalkar 2016, arXiv:1502.07943; without waiting for others as in Li et al. 2020 (ASHA), arXiv:1810.05934.
"""

from collections.abc import Sequence

FACTOR = 3  # of so many trials one goes on
# Shares of the way. Twenty trials of a tiny model, three seeds (tests/bench/search.py; these were chosen on it and confirmed nowhere else): the lowest loss
# found was 1.3 to 1.6 times that of a grid of 72, for half the tokens of a search without halving, which came to 1.0 to 1.5 times. At a ninth and a third
# of the way, where a training is hardly past its warm-up, it was 2.5 times (at worst 5.7), for less than a third of them.
RUNGS = (1 / 3, 2 / 3)


def rung_between(before: float, now: float) -> float | None:
    """The last rung that was reached between two evaluations, each told by its share of the way; None when there was none."""
    return next((rung for rung in reversed(RUNGS) if before < rung <= now < 1), None)


def goes_on(loss: float, others: Sequence[float]) -> bool:
    """Whether a trial with this loss stays among the best third, given the losses that others had at the same point. The first one always does."""
    places = max(1, (len(others) + 1) // FACTOR)
    return sum(other < loss for other in others) < places
