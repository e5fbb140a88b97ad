"""The evaluation's child on real tiny models: what it writes, how it stops, and what it says of few rows and odd ones."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.evaluation.answers import read_answers
from core.evaluation.baselines import CannotLearn, Classic, Lead, Majority, Nearest, baselines, beside, commonest, first_sentence
from core.evaluation.job import main
from core.evaluation.rows import drawn, read_rows
from core.evaluation.settings import ANSWERS_FILE, ROWS_FILE, VERDICT_FILE
from core.evaluation.verdict import Candidate, Outcome
from core.jobs.events import Artefact, Progress, from_lines
from core.jobs.handle import EVENTS_FILE, STOP_FILE, JobStopped
from core.models.reference import ModelReference
from tests.unit.evaluation_bench import FRUIT, fruit_rows, job_in, rows_file, verdict_of
from tests.unit.training_bench import tiny_model

Models = tuple[ModelReference, ModelReference]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("models")
    return tiny_model(folder / "base", seed=0), tiny_model(folder / "tuned", seed=1)


@contextmanager
def short_answers(task: str) -> Iterator[None]:
    """Untrained models write until they may not: eight tokens are enough here."""
    from core.tasks.base import tasks

    kind = type(tasks()[task])
    before = kind.max_new_tokens
    kind.max_new_tokens = 8
    try:
        yield
    finally:
        kind.max_new_tokens = before


def test_categories_are_judged_with_counts_and_every_answer_is_kept(tmp_path: Path, models: Models) -> None:
    base, tuned = models
    job = job_in(tmp_path, fruit_rows(60, 40), tuned, base, opened=2)
    main(job)
    verdict, answers = verdict_of(job), read_answers(tmp_path / ANSWERS_FILE)
    assert [result.name for result in verdict.candidates] == [Candidate.TUNED, Candidate.CLASSIC, Candidate.MAJORITY, Candidate.BASE]
    assert str(verdict.headline).startswith("Clearly worse than the classic method:")
    assert (verdict.rows, verdict.test_rows, verdict.train_rows, verdict.restricted) == (40, 40, 60, True)
    assert len(answers) == 40
    for result in verdict.candidates:
        assert result.headline is not None
        right = sum(row.answers[result.name] == row.reference for row in answers)
        assert (result.headline.right, result.headline.rows) == (right, 40)
        assert sum(row.scores[result.name] for row in answers) == right
        assert result.headline.value == right / 40
        assert result.headline.low is not None
        assert result.headline.low < result.headline.value or right == 0
        assert {row.answers[result.name] for row in answers} <= set(FRUIT), "held to the known categories, in their stored form"
    classic = verdict.result(Candidate.CLASSIC)
    assert classic is not None
    assert classic.headline is not None
    assert classic.headline.right == 40
    assert classic.learned_from == 60
    assert any("looked at 2 times" in str(line) for line in verdict.beside)


def test_progress_counts_up_with_time_left_and_both_files_are_announced(tmp_path: Path, models: Models) -> None:
    base, tuned = models
    main(job_in(tmp_path, fruit_rows(30, 12), tuned, base))
    events = [event for event, _ in from_lines((tmp_path / EVENTS_FILE).read_bytes())]
    shares = [event.share for event in events if isinstance(event, Progress)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert any(event.seconds_left is not None for event in events if isinstance(event, Progress))
    assert {event.name: event.path for event in events if isinstance(event, Artefact)} == {"answers": ANSWERS_FILE, "verdict": VERDICT_FILE}


def test_the_same_model_twice_is_exactly_as_good_as_itself(tmp_path: Path, models: Models) -> None:
    base, _ = models
    job = job_in(tmp_path, [row for row in fruit_rows(30, 20) if row[0] != "validation"], base, base)
    main(job)
    compared = verdict_of(job).against(Candidate.BASE)
    assert compared is not None
    assert compared.better + compared.worse + compared.equal == 20


@pytest.mark.parametrize("task", ["generation", "summarisation", "extraction"])
def test_free_text_is_judged_against_the_nearest_known_answer(tmp_path: Path, models: Models, task: str) -> None:
    base, tuned = models
    parts = ["train"] * 20 + ["validation"] * 3 + ["test"] * 12
    rows = [(part, f"Book {n % 7} seats. Thanks!", f'{{"seats": "{n % 7}"}}') for n, part in enumerate(parts)]
    job = job_in(tmp_path, rows, tuned, base, task=task, max_rows=10)
    with short_answers(task):
        main(job)
    verdict = verdict_of(job)
    nearest = verdict.result(Candidate.NEAREST)
    assert nearest is not None
    assert nearest.headline is not None
    assert nearest.headline.value == 1
    assert nearest.headline.low is None, "answers that all score the same give no interval"
    assert verdict.outcome is Outcome.WORSE
    assert "nearer to the wanted answer on 0 of 10 rows" in str(verdict.headline)
    assert "10 of 12 test rows were asked" in " ".join(map(str, verdict.beside))
    assert (verdict.result(Candidate.LEAD) is not None) == (task == "summarisation")
    assert bool(verdict.worst) == (task == "extraction")
    assert [(field.name, field.wanted, field.own_made_up) for field in verdict.fields] == ([("seats", 10, 0)] if task == "extraction" else [])


@pytest.mark.parametrize("rows", [1, 3])
def test_few_test_rows_are_too_few_to_tell(tmp_path: Path, models: Models, rows: int) -> None:
    base, tuned = models
    job = job_in(tmp_path, fruit_rows(30, rows), tuned, base)
    main(job)
    verdict = verdict_of(job)
    assert verdict.outcome is Outcome.TOO_FEW
    assert str(verdict.headline).startswith("Too few rows to tell:")
    assert "Keep more rows aside" in str(verdict.advice[0])


def test_no_test_rows_are_said_to_measure_nothing(tmp_path: Path, models: Models) -> None:
    base, tuned = models
    job = job_in(tmp_path, fruit_rows(30, 0), tuned, base)
    main(job)
    verdict = verdict_of(job)
    assert (verdict.outcome, verdict.rows, verdict.candidates) == (Outcome.NOT_MEASURED, 0, ())
    assert str(verdict.headline) == "Nothing was measured: no rows were kept aside for the exam."
    assert read_answers(tmp_path / ANSWERS_FILE) == []


def test_test_rows_of_an_unknown_category_count_as_wrong_and_are_told(tmp_path: Path, models: Models) -> None:
    base, tuned = models
    job = job_in(tmp_path, [*fruit_rows(30, 10), ("test", "a new thing", "fig_jam"), ("test", "unanswered", None)], tuned, base)
    main(job)
    verdict = verdict_of(job)
    assert verdict.rows == 11
    assert any("1 test rows belong to a category" in str(line) for line in verdict.not_measured)


def test_a_stop_is_honoured_before_anything_is_announced(tmp_path: Path, models: Models) -> None:
    base, tuned = models
    job = job_in(tmp_path, fruit_rows(60, 40), tuned, base)
    (tmp_path / STOP_FILE).touch()
    with pytest.raises(JobStopped):
        main(job)
    assert not (tmp_path / VERDICT_FILE).exists()


class Stopped(Exception):
    pass


def test_a_stop_does_not_wait_for_the_classic_method() -> None:
    """The fit that cannot be interrupted is one that ends only once the stop was honoured."""
    honoured = threading.Event()

    def fit() -> list[str]:
        honoured.wait(60)
        return []

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        beside(fit, stop)
    honoured.set()


def test_baselines_learn_from_training_rows_alone(tmp_path: Path) -> None:
    rows = read_rows(
        rows_file(tmp_path / ROWS_FILE, [("train", "red", "a"), ("train", "blue", "b"), ("train", "sky blue", "b"), ("test", "red red", "c")])
    )
    assert Majority().answers(rows.train, rows.test, lambda: None) == ["b"]
    assert Classic().answers(rows.train, rows.test, lambda: None) == ["a"]
    assert Nearest().answers(rows.train, rows.test, lambda: None) == ["a"]
    assert commonest(rows.train[:2]) == "a", "ties go to the first in the alphabet"


def test_a_baseline_that_cannot_learn_says_why(tmp_path: Path) -> None:
    one = read_rows(rows_file(tmp_path / "one.parquet", [("train", "red", "a"), ("train", "blue", "a"), ("test", "x", "a")]))
    with pytest.raises(CannotLearn, match="one category only"):
        Classic().answers(one.train, one.test, lambda: None)
    signs = read_rows(rows_file(tmp_path / "signs.parquet", [("train", "!", "a"), ("train", "?", "b"), ("test", "x", "a")]))
    with pytest.raises(CannotLearn, match="no words"):
        Nearest().answers(signs.train, signs.test, lambda: None)
    with pytest.raises(CannotLearn, match="no training rows"):
        Majority().answers((), signs.test, lambda: None)
    assert {baseline.name for baseline in baselines("summarisation")} == {Candidate.NEAREST, Candidate.LEAD}


@pytest.mark.parametrize(
    ("text", "first"), [("One. Two.", "One."), ("Is it? Yes", "Is it?"), ("no end", "no end"), ("#A: hi\n#B: ho", "#A: hi"), ("", "")]
)
def test_the_first_sentence_is_found(text: str, first: str) -> None:
    assert first_sentence(text) == first
    rows = ()
    assert Lead().answers(rows, rows, lambda: None) == []


def test_rows_are_drawn_by_seed_in_their_own_order(tmp_path: Path) -> None:
    rows = read_rows(rows_file(tmp_path / ROWS_FILE, fruit_rows(0, 50, 0))).test
    some = drawn(rows, 10, seed=3)
    assert some == drawn(rows, 10, seed=3) != drawn(rows, 10, seed=4)
    assert [row.position for row in some] == sorted(row.position for row in some)
    assert drawn(rows, None, 0) == drawn(rows, 50, 1) == rows
