"""Presets, estimates and the coach: plain functions on plain values."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions.run import curves_of
from core.methods.base import method, methods
from core.models.installed import Shape
from core.tasks.base import tasks
from core.training.coach import How, read
from core.training.estimate import Probe, estimate, memory_of, steps_of
from core.training.options import options_of
from core.training.presets import DataSize, ModelSize, Preset, UnknownPreset, rate_of, recipe_for
from core.training.recipe import BadRecipe, Recipe
from core.training.room import fitted, sparing
from storage.rows import Point

STARTER, LARGE = ModelSize("starter", 7_000_000, 1024), ModelSize("Qwen3-0.6B", 596_000_000, 40960)


@pytest.mark.parametrize("task", list(tasks()))
@pytest.mark.parametrize("preset", list(Preset))
@pytest.mark.parametrize("model", [STARTER, LARGE])
@given(rows=st.integers(1, 2_000_000), median=st.integers(1, 20_000), more=st.integers(0, 200_000))
@settings(max_examples=25, deadline=None)
def test_every_preset_is_a_whole_recipe_for_any_data(task, preset, model, rows, median, more):
    recipe = recipe_for(task, preset, DataSize(rows, median, median + more), model)
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert recipe.max_length <= model.context
    assert options_of(recipe).model_dump(mode="json") or recipe.method == "full"
    assert steps_of(recipe, rows) >= 1
    assert recipe.method == ("full" if model is STARTER else "lora")


def test_a_small_set_takes_small_batches_and_more_rounds_than_a_large_one():
    small, large = (recipe_for("classification", "quick", DataSize(rows, 60, 400), STARTER) for rows in (320, 9000))
    assert small.per_device_train_batch_size < large.per_device_train_batch_size
    assert small.num_train_epochs > large.num_train_epochs


def test_the_rate_follows_the_method_and_the_size_without_a_jump():
    sizes = [int(7_000_000 * 1.3**number) for number in range(30)]
    for name in methods():
        found = [rate_of(Recipe(task="classification", method=name), size) for size in sizes]
        assert (found[0], rate_of(Recipe(task="classification", method=name), 600_000_000)) == (method(name).rates.tiny, method(name).rates.large)
        assert all(later <= earlier for earlier, later in pairwise(found))
        assert all(later >= earlier * 0.45 for earlier, later in pairwise(found))
    full = [rate_of(Recipe(task="classification", method="full"), size) for size in (600_000_000, 7_000_000_000, 13_000_000_000)]
    lora = [rate_of(Recipe(task="classification", method="lora"), size) for size in (600_000_000, 7_000_000_000, 13_000_000_000)]
    assert (full, lora) == ([2e-5, 2e-5, 1e-5], [2e-4, 2e-4, 1e-4])


@given(st.integers(1, 200), st.integers(1, 64), st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_what_is_made_to_fit_learns_from_the_same_rows_in_each_correction(rows, accumulated, room):
    recipe = Recipe(task="classification", per_device_train_batch_size=rows, gradient_accumulation_steps=accumulated)

    def needed(one: Recipe) -> int:
        return one.per_device_train_batch_size * (3_000_000 if one.activation_checkpointing else 9_000_000)

    found = fitted(recipe, needed, room)
    assert found.per_device_train_batch_size * found.gradient_accumulation_steps == rows * accumulated
    assert needed(found) <= room or found == list(sparing(recipe))[-1]
    assert found == recipe or needed(recipe) > room
    sizes = [needed(one) for one in (recipe, *sparing(recipe))]
    assert sizes == sorted(sizes, reverse=True)


def test_a_large_model_on_a_small_machine_gets_a_recipe_that_fits_it():
    shape, data = Shape("large", "llama", 1_200_000_000, 2048, 16, 128_000, 8192), DataSize(20_000, 900, 4000)
    roomy, tight = (recipe_for("generation", "balanced", data, ModelSize.of(shape, memory)) for memory in (512 * 10**9, 9 * 10**9))
    assert (roomy.gradient_accumulation_steps, roomy.activation_checkpointing) == (1, False)
    assert tight.per_device_train_batch_size * tight.gradient_accumulation_steps == roomy.per_device_train_batch_size
    assert tight.gradient_accumulation_steps > 1
    assert tight.learning_rate == roomy.learning_rate
    assert memory_of(tight, shape, row_tokens=500) <= 0.8 * 9 * 10**9
    assert recipe_for("generation", "balanced", data, ModelSize.of(shape, 20 * 10**9)) == roomy, "a step goes through the model piece by piece"


def test_a_preset_that_is_none_names_those_that_are():
    with pytest.raises(UnknownPreset, match="quick, balanced, thorough"):
        recipe_for("classification", "fast", DataSize(10, 10, 10), STARTER)


def test_a_fault_in_a_recipe_names_its_field():
    text = recipe_for("classification", "quick", DataSize(100, 50, 80), LARGE).to_toml()
    with pytest.raises(BadRecipe, match="learning_rate"):
        Recipe.from_toml(text.replace("learning_rate = 0.0002", "learning_rate = 3.0"))
    with pytest.raises(BadRecipe, match=r"method_options\.rank"):
        options_of(Recipe.from_toml(text).model_copy(update={"method_options": {"rank": 4}}))


def test_minutes_are_not_measured_until_they_are():
    shape = Shape("starter", "llama", 7_000_000, 256, 8, 4096, 1024)
    recipe = recipe_for("classification", "quick", DataSize(9000, 50, 400), STARTER)
    before = estimate(recipe, shape, train_rows=9000, row_tokens=30, probe=None, memory_free=10**10, disk_free=10**10)
    assert before.seconds is None
    assert not before.memory_measured
    assert 0.7e9 < before.memory_bytes < 2e9
    probe = Probe(train_rows=9000, train_tokens=200_000, validation_tokens=20_000, cut=0, longest=90, startup_s=9, step_s=0.4, batch_tokens=1500,
                  tokens_per_second=3700, validation_s=2, peak_memory_bytes=900_000_000, is_flat=True)  # fmt: skip
    after = estimate(recipe, shape, train_rows=9000, row_tokens=30, probe=probe, memory_free=10**10, disk_free=10**10)
    assert after.seconds == pytest.approx(9 + after.steps * 0.4 + 10 * 2)
    assert (after.memory_bytes, after.memory_measured) == (900_000_000, True)


def points(training, validation, every=10):
    made = [Point(step, "loss", value) for step, value in enumerate(training, 1)]
    return sorted([*made, *(Point(every * number, "eval_loss", value) for number, value in enumerate(validation, 1))], key=lambda point: point.step)


CURVES = {
    How.EARLY: ([3.0] * 10, [2.9]),
    How.LEARNING: ([3.0 - 0.02 * step for step in range(60)], [2.8, 2.5, 2.2, 2.0, 1.9, 1.8]),
    How.OVERFITTING: ([3.0 - 0.03 * step for step in range(80)], [2.5, 2.0, 1.8, 1.9, 2.0, 2.2, 2.4, 2.5]),
    How.SETTLED: ([3.0] * 80, [2.5, 2.0, 1.8, 1.801, 1.802, 1.801, 1.8, 1.803]),
    How.NOT_LEARNING: ([3.0] * 50, [2.9, 2.9, 2.901, 2.899, 2.9]),
    How.DIVERGING: ([3.0 + 0.1 * step for step in range(50)], [2.9, 3.5, 4.9, 6.0, 7.0]),
}


@pytest.mark.parametrize("how", list(CURVES))
def test_the_coach_reads_a_curve_as_a_person_would(how):
    assert read(points(*CURVES[how])).how is how


def test_the_coach_names_the_point_that_the_chart_marks():
    reading = read(points(*CURVES[How.OVERFITTING]))
    assert (reading.best_step, reading.best_loss) == (30, 1.8)
    assert "step 30" in str(reading.said)
    assert "1.800" in str(reading.said)


def test_validation_that_rises_while_training_does_not_fall_is_no_overfitting():
    assert read(points([2.0] * 80, [2.5, 2.0, 1.8, 1.9, 2.0, 2.2, 2.4, 2.5])).how is not How.OVERFITTING


@given(st.lists(st.floats(0.01, 20), min_size=0, max_size=60), st.lists(st.floats(0.01, 20), max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_coach_always_has_a_sentence_and_the_lowest_point(training, validation):
    reading = read(points(training, validation))
    assert str(reading.said)
    if validation:
        assert reading.best_loss == min(validation)


@given(st.integers(0, 5000))
@settings(max_examples=40, deadline=None)
def test_a_curve_has_at_most_a_thousand_points_and_keeps_its_ends(count):
    found = curves_of([Point(step, "loss", float(step)) for step in range(count)])
    if count:
        assert len(found[0].steps) == len(found[0].values) <= 1000
        assert (found[0].steps[0], found[0].steps[-1]) == (0, count - 1)


def test_presets_name_methods_that_are_there():
    for preset in Preset:
        for model in (STARTER, LARGE):
            method(recipe_for("extraction", preset, DataSize(100, 50, 80), model).method)
