"""Steps that are asked for, and activation checkpointing: what a recipe says is what is done."""

import pytest

from core.training.estimate import steps_of
from tests.unit.training_bench import curve, job_in, recipe, run_folder, tiny_model


def _trained(folder, base, **changes):
    from core.training.job import main

    main(job_in(run_folder(folder, base, recipe(num_train_epochs=1, evaluations=2, **changes))))
    return curve(folder, "loss"), curve(folder, "eval_loss")


@pytest.mark.parametrize("method", ["full", "lora"])
def test_with_activation_checkpointing_a_training_has_the_same_losses(tmp_path, method):
    base = tiny_model(tmp_path / "tiny")
    plain, spared = (_trained(tmp_path / str(on), base, method=method, activation_checkpointing=on, max_steps=4) for on in (False, True))
    assert plain[1].keys() == {2, 4}
    for one, other in zip(plain, spared, strict=True):
        assert one
        assert other == pytest.approx(one, abs=1e-6)


def test_steps_that_were_asked_for_are_what_is_estimated():
    assert steps_of(recipe(max_steps=7), 1000) == 7
