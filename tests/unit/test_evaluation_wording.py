"""The verdict's sentences say what the numbers say, no more, and name no statistic."""

from collections.abc import Sequence

import pytest

from core.evaluation.answers import AnswerRow, Answers, Show, page_of
from core.evaluation.judging import comparisons, decisive, strongest_first, worst_categories
from core.evaluation.rows import Row
from core.evaluation.verdict import Candidate, CandidateResult, CategoryResult, Comparison, Line, MetricValue, Outcome
from core.evaluation.wording import advice, beside, headline, label_of, not_measured, tuned_line

TERMS = (
    "mcnemar",
    "bootstrap",
    "wilson",
    "p <",
    "p =",
    "accuracy",
    "f1",
    "tf-idf",
    "logistic",
    "rouge",
    "bleu",
    "json",
    "zero-shot",
    "baseline",
    "parquet",
    "percentile",
)


def result(name: Candidate, scores: Sequence[float], *, counts: bool = True) -> CandidateResult:
    value = sum(scores) / len(scores)
    right = round(sum(scores)) if counts else None
    metric = MetricValue(
        name="accuracy" if counts else "rouge_l", label="Right answers", explanation="", term="accuracy", value=value, low=value - 0.1, high=value + 0.1,
        right=right, rows=len(scores), headline=True, better="higher", how_counted="", interval="Wilson interval, 95 %",
    )  # fmt: skip
    return CandidateResult(name=name, label=label_of(name), rows=len(scores), metrics=(metric,))


def judged(counts: bool = True, **scores: Sequence[float]) -> tuple[Line, Comparison | None, tuple[Comparison, ...], list[CandidateResult]]:
    given = {Candidate(name): Answers(tuple("" for _ in row), tuple(row)) for name, row in scores.items()}
    results = [result(name, answers.scores, counts=counts) for name, answers in given.items()]
    found = comparisons(given, results, counts_rows=counts, seed=0)
    deciding = decisive(found)
    by_name = {one.name: one for one in results}
    said = headline(by_name[Candidate.TUNED], deciding, by_name.get(deciding.against) if deciding else None, counts)
    return said, deciding, found, results


def rights(right: int, rows: int, start: int = 0) -> list[float]:
    """`right` rows from `start` on."""
    return [1.0 if start <= i < start + right else 0.0 for i in range(rows)]


def test_clearly_better_is_said_against_the_strongest_never_the_base_alone() -> None:
    said, deciding, _, _ = judged(tuned=rights(110, 120), classic=rights(80, 120), base=rights(5, 120), majority=rights(10, 120))
    assert str(said) == "Clearly better than the classic method: 110 of 120 right, against 80."
    assert said.term.startswith("TF-IDF and logistic regression; McNemar's test, exact, p < 0.001")
    assert deciding is not None
    assert deciding.outcome is Outcome.BETTER


def test_not_clearly_better_than_the_classic_method_is_said_however_poor_the_base_model_is() -> None:
    said, deciding, found, _ = judged(tuned=rights(92, 120), classic=rights(90, 120, 1), base=rights(1, 120))
    assert str(said) == "Not clearly better than the classic method: 92 of 120 right, against 90, which may be chance."
    assert deciding is not None
    helps = " ".join(str(line) for line in advice(result(Candidate.TUNED, rights(92, 120)), deciding, (), train_rows=300, rows=120, test_rows=120))
    assert "300 rows" in helps
    assert "larger base model" in helps
    assert "about as well at a small part of the cost" in helps
    assert "±10 points" in helps
    quiet = [str(line) for line in beside(found, deciding, counts_rows=True, rows=120, test_rows=120, opened=1)]
    assert quiet[0] == "Case by case against the classic method: right alone on 2, wrong alone on 0 of 120."
    assert quiet[1:] == ["Clearly better than the base model: better on 91, worse on 0 of 120."]


def test_worse_is_said() -> None:
    said, deciding, _, _ = judged(tuned=rights(60, 120), classic=rights(110, 120), base=rights(3, 120))
    assert str(said) == "Clearly worse than the classic method: 60 of 120 right, against 110."
    assert deciding is not None
    assert deciding.outcome is Outcome.WORSE


def test_three_rows_settle_nothing() -> None:
    said, deciding, _, _ = judged(tuned=[1, 1, 1], classic=[0, 1, 0], base=[0, 0, 0])
    assert str(said) == "Too few rows to tell: 3 right of only 3 kept aside, against 1 for the classic method."
    assert deciding is not None
    assert deciding.p is None
    helps = [str(line) for line in advice(result(Candidate.TUNED, [1, 1, 1]), deciding, (), train_rows=24, rows=3, test_rows=3)]
    assert helps[0].startswith("Keep more rows aside")
    assert not any("larger" in line for line in helps)


def test_no_rows_measure_nothing() -> None:
    empty = CandidateResult(name=Candidate.TUNED, label=label_of(Candidate.TUNED), rows=0)
    assert str(headline(empty, None, None, True)) == "Nothing was measured: no rows were kept aside for the exam."
    assert "Split the data" in str(advice(empty, None, (), train_rows=5, rows=0, test_rows=0)[0])
    assert tuned_line(empty) == ()


def test_equal_on_every_row_is_no_better() -> None:
    said, deciding, _, _ = judged(tuned=rights(40, 40), classic=rights(40, 40), base=rights(0, 40))
    assert str(said) == "No better than the classic method: both are right on the same 40 of 40 rows."
    assert deciding is not None
    assert deciding.outcome is Outcome.EQUAL


def test_a_tie_of_all_is_told_against_the_simplest() -> None:
    _, deciding, _, results = judged(tuned=rights(9, 40), base=rights(9, 40), majority=rights(9, 40))
    assert deciding is not None
    assert deciding.against is Candidate.MAJORITY
    assert [one.name for one in strongest_first(results)] == [Candidate.MAJORITY, Candidate.BASE]


def test_who_is_not_beaten_decides_even_where_another_has_more_points() -> None:
    # The base model is right where the tuned one is, on one row less; the classic method on quite other rows: only the difference to it may be chance.
    tuned, base, classic = rights(60, 120), rights(50, 120), rights(48, 120, 40)
    said, deciding, _, _ = judged(tuned=tuned, base=base, classic=classic)
    assert deciding is not None
    assert deciding.against is Candidate.CLASSIC
    assert str(said).startswith("Not clearly better than the classic method")


def test_scores_are_told_by_rows_that_are_nearer() -> None:
    low, high = [0.2 + 0.001 * i for i in range(30)], [0.5 + 0.002 * i for i in range(30)]
    said, _, _, _ = judged(counts=False, tuned=high, nearest=low, base=[0.0] * 30)
    assert str(said) == "Clearly better than the most similar known answer: nearer to the wanted answer on 30 of 30 rows, further from it on 0."
    few, deciding, _, _ = judged(counts=False, tuned=[0.5] * 4, nearest=[0.1] * 4)
    assert str(few) == "Too few rows to tell: only 4 were kept aside. Nearer than the most similar known answer on 4 of them, further on 0."
    assert deciding is not None
    assert deciding.low is None


def test_what_was_reached_has_its_counts() -> None:
    (line,) = tuned_line(result(Candidate.TUNED, rights(60, 120)))
    assert str(line) == "Right answers: 60 of 120 (50.0%); on rows never seen, most likely between 40.0% and 60.0%."
    (line,) = tuned_line(result(Candidate.TUNED, [0.25, 0.75], counts=False))
    assert str(line).startswith("Right answers: 50.0% on average over 2 rows")


def test_rows_drawn_and_looks_at_the_test_are_said() -> None:
    said = [str(line) for line in beside((), None, counts_rows=True, rows=300, test_rows=5000, opened=4)]
    assert said[0] == "300 of 5,000 test rows were asked, drawn by lot."
    assert said[1].startswith("These test rows were looked at 4 times.")


def test_what_was_not_measured_is_said() -> None:
    none = CandidateResult(name=Candidate.CLASSIC, label=label_of(Candidate.CLASSIC), rows=0, why_not=Line(key="x", english="One category only."))
    mute = result(Candidate.BASE, rights(1, 9)).model_copy(update={"silent": 3})
    said = [str(line) for line in not_measured([none, mute], "generation", 2)]
    assert said[0] == "Not measured: the classic method. One category only."
    assert said[1].startswith("On 3 of 9 rows the base model wrote nothing")
    assert said[2].startswith("2 test rows belong to a category that no training row has")
    assert "true" in said[3]


def test_rows_are_wanted_where_errors_are_many_and_training_rows_few() -> None:
    worst = [CategoryResult(name="much", rows=40, right=20, learned_from=900), CategoryResult(name="little", rows=40, right=31, learned_from=12,
             mistaken_for="much", mistaken_rows=8), CategoryResult(name="fine", rows=9, right=9, learned_from=3)]  # fmt: skip
    _, deciding, _, _ = judged(tuned=rights(110, 120), classic=rights(80, 120))
    said = [str(line) for line in advice(result(Candidate.TUNED, rights(110, 120)), deciding, worst, train_rows=5000, rows=120, test_rows=120)]
    assert said == [
        "More rows for 'little' would help: 9 of 40 wrong, learned from 12; most often taken for 'much' (8).",
        "More rows for 'much' would help: 20 of 40 wrong, learned from 900.",
    ]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("other", [Candidate.CLASSIC, Candidate.NEAREST, Candidate.BASE, Candidate.MAJORITY, Candidate.LEAD])
@pytest.mark.parametrize(("tuned", "rival"), [(110, 80), (92, 91), (60, 110), (40, 40), (3, 2)])
def test_no_sentence_names_a_statistic_a_method_or_a_format(counts: bool, other: Candidate, tuned: int, rival: int) -> None:
    rows = 3 if tuned == 3 else 120
    said, deciding, found, results = judged(counts, **{"tuned": rights(tuned, rows), other.value: rights(rival, rows)})
    lines = [
        said,
        *(c.line for c in found),
        *tuned_line(results[0]),
        *beside(found, deciding, counts_rows=counts, rows=1, test_rows=2, opened=3),
        *not_measured(results, "generation", 1),
    ]
    lines += advice(results[0], deciding, (), train_rows=9, rows=rows, test_rows=rows + 1)
    for line in lines:
        assert not [term for term in TERMS if term in str(line).casefold()], str(line)
        assert Line.model_validate_json(line.model_dump_json()) == line
        assert "{" not in str(line)
    assert said.term


def test_worst_categories_know_what_was_written_instead() -> None:
    labels = {"a": 2, "b": 1}
    test = [Row(str(i), i, "[]", "", label) for i, label in enumerate(["a", "a", "a", "b", "c"])]
    found = worst_categories("classification", [], labels, test, ["b", "b", "a", "b", "a"])
    assert found[0] == CategoryResult(name="a", rows=3, right=1, learned_from=2, mistaken_for="b", mistaken_rows=2)
    assert found[1] == CategoryResult(name="c", rows=1, right=0, learned_from=0, mistaken_for="a", mistaken_rows=1)
    forms = worst_categories("extraction", [], {}, [Row("1", 1, "[]", "", '{"x":"1","y":"2"}')], ['{"x":"1"}'])
    assert [(one.name, one.right) for one in forms] == [("y", 0), ("x", 1)]
    assert worst_categories("generation", [], labels, test, [""] * 5) == ()


def test_pages_of_answers_start_with_what_matters() -> None:
    scores = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.2, 1.0)]
    rows = [AnswerRow(str(i), i, "", "", {}, {Candidate.TUNED: tuned, Candidate.CLASSIC: classic}) for i, (tuned, classic) in enumerate(scores)]

    def shown(show: Show) -> list[int]:
        return [row.position for row in page_of(rows, show, Candidate.CLASSIC, offset=0, size=9).rows]

    assert shown(Show.ALL) == [0, 1, 2, 3]
    assert shown(Show.WRONG) == [1, 3, 2]
    assert shown(Show.REGRESSIONS) == [1, 3]
    assert shown(Show.GAINS) == [0]
    page = page_of(rows, Show.ALL, None, offset=2, size=1)
    assert (page.total, page.next, len(page.rows)) == (4, 3, 1)
    assert page_of([], Show.WRONG, None, offset=0, size=5).rows == ()
