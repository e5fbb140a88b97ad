"""A search against the full grid: the lowest validation loss that each finds, and the tokens that each learns from on the way.

`python -m tests.bench.search [--quick] [--json] [--seeds N]`

Full fine-tuning of a tiny model of random weights: the grid takes every learning rate with every batch size and every warm-up, all trained to the end; a
search has 20 trials and stops weak ones early. --quick takes a small grid and 8 trials. Losses are those of one machine and one thread; tokens are exact anywhere.
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path
from statistics import median

from core.quiet import be_quiet
from core.search.ranges import Range, parsed, suggested
from core.search.record import Record, SearchSettings
from tests.bench.figures import Figure, tell

_PARAMETERS = 40_000
_RATES = 6  # values of the learning rate in the grid, in equal factors from one end of the range to the other
_GOAL_LOSS, _GOAL_TOKENS = "at most 1.01", "at most 0.25"


def grid(ranges: tuple[Range, ...], rates: int) -> Iterator[Mapping[str, float]]:
    """Every combination."""
    values = [
        found.among or [found.low * (found.high / found.low) ** (at / (rates - 1)) for at in range(rates)] for found in ranges
    ]  # fmt: skip
    for chosen in itertools.product(*values):
        yield dict(zip((found.name for found in ranges), chosen, strict=True))


def gone_through(folder: Path, values: Iterator[Mapping[str, float]]) -> Record:
    """The grid's trials, on what all share, each to its end."""
    from core.search.trial import Base, Shared, run_trial
    from core.training.job import bounded_validation, prepare_rows
    from core.training.telling import Telling
    from tests.unit.training_bench import job_in

    job = job_in(folder)
    settings, telling = SearchSettings.model_validate(job.spec.settings), Telling(job)
    rows, tokenizer = prepare_rows(job, telling, settings.recipe, settings.base)
    shared = Shared(job, settings, rows, bounded_validation(rows, settings.recipe, telling), tokenizer, Base(settings.base))
    record = Record()
    for number, chosen in enumerate(values, start=1):
        record = record.with_trial(run_trial(shared, number, chosen, (), lambda trial, share: None))
    return record


def main() -> None:
    from tests.unit.search_bench import search_folder, searched
    from tests.unit.training_bench import recipe, rows, tiny_model

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--seeds", type=int, default=3, help="how many searches; the median is told")
    given = parser.parse_args()
    be_quiet()
    chosen = recipe(method="full", num_train_epochs=2 if given.quick else 6, evaluations=9)
    suggestion = suggested(chosen, _PARAMETERS, 1000)
    ranges = (*suggestion, parsed(chosen, "warmup_ratio", "0, 0.06, 0.12, 0.3"))
    if given.quick:
        ranges = tuple(found.model_copy(update={"among": found.among[:2]}) for found in ranges)
    with tempfile.TemporaryDirectory() as temporary:
        base, data = tiny_model(Path(temporary) / "model"), rows(60 if given.quick else 150)
        folder = search_folder(Path(temporary) / "grid", base, chosen, ranges=ranges, data=data, halving=False)
        whole = gone_through(folder, grid(ranges, 3 if given.quick else _RATES))
        found = [
            searched(
                search_folder(
                    Path(temporary) / f"search{seed}", base, chosen, ranges=ranges, data=data, seed=1000 * seed, trials=8 if given.quick else 20
                )
            )
            for seed in range(1 if given.quick else given.seeds)
        ]
    for figure in _figures(whole, found):
        tell(figure, as_json=given.as_json)


def _figures(whole: Record, found: list[Record]) -> Iterator[Figure]:
    """Of several searches that differ in their seed: the median, and of the losses the worst too."""
    assert whole.winner is not None
    best, tokens = whole.winner.best, sum(trial.tokens for trial in whole.trials)
    losses = [record.winner.best if record.winner is not None else inf for record in found]
    learned = median(sum(trial.tokens for trial in record.trials) for record in found)
    grid_of, search_of = f"grid of {len(whole.trials)}", f"search of {len(found[0].trials)}, {len(found)} seed(s)"
    middle = median(trial.best for trial in whole.trials)
    yield Figure(f"{grid_of}: lowest validation loss", best, "")
    yield Figure(f"{grid_of}: median trial's lowest validation loss", middle, "", "the grid's lowest", middle / best)
    yield Figure(f"{search_of}: median of the lowest validation losses", median(losses), "", "the grid's lowest", median(losses) / best, _GOAL_LOSS)
    yield Figure(f"{search_of}: worst of the lowest validation losses", max(losses), "", "the grid's lowest", max(losses) / best, _GOAL_LOSS)
    yield Figure(f"{grid_of}: tokens learned from", tokens, "tokens")
    yield Figure(f"{search_of}: median of the tokens learned from", learned, "tokens", "the grid's", learned / tokens, _GOAL_TOKENS)


if __name__ == "__main__":
    main()
