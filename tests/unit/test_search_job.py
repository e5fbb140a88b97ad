"""The search job on a tiny real model: it tries, compares, keeps what it knows, and goes on where it was."""

import json
from pathlib import Path

import pytest

from core.jobs.handle import JobStopped
from core.search.job import NothingLearned, NothingToCompareBy
from core.search.ranges import Range, recipe_with
from core.search.record import Ending, Record
from tests.unit.search_bench import BATCHES, RATES, StopsAfter, search_folder, searched, short_recipe
from tests.unit.training_bench import curve, job_in, rows, run_folder, tiny_model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


def plain(record: Record) -> list[tuple[object, ...]]:
    """Without what a clock decides."""
    return [(one.number, one.values, one.ending, one.losses, one.tokens) for one in record.trials]


def test_a_search_tries_the_recipe_itself_first_and_gives_weak_trials_up_early(base, tmp_path) -> None:
    chosen = short_recipe()
    record = searched(search_folder(tmp_path / "search", base, chosen, trials=6))
    first = record.trials[0]
    assert first.values == {"learning_rate": chosen.learning_rate, "per_device_train_batch_size": 8}
    assert [one.number for one in record.trials] == [1, 2, 3, 4, 5, 6]
    early = [one for one in record.trials if one.ending is Ending.EARLY]
    assert early
    assert all(one.tokens < 0.8 * first.tokens for one in early)
    assert record.winner is not None
    assert record.winner.best <= first.best
    assert record.importance.keys() == {"learning_rate", "per_device_train_batch_size"}
    assert curve(tmp_path / "search", "trial_loss")[1] == first.best


def test_a_stopped_search_goes_on_as_if_nothing_had_been(base, tmp_path) -> None:
    from core.search.job import main

    whole = searched(search_folder(tmp_path / "whole", base, short_recipe(), trials=4, halving=False))
    broken = search_folder(tmp_path / "broken", base, short_recipe(), trials=4, halving=False)
    stopped = StopsAfter(broken, job_in(broken).spec)
    with pytest.raises(JobStopped):
        main(stopped)
    stopped.close()
    assert plain(Record.of(broken)) == plain(whole)[:2]
    assert plain(searched(broken)) == plain(whole)
    assert not (broken / "checkpoints").exists()


def test_what_a_kill_left_half_done_is_tried_again(base, tmp_path) -> None:
    folder = search_folder(tmp_path / "search", base, short_recipe(), trials=2, halving=False)
    whole = searched(folder)
    half = whole.trials[1].model_copy(update={"ending": Ending.AT_WORK, "losses": whole.trials[1].losses[:2], "shares": whole.trials[1].shares[:2]})
    whole.with_trial(half).save(folder)
    assert plain(searched(folder)) == plain(whole)


@pytest.mark.parametrize(
    ("name", "options"), [("full", {}), ("lora", {"r": 4}), ("lora", {"r": 4, "lora_alpha": 4, "init_lora_weights": "pissa"}), ("bottleneck", {})]
)
def test_training_with_the_winners_settings_comes_to_the_loss_that_its_trial_had(base, tmp_path, name, options) -> None:
    """Trials share the base's weights: none may leave a trace in the next one."""
    from core.training.job import main

    chosen = short_recipe(method=name, method_options=options, num_train_epochs=2)
    record = searched(search_folder(tmp_path / "search", base, chosen, ranges=(RATES,), trials=3, halving=False))
    last = record.trials[-1]
    run = run_folder(tmp_path / "run", base, recipe_with(chosen, (RATES,), last.values))
    job = job_in(run)
    main(job)
    job.close()
    assert list(curve(run, "eval_loss").values()) == pytest.approx(list(last.losses), abs=1e-6)


def test_a_trial_that_diverges_or_cannot_be_ends_no_search(base, tmp_path) -> None:
    hot = Range(name="learning_rate", low=1e-3, high=0.1, log=True)
    impossible = Range(name="r", low=2, high=1024, whole=True, among=(2, 1024), option=True, along=("lora_alpha",))
    chosen = short_recipe(method="lora", method_options={"r": 2, "lora_alpha": 32}, num_train_epochs=1)
    record = searched(search_folder(tmp_path / "search", base, chosen, ranges=(hot, impossible), trials=4, halving=False))
    assert Ending.IMPOSSIBLE in {one.ending for one in record.trials}  # alpha would be 16,384
    assert record.winner is not None


def test_without_validation_rows_there_is_nothing_to_compare_by(base, tmp_path) -> None:
    data = [{**row, "part": "train"} for row in rows()]
    with pytest.raises(NothingToCompareBy):
        searched(search_folder(tmp_path / "search", base, short_recipe(), data=data))


def test_where_no_trial_comes_to_a_result_that_is_said(base, tmp_path) -> None:
    impossible = Range(name="r", low=512, high=1024, whole=True, among=(512, 1024), option=True, along=("lora_alpha",))
    chosen = short_recipe(method="lora", method_options={"r": 2, "lora_alpha": 32})
    folder = search_folder(tmp_path / "search", base, chosen, ranges=(impossible,), trials=2)
    with pytest.raises(NothingLearned):
        searched(folder)
    assert [one.ending for one in Record.of(folder).trials] == [Ending.IMPOSSIBLE] * 2


def test_minutes_end_a_search_after_the_first_whole_trial(base, tmp_path) -> None:
    record = searched(search_folder(tmp_path / "search", base, short_recipe(num_train_epochs=1), trials=50, minutes=1e-4))
    assert [one.ending for one in record.trials] == [Ending.WHOLE]


def test_a_search_leaves_nothing_behind_but_its_record(base, tmp_path) -> None:
    folder = search_folder(tmp_path / "search", base, short_recipe(num_train_epochs=1), ranges=(RATES, BATCHES), trials=2)
    searched(folder)
    assert {path.name for path in folder.iterdir()} == {"search.json", "events.jsonl", "spec.json", "rows.parquet", "reserve"}
    assert json.loads(Path(folder / "search.json").read_text())["trials"]
