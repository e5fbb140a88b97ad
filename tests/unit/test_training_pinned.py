"""The pinned questions: what they are, that they are asked while a model learns, and that what was answered outlives a kill."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.job import main
from core.training.pinned import PINNED_FILE, Pin, PinnedLog, pinned, wish_others, wished
from tests.unit.training_bench import curve, job_in, recipe, rows, run_folder, tiny_model

PINS = (Pin("where is it?", "delivery"), Pin("it broke", "refund"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def trained(folder, base, **changes):
    run_folder(folder, base, recipe(**changes))
    main(job_in(folder))
    return pinned(folder)


def test_one_sees_the_model_learn_its_pinned_questions(tmp_path, base):
    found = trained(tmp_path / "run", base, num_train_epochs=30, learning_rate=1e-2, early_stopping_patience=50)
    labels = {"apple", "pear", "plum"}
    assert len(found) == 4
    assert {one.wanted for one in found} <= labels
    assert all(answer.text in labels for one in found for answer in one.answers), "answers are held to the known categories, as they will be later"
    assert all(one.wanted in one.question for one in found)
    steps = set(curve(tmp_path / "run", "eval_loss"))
    assert {answer.step for one in found for answer in one.answers} <= steps
    assert max(steps) in {answer.step for answer in found[0].answers}
    assert sum(one.answers[-1].score for one in found) >= sum(one.answers[0].score for one in found)
    assert all(one.answers[-1].score == float(one.answers[-1].text == one.wanted) for one in found)


def test_asking_the_pinned_questions_changes_nothing_in_what_is_learned(tmp_path, base, monkeypatch):
    monkeypatch.setattr("core.training.telling._POINT_EVERY_S", 0)  # else a point is the mean since the one before, whenever that was
    trained(tmp_path / "asked", base)
    monkeypatch.setattr("core.training.pinning.Pinning.ask", lambda *others, **named: None)
    trained(tmp_path / "quiet", base)
    assert not (tmp_path / "quiet" / PINNED_FILE).exists()
    assert curve(tmp_path / "asked", "eval_loss") == curve(tmp_path / "quiet", "eval_loss")
    assert len(curve(tmp_path / "quiet", "loss")) == max(curve(tmp_path / "quiet", "eval_loss"))
    assert curve(tmp_path / "asked", "loss") == curve(tmp_path / "quiet", "loss")


def test_an_adapter_and_a_written_answer_are_asked_too(tmp_path, base):
    run_folder(tmp_path / "run", base, recipe(task="generation", method="lora", num_train_epochs=1, evaluations=2), rows(answer=lambda n: f"say {n}"))
    main(job_in(tmp_path / "run"))
    found = pinned(tmp_path / "run")
    assert [one.wanted.startswith("say ") for one in found] == [True] * 4
    assert all(one.answers for one in found)


def test_a_head_for_categories_is_asked_too(tmp_path, base):
    found = trained(tmp_path / "run", base, head="classification", num_train_epochs=1, evaluations=2)
    assert all(answer.text in {"apple", "pear", "plum"} for one in found for answer in one.answers)
    assert found[0].answers


def test_other_questions_are_pinned_in_place_of_one_or_of_all(tmp_path):
    assert wished(tmp_path) == (0, 1, 2, 3)
    assert wish_others(tmp_path, 1) == (0, 4, 2, 3)
    assert wish_others(tmp_path) == (5, 6, 7, 8)
    assert wished(tmp_path) == (5, 6, 7, 8)


def test_a_running_training_takes_another_choice_at_its_next_evaluation(tmp_path, base):
    first = trained(tmp_path / "run", base, num_train_epochs=1, evaluations=1)
    wish_others(tmp_path / "run", 0)
    second = trained(tmp_path / "run", base, num_train_epochs=1, evaluations=1)
    assert first[0].question != second[0].question
    assert [one.question for one in first[1:]] == [one.question for one in second[1:]]


def test_a_step_that_is_gone_through_again_keeps_its_last_answer(tmp_path):
    PinnedLog(tmp_path).write(PINS, 10, [("refund", 0.0), ("refund", 1.0)])
    resumed = PinnedLog(tmp_path)
    resumed.write(PINS, 10, [("delivery", 1.0), ("refund", 1.0)])
    resumed.write(PINS, 20, [("delivery", 1.0), ("delivery", 0.0)])
    delivery, refund = pinned(tmp_path)
    assert [(one.step, one.text) for one in delivery.answers] == [(10, "delivery"), (20, "delivery")]
    assert [(one.step, one.text) for one in refund.answers] == [(10, "refund"), (20, "delivery")]


@given(st.integers(0, 400), st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_a_kill_in_the_middle_of_a_line_loses_that_line_and_nothing_else(tmp_path_factory, cut, texts):
    folder = tmp_path_factory.mktemp("run")
    log = PinnedLog(folder)
    for step, text in enumerate(texts):
        log.write(PINS, step, [(text, 0.0), (text, 1.0)])
    whole = (folder / PINNED_FILE).read_bytes()
    (folder / PINNED_FILE).write_bytes(whole[:cut])
    expected = sum(1 for line in whole[:cut].split(b"\n") if b'"step"' in line and _is_json(line))
    PinnedLog(folder).write(PINS, 99, [("a", 1.0), ("b", 0.0)])
    assert [one.step for one in pinned(folder)[0].answers] == [*range(expected), 99]


def _is_json(line):
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_a_run_without_answers_shows_none(tmp_path):
    assert pinned(tmp_path) == ()
