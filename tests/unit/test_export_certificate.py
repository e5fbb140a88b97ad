"""Colours and numbers of the certificate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.export.certificate import AnswerCheck, Colour, Findings, LogitCheck, TokenizerCheck, judge
from core.export.scores import score_of
from core.export.settings import rows_to_check
from core.export.targets import target

FP32, INT4 = target("cpu", "fp32")[1], target("cpu", "int4")[1]


def findings(*, tuned: int = 90, exported: int = 90, largest: float = 1e-5, tokens: int = 100, load_failure: str | None = None) -> Findings:
    return Findings(
        load_failure=load_failure,
        tokenizer=TokenizerCheck(rows=100, equal=tokens),
        logits=LogitCheck(rows=10, positions=100, largest=largest, mean=largest / 9),
        answers=AnswerCheck(rows=100, equal=97),
        metric="accuracy",
        tuned=score_of([1.0] * tuned + [0.0] * (100 - tuned)),
        exported=score_of([1.0] * exported + [0.0] * (100 - exported)),
    )


@pytest.mark.parametrize(
    ("found", "precision", "colour", "reason"),
    [
        (findings(), FP32, Colour.GREEN, "export.same"),
        (findings(largest=1e-4), FP32, Colour.GREEN, "export.same"),
        (findings(largest=2e-4), FP32, Colour.AMBER, "export.drift"),
        (findings(largest=0.5), INT4, Colour.GREEN, "export.same"),
        (findings(exported=89), INT4, Colour.GREEN, "export.same"),
        (findings(exported=95), INT4, Colour.GREEN, "export.same"),
        (findings(exported=88), INT4, Colour.AMBER, "export.lost"),
        (findings(exported=85), INT4, Colour.AMBER, "export.lost"),
        (findings(exported=84), INT4, Colour.RED, "export.lost_much"),
        (findings(exported=84), FP32, Colour.RED, "export.lost_much"),
        (findings(tokens=99), INT4, Colour.RED, "export.tokens"),
        (findings(largest=float("nan")), INT4, Colour.RED, "export.numbers"),
        (findings(load_failure="no such operator"), INT4, Colour.RED, "export.unreadable"),
        (Findings(tokenizer=TokenizerCheck(rows=3, equal=3)), INT4, Colour.AMBER, "export.unasked"),
    ],
)
def test_the_colour_follows_the_stated_tolerances(found: Findings, precision: object, colour: Colour, reason: str) -> None:
    judged, reasons = judge(found, precision)
    assert (judged, reasons[0].key) == (colour, reason)
    assert all("{" not in str(one) for one in reasons)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_larger_loss_is_never_a_better_colour(first: int, second: int) -> None:
    order = [Colour.GREEN, Colour.AMBER, Colour.RED]
    colours = [judge(findings(tuned=100, exported=right), INT4)[0] for right in sorted((first, second), reverse=True)]
    assert order.index(colours[0]) <= order.index(colours[1])


@given(st.integers(1, 300).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(0, rows))))
def test_shares_have_wilsons_interval(counted: tuple[int, int]) -> None:
    rows, right = counted
    score, expected = score_of([1.0] * right + [0.0] * (rows - right)), binomtest(right, rows).proportion_ci(method="wilson")
    assert (score.right, score.rows) == (right, rows)
    assert score.low == pytest.approx(expected.low, abs=1e-9)
    assert score.high == pytest.approx(expected.high, abs=1e-9)


@pytest.mark.parametrize(
    ("task", "rows", "most", "asked"),
    [
        ("classification", 3080, None, 3080),
        ("classification", 9000, None, 5000),
        ("generation", 3080, None, 200),
        ("extraction", 50, None, 50),
        ("generation", 900, 500, 500),
    ],
)
def test_categories_are_asked_on_all_rows_and_free_text_on_200(task: str, rows: int, most: int | None, asked: int) -> None:
    assert rows_to_check(task, rows, most) == asked
