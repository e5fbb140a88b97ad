"""Intervals and paired tests: equal to hand-computed values, and honest on thousands of made-up studies."""

import math

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, bootstrap

from core.evaluation.statistics import paired_scores, paired_shares, score_interval, share_interval

STUDIES = 300
# At a true rate of 5 % at most so many of 300 studies err in 99 of 100 cases.
MOST_ERRORS = int(binom.ppf(0.99, STUDIES, 0.05))


@pytest.mark.parametrize(
    ("right", "rows", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_the_interval_of_a_share_is_newcombes_published_one(right: int, rows: int, low: float, high: float) -> None:
    found = share_interval(right, rows)  # Newcombe 1998, table I, method 3
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_the_interval_of_a_share_follows_wilsons_formula(counts: tuple[int, int]) -> None:
    right, rows = counts
    z, p = 1.959963984540054, right / rows
    middle = (p + z * z / (2 * rows)) / (1 + z * z / rows)
    reach = z / (1 + z * z / rows) * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    found = share_interval(right, rows)
    assert (found.low, found.high) == pytest.approx((max(0, middle - reach), min(1, middle + reach)), abs=1e-9)


def right_and_wrong(better: int, worse: int, both: int, none: int) -> tuple[list[float], list[float]]:
    first = [1.0] * better + [0.0] * worse + [1.0] * both + [0.0] * none
    second = [0.0] * better + [1.0] * worse + [1.0] * both + [0.0] * none
    return first, second


def test_right_and_wrong_are_compared_by_the_exact_binomial() -> None:
    found = paired_shares(*right_and_wrong(better=31, worse=9, both=60, none=20))
    by_hand = 2 * sum(math.comb(40, k) for k in range(10)) / 2**40
    assert found.p == pytest.approx(by_hand)
    assert (found.better, found.worse, found.equal, found.clear) == (31, 9, 80, True)
    assert found.difference == pytest.approx(22 / 120)
    assert found.interval is not None
    assert found.interval.low < 22 / 120 < found.interval.high


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_exact_test_is_symmetric_and_never_above_one(better: int, worse: int, both: int, none: int) -> None:
    first, second = right_and_wrong(better, worse, both, none)
    one, other = paired_shares(first, second), paired_shares(second, first)
    assert one.p == pytest.approx(other.p)
    assert one.p is not None
    assert 0 < one.p <= 1
    assert one.difference == -other.difference


def test_five_rows_never_settle_anything() -> None:
    found = paired_shares([1.0] * 5, [0.0] * 5)
    assert not found.enough
    assert not found.clear
    assert not paired_scores([1.0] * 9, [0.0] * 9, seed=0).clear


def test_models_that_are_alike_on_every_row_are_not_told_apart() -> None:
    for found in (paired_shares([1.0, 0.0] * 20, [1.0, 0.0] * 20), paired_scores([0.3, 0.9] * 20, [0.3, 0.9] * 20, seed=0)):
        assert (found.p, found.equal, found.clear) == (1.0, 40, False)


def test_the_interval_of_a_mean_is_scipys_at_many_rows() -> None:
    scores = numpy.random.default_rng(3).beta(2, 5, 2000)
    expected = bootstrap((scores,), numpy.mean, n_resamples=4000, method="percentile", rng=numpy.random.default_rng(1)).confidence_interval
    found = score_interval(list(scores), seed=0)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-3)


def test_the_interval_of_a_mean_is_near_students_at_few_rows() -> None:
    scores = numpy.random.default_rng(5).normal(0.5, 0.1, 12)
    from scipy.stats import t

    reach = t.ppf(0.975, 11) * scores.std(ddof=1) / math.sqrt(12)
    found = score_interval(list(scores), seed=0)
    assert found is not None
    assert (found.high - found.low) / 2 == pytest.approx(reach, rel=0.08)


def test_no_interval_where_nothing_varies() -> None:
    assert score_interval([0.4] * 30, seed=0) is None
    assert score_interval([0.4], seed=0) is None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=10, max_size=40))
def test_the_test_of_scores_is_the_same_whoever_asks_again(pairs: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = paired_scores(first, second, seed=7)
    assert found == paired_scores(first, second, seed=7)
    assert found.p is not None
    assert 0 < found.p <= 1


@pytest.mark.parametrize("rows", [30, 120])
def test_equal_models_are_called_different_in_at_most_one_study_of_twenty(rows: int) -> None:
    generator = numpy.random.default_rng(rows)
    shares = scores = 0
    for study in range(STUDIES):
        hard = generator.random(rows)  # rows differ in how hard they are, models do not
        first, second = (generator.random(rows) > hard).astype(float), (generator.random(rows) > hard).astype(float)
        shares += paired_shares(first, second).clear
        skewed = [numpy.where(generator.random(rows) < 0.7, generator.beta(1, 6, rows), 1.0) for _ in range(2)]
        scores += paired_scores(*skewed, seed=study).clear
    assert shares <= MOST_ERRORS
    assert scores <= MOST_ERRORS


def test_a_real_difference_is_found() -> None:
    generator = numpy.random.default_rng(0)
    worse = generator.random(120)
    assert paired_scores(numpy.clip(worse + generator.normal(0.1, 0.15, 120), 0, 1), worse, seed=0).clear
