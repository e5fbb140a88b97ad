"""Agreement figures against scikit-learn's and a published example; what the answered rows propose."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.data.labelling.agreement import Said, agreement, cohen_kappa
from core.data.labelling.settings import How
from core.data.labelling.suggest import Answered, Open, learned, suggest
from core.data.statistics import wilson
from tests.unit.labels_bench import tickets, topic_of

LABELS = ("refund", "card", "delivery")
both = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60)


def said(answers: list[tuple[str, str]]) -> list[Said]:
    return [Said(place, person, answer) for place, pair in enumerate(answers) for person, answer in zip(("Anna", "Ben"), pair, strict=True)]


def never() -> None:
    return None


@given(both)
def test_kappa_is_scikit_learns(answers: list[tuple[str, str]]) -> None:
    first, second = zip(*answers, strict=True)
    ours = cohen_kappa(first, second)
    if ours is None:  # both always gave the same one answer
        assert len({*first, *second}) == 1
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second))


@given(both)
def test_the_share_counts_equal_pairs_and_lies_in_its_interval(answers: list[tuple[str, str]]) -> None:
    found = agreement(said(answers))
    assert found.rows == len(answers)
    assert found.same == sum(a == b for a, b in answers)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= (found.share or 0) + 1e-12
    assert (found.share or 0) <= found.high + 1e-12 <= 1 + 1e-9


def test_krippendorffs_alpha_is_that_of_his_own_example() -> None:
    """'Computing Krippendorff's alpha-reliability' (2011), example C: four observers, twelve units, nominal data, missing values: 0.743."""
    table = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")
    given_ = [Said(unit, f"observer {row}", value) for row, line in enumerate(table) for unit, value in enumerate(line.split()) if value != "."]
    assert agreement(given_).alpha == pytest.approx(0.743, abs=0.0005)


def test_two_who_differ_most_on_one_pair_of_answers_are_named_with_it() -> None:
    answers = [("refund", "card")] * 4 + [("card", "refund")] + [("card", "card")] * 10 + [("delivery", "card")]
    first = agreement(said(answers)).confusions[0]
    assert (first.first, first.second, first.left, first.right, first.count) == ("Anna", "Ben", "refund", "card", 5)


def test_case_and_blanks_are_no_difference() -> None:
    found = agreement([Said(1, "Anna", "Refund "), Said(1, "Ben", "refund")])
    assert (found.rows, found.same, found.confusions) == (1, 1, ())


def test_rows_with_one_answer_say_nothing_of_agreement() -> None:
    found = agreement([Said(1, "Anna", "refund"), Said(2, "Ben", "card")])
    assert (found.rows, found.share, found.alpha) == (0, None, None)


def test_wilsons_interval_is_the_textbooks() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-4)


def _rows(count: int, answered: int) -> tuple[list[Answered], list[Open]]:
    rows = tickets(count, answered)
    known = [Answered(n, text, answer) for n, (text, answer) in enumerate(rows) if answer is not None]
    return known, [Open(n, text) for n, (text, answer) in enumerate(rows) if answer is None]


@pytest.mark.parametrize("answered", [4, 40])
def test_proposals_come_from_the_answered_rows(answered: int) -> None:
    known, open_ = _rows(140, answered)
    found = suggest(known, open_, How.CHOICES, never)
    truth = {row.position: topic_of(row.text) for row in open_}
    right = sum(one.answer == truth[one.position] for one in found)
    assert right / len(found) > (0.5 if answered == 4 else 0.95)
    assert sorted(one.order for one in found) == list(range(len(open_)))
    assert all(one.certainty is None or 0 <= one.certainty <= 1.0001 for one in found)


def test_the_first_twenty_are_unlike_each_other() -> None:
    same = [Open(n, "Where is my parcel") for n in range(200)]
    others = [Open(1000 + n, f"{topic} question about thing{n} and matter{n}") for n, topic in enumerate(["refund", "card", "account", "login"] * 5)]
    found = suggest([], [*same, *others], How.CHOICES, never)
    first = {one.position for one in found if one.order < 20}
    assert len(first & {row.position for row in same}) <= 2


def test_without_a_word_there_is_an_order_and_no_proposal() -> None:
    found = suggest([], [Open(1, "!!!"), Open(2, "…")], How.CHOICES, never)
    assert [(one.position, one.answer) for one in found] == [(1, None), (2, None)]


def test_a_marked_value_that_stands_in_a_new_text_is_proposed_there_as_it_is_written() -> None:
    known = [Answered(1, "A table for two on Monday at Da Mario", '{"day":"Monday","place":"Da Mario"}')]
    found = suggest(known, [Open(2, "We come to DA MARIO on monday"), Open(3, "Nothing of it")], How.FIELDS, never)
    assert [one.answer for one in found] == ['{"day":"monday","place":"DA MARIO"}', None]


def test_what_was_learned_is_measured_from_thirty_answers_on() -> None:
    few, _ = _rows(29, 29)
    many, _ = _rows(120, 120)
    assert learned(few, How.CHOICES, never).right is None
    found = learned(many, How.CHOICES, never)
    assert found.rows == 120
    assert found.right is not None
    assert found.right >= 110
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.right / found.rows <= found.high


def test_answers_by_chance_are_not_called_learned() -> None:
    drawn = random.Random(1)
    rows = [Answered(n, text, drawn.choice(LABELS)) for n, (text, _) in enumerate(tickets(150))]
    found = learned(rows, How.CHOICES, never)
    assert found.right is not None
    assert found.right / found.rows < 0.5
    assert not math.isnan(found.low or 0)
