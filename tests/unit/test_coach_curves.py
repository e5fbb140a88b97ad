"""The coach on real runs with planted causes: right where something was planted, silent where nothing was. `tests/curves` made them."""

from collections import Counter

import pytest

from core.training.coach import How, read
from core.training.recipe import Recipe
from storage.rows import Point
from tests.curves.plants import PLANTS, held_out
from tests.curves.reading import cause_of, recorded

CURVES, HELD_OUT = recorded(), held_out()
SEEN = [curve for curve in CURVES if curve.name not in HELD_OUT]
HELD = [curve for curve in CURVES if curve.name in HELD_OUT]
NORMAL = [curve for curve in CURVES if curve.cause == "learning"]


def confusion(curves):
    """(planted, said) of those that differ, for whoever reads a failure."""
    return {pair: count for pair, count in Counter((curve.cause, cause_of(curve.said())) for curve in curves).items() if pair[0] != pair[1]}


def test_there_are_sixty_curves_and_a_third_is_held_out():
    assert len(CURVES) >= 60
    assert {curve.name for curve in CURVES} == {plant.name for plant in PLANTS}
    assert 0.3 <= len(HELD) / len(CURVES) <= 0.36
    causes = {how.value for how in How} - {"early", "settled"}
    assert {curve.cause for curve in SEEN} == {curve.cause for curve in HELD} == causes


def test_the_cause_is_named_on_the_curves_that_the_rules_were_written_by():
    assert sum(confusion(SEEN).values()) <= 0.1 * len(SEEN), confusion(SEEN)


def test_the_cause_is_named_on_curves_that_nobody_had_looked_at():
    assert sum(confusion(HELD).values()) <= 0.2 * len(HELD), confusion(HELD)


@pytest.mark.parametrize("curve", NORMAL, ids=lambda curve: curve.name)
def test_a_normal_run_that_ended_is_never_warned_of(curve):
    assert cause_of(curve.said()) == "learning"


@pytest.mark.parametrize("curve", [curve for curve in NORMAL if curve.name not in HELD_OUT], ids=lambda curve: curve.name)
def test_a_normal_run_is_not_warned_of_on_its_way_either(curve):
    steps = sorted({point.step for point in curve.points if point.name == "eval_loss"})
    assert {cause_of(read(curve.until(step))) for step in steps} == {"learning"}


@pytest.mark.parametrize("curve", [curve for curve in CURVES if curve.cause == "overfitting"], ids=lambda curve: curve.name)
def test_over_fitting_is_said_to_begin_at_the_lowest_point(curve):
    reading, losses = curve.said(), {point.step: point.value for point in curve.points if point.name == "eval_loss"}
    assert losses[reading.best_step] == min(losses.values())
    assert f"step {reading.best_step:,}" in str(reading.said)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_what_is_proposed_is_one_action_and_its_recipe_is_whole(curve):
    proposal = curve.said().proposal
    if cause_of(curve.said()) == "learning":
        assert proposal is None
        return
    assert str(proposal.said)
    assert proposal.verb in {"train", "checkup", "mend", "split", "method"}
    if proposal.verb == "train":
        plant = next(plant for plant in PLANTS if plant.name == curve.name)
        assert Recipe.of({**plant.recipe().model_dump(), **proposal.changes}) != plant.recipe()


def test_a_curve_file_says_how_it_was_made():
    import json

    from tests.curves.reading import FOLDER

    for plant in PLANTS:
        stored = json.loads((FOLDER / f"{plant.name}.json").read_text(encoding="utf-8"))
        assert (stored["cause"], stored["seed"], stored["model"], stored["data"]) == (plant.cause, plant.seed, plant.model, plant.data)
        assert Recipe.from_toml(stored["recipe"]) == plant.recipe()


def test_facts_nobody_told_are_not_guessed():
    """Runs from before the training told of its rows: only what the curves themselves show is said."""
    bare = {"loss", "eval_loss"}
    said = {cause_of(read(tuple(point for point in curve.points if point.name in bare))) for curve in NORMAL}
    assert said <= {"learning", "overfitting"}
    assert read([Point(1, "loss", 3.0)]).how is How.EARLY
