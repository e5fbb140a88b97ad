"""What a search tries, when a trial is given up, what is chosen next and what mattered: pure functions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.methods.base import methods
from core.search.halving import RUNGS, goes_on, rung_between
from core.search.ranges import CannotTry, known_names, parsed, ranges_for, recipe_with, suggested, values_in
from core.search.record import Ending, Record, Sampler, SearchSettings, Trial, spent
from core.search.study import importance, next_values
from core.training.presets import rate_of
from tests.unit.search_bench import BATCHES, RATES
from tests.unit.training_bench import recipe

LARGE = 500_000_000


def trial(number: int, rate: float, batch: float, *losses: float, ending: Ending = Ending.WHOLE) -> Trial:
    shares = tuple((at + 1) / 9 for at in range(len(losses)))
    return Trial(number=number, values={RATES.name: rate, BATCHES.name: batch}, ending=ending, losses=losses, shares=shares, seconds=1)


@pytest.mark.parametrize("name", methods())
def test_what_a_method_suggests_can_be_tried_at_both_ends(name: str) -> None:
    chosen = recipe(method=name)
    ranges = suggested(chosen, LARGE, 1000)
    assert ranges[0].name == "learning_rate"
    for end in ("low", "high"):
        changed = recipe_with(chosen, ranges, {found.name: getattr(found, end) for found in ranges})
        assert 1e-6 <= changed.learning_rate <= 0.1
    assert recipe_with(chosen, ranges, values_in(chosen, ranges)).method == name


def test_a_large_models_lora_is_tried_from_rank_8_to_64_around_the_rate_that_it_starts_from() -> None:
    by_name = {found.name: found for found in suggested(recipe(method="lora"), LARGE, 1000)}
    assert by_name["r"].among == (8, 16, 32, 64)
    start = rate_of(recipe(method="lora"), LARGE)
    assert (by_name["learning_rate"].low, by_name["learning_rate"].high) == pytest.approx((start / 20, start * 5), rel=0.05)
    assert by_name["learning_rate"].log
    assert by_name["per_device_train_batch_size"].among == (4, 8, 16)


def test_alpha_keeps_its_ratio_to_the_rank() -> None:
    chosen = recipe(method="lora", method_options={"r": 16, "lora_alpha": 32})
    changed = recipe_with(chosen, suggested(chosen, LARGE, 1000), {"r": 64})
    assert (changed.method_options["r"], changed.method_options["lora_alpha"]) == (64, 128)


@pytest.mark.parametrize(
    ("text", "low", "high", "among"),
    [("1e-5…1e-3", 1e-5, 1e-3, ()), ("0.01..0.1", 0.01, 0.1, ()), ("0...0.2", 0, 0.2, ()), ("0.2, 0.1,0", 0, 0.2, (0, 0.1, 0.2))],
)
def test_a_range_is_read_as_people_write_it(text: str, low: float, high: float, among: tuple[float, ...]) -> None:
    found = parsed(recipe(), "weight_decay", text)
    assert (found.low, found.high, found.among) == (low, high, among)
    assert parsed(recipe(), "weight_decay", found.text()) == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("weight_decay", "high"), ("weight_decay", "0.1…0.01"), ("weight_decay", "0.1"), ("weight_decay", "0…7"), ("learning_rate", "nan…1"),
        ("seed", "1, 2"), ("num_train_epochs", "1…3"), ("r", "8, 16"), ("weight_decay", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_said_before_anything_starts(name: str, text: str) -> None:
    with pytest.raises(CannotTry) as error:
        ranges_for(recipe(), {name: text}, suggested(recipe(), LARGE, 1000))
    assert all(known in str(error.value) for known in known_names(recipe()))


def test_nothing_asked_is_all_that_is_suggested_and_a_name_alone_is_the_suggested_range() -> None:
    suggestion = suggested(recipe(), LARGE, 1000)
    assert ranges_for(recipe(), {}, suggestion) == suggestion
    assert ranges_for(recipe(), {"learning_rate": ""}, suggestion) == suggestion[:1]


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=30), st.randoms())
def test_of_trials_in_any_order_the_best_goes_on_and_of_nine_others_that_are_better_none(losses: list[float], order) -> None:
    order.shuffle(losses)
    best = min(losses)
    others = list(losses)
    others.remove(best)
    assert goes_on(best, others)
    assert not goes_on(best + 1, [best] * 9)


@given(st.floats(0, 0.99), st.floats(0, 0.99))
def test_a_rung_is_met_once_whatever_steps_the_evaluations_take(first: float, second: float) -> None:
    low, high = sorted((first, second))
    met = [rung for at in ((0.0, low), (low, high), (high, 0.999)) if (rung := rung_between(*at)) is not None]
    assert len(met) == len(set(met))
    assert met[-1:] == [RUNGS[-1]]


def test_a_trial_is_never_weighed_at_its_end() -> None:
    assert rung_between(0.5, 1.0) is None
    assert rung_between(0.0, 1.0) is None


@pytest.mark.parametrize("sampler", Sampler)
def test_the_same_past_and_seed_choose_the_same_values_within_the_ranges(sampler: Sampler) -> None:
    past = [trial(number, 1e-3 * number, (4, 8, 16)[number % 3], 2.0, 1.0 / number) for number in range(1, 8)]
    past.append(trial(8, 5e-3, 4, 3.0, ending=Ending.EARLY))
    past.append(trial(9, 9e-3, 16, ending=Ending.DIVERGED))
    found = next_values((RATES, BATCHES), sampler, 3, past)
    assert found == next_values((RATES, BATCHES), sampler, 3, past)
    assert found != next_values((RATES, BATCHES), sampler, 4, past)
    assert RATES.low <= found[RATES.name] <= RATES.high
    assert found[BATCHES.name] in BATCHES.among


def test_tpe_comes_back_to_where_losses_were_low() -> None:
    def loss(rate: float) -> float:
        return abs(math.log10(rate) + 3)  # best at 1e-3

    past: list[Trial] = []
    for number in range(1, 31):
        values = next_values((RATES, BATCHES), Sampler.TPE, 0, past)
        past.append(trial(number, values[RATES.name], values[BATCHES.name], loss(values[RATES.name])))
    late = [loss(one.values[RATES.name]) for one in past[15:]]
    assert sum(late) / len(late) < 0.42  # at random it would be 0.5
    assert min(late) < 0.1


def test_what_decides_the_loss_is_called_important() -> None:
    past = [trial(n, 10 ** (-4 + 2 * (n % 7) / 6), (4, 8, 16)[n % 3], 3.0, 3.0 - (n % 7) / 3) for n in range(20)]
    found = importance((RATES, BATCHES), past)
    assert sum(found.values()) == pytest.approx(1)
    assert found[RATES.name] > 0.8


def test_nothing_is_said_of_importance_while_too_little_is_known() -> None:
    few = [trial(n, 1e-3, 8, 1.0 + n) for n in range(5)]
    same = [trial(n, 1e-3 + n * 1e-4, 8, 1.0) for n in range(12)]
    assert importance((RATES, BATCHES), few) == {}
    assert importance((RATES, BATCHES), same) == {}
    assert importance((RATES,), same) == {}


def test_the_winner_is_the_ended_trial_with_the_lowest_loss_at_any_of_its_evaluations() -> None:
    record = Record(trials=(trial(1, 1e-3, 8, 2.0, 1.0, 1.5), trial(2, 2e-3, 8, 1.2), trial(3, 3e-3, 8, 0.5, ending=Ending.AT_WORK)))
    assert record.winner is not None
    assert record.winner.number == 1
    assert Record(trials=(trial(1, 1e-3, 8, ending=Ending.DIVERGED),)).winner is None


def test_the_budget_is_spent_by_trials_or_by_minutes_whichever_comes_first(tmp_path) -> None:
    from core.models.reference import ModelReference

    settings = SearchSettings(recipe=recipe(), base=ModelReference(name="m", folder=tmp_path), ranges=(RATES,), trials=10, minutes=0.1)
    past = [trial(number, 1e-3, 8, 1.0) for number in range(1, 7)]
    assert spent(settings, past) == pytest.approx(1)
    assert spent(settings.model_copy(update={"minutes": None}), past) == pytest.approx(0.6)
