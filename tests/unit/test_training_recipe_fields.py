"""Steps that are asked for, and activation checkpointing: what a recipe says is what is done."""

import pytest

from core.models.installed import Shape
from core.training.coach.look import FACT
from core.training.estimate import estimate, rounds_of, steps_of
from core.training.recipe import Recipe
from tests.curves.reading import recorded
from tests.unit.training_bench import curve, job_in, recipe, run_folder, said, tiny_model


def _trained(folder, base, **changes):
    from core.training.job import main

    main(job_in(run_folder(folder, base, recipe(num_train_epochs=1, evaluations=2, **changes))))
    return curve(folder, "loss"), curve(folder, "eval_loss")


@pytest.mark.parametrize("method", ["full", "lora"])
def test_with_activation_checkpointing_a_training_has_the_same_losses(tmp_path, method, monkeypatch):
    monkeypatch.setattr("core.training.telling._POINT_EVERY_S", 0)  # else a point is the mean since the one before, whenever that was
    base = tiny_model(tmp_path / "tiny")
    plain, spared = (_trained(tmp_path / str(on), base, method=method, activation_checkpointing=on, max_steps=4) for on in (False, True))
    assert plain[1].keys() == {2, 4}
    assert plain[0].keys() == {1, 2, 3, 4}
    for one, other in zip(plain, spared, strict=True):
        assert other == pytest.approx(one, abs=1e-6)


def test_the_probe_measures_what_the_training_does_with_activation_checkpointing(tmp_path):
    """Both get their model from here."""
    from core.training.job import prepare
    from core.training.telling import Telling

    base = tiny_model(tmp_path / "tiny")
    for on in (False, True):
        asked = recipe(activation_checkpointing=on)
        job = job_in(run_folder(tmp_path / str(on), base, asked))
        assert prepare(job, Telling(job), asked, base).model.is_gradient_checkpointing is on


def test_activation_checkpointing_is_known_to_save_memory_before_anything_is_measured():
    large = Shape("large", "llama", 1_200_000_000, 2048, 16, 128_000, 8192)
    needed = [
        estimate(recipe(activation_checkpointing=on), large, train_rows=100, row_tokens=500, probe=None, memory_free=1, disk_free=1).memory_bytes
        for on in (False, True)
    ]
    assert needed[1] < 0.95 * needed[0]


def test_steps_that_were_asked_for_are_what_is_estimated():
    assert steps_of(recipe(max_steps=7), 1000) == 7
    assert rounds_of(recipe(max_steps=7, per_device_train_batch_size=8), 16) == 3.5
    assert rounds_of(recipe(num_train_epochs=2.5), 16) == 2.5


def test_a_run_by_steps_tells_how_often_its_rows_were_gone_through(tmp_path):
    """48 rows by 8 are 6 steps a round; the coach's judgement and proposals count in rounds."""
    folder = tmp_path / "run"
    _trained(folder, tiny_model(tmp_path / "tiny"), max_steps=3)
    told = {event.name: event.value for event in said(folder) if event.kind == "point" and event.step == 0 and event.name.startswith(FACT)}
    assert (told["fact.steps"], told["fact.epochs"], told["fact.train_rows"], told["fact.validation_rows"]) == (3, 0.5, 48, 12)
    assert told["fact.train_copies"] == 0
    assert told["fact.majority"] == pytest.approx(1 / 3, abs=0.02)
    last = curve(folder, "eval_accuracy")
    assert last.keys() == {2, 3}
    assert all(0 <= value <= 1 for value in last.values())


def test_what_the_coach_proposes_for_a_run_by_steps_changes_its_steps():
    """`max_steps` goes before rounds: a proposal that leaves it there would train the same again."""
    was = recipe(max_steps=40)
    for curve_file in recorded():
        proposal = curve_file.said().proposal
        if proposal is not None and "num_train_epochs" in proposal.changes:
            assert Recipe.of({**was.model_dump(), **proposal.changes}).max_steps is None
