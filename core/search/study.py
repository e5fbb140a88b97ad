"""What to try next and what mattered, asked of Optuna (Akiba et al. 2019, arXiv:1907.10902). Imported by the search's child only.

No study is kept: it is made from the record each time, with a seed of its own for each trial, so that a search that was killed tries what it would have
tried. Optuna writes nothing, logs nothing and asks nobody.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from core.search.ranges import Range
from core.search.record import Ending, Sampler, Trial

_STARTUP = 5  # trials at random before TPE has something to go by
_LEAST_TRIALS = 6  # for a word on what mattered
_TREES = 32

optuna.logging.disable_default_handler()


def next_values(ranges: Sequence[Range], sampler: Sampler, seed: int, past: Sequence[Trial]) -> dict[str, float]:
    """The values of the next trial, the same for the same past and seed."""
    study = optuna.create_study(sampler=_sampler(sampler, seed + len(past)))
    study.add_trials([_told(ranges, trial) for trial in past])
    asked = study.ask({found.name: _distribution(found) for found in ranges})
    return {found.name: _value(found, asked.params[found.name]) for found in ranges}


def importance(ranges: Sequence[Range], past: Sequence[Trial]) -> dict[str, float]:
    """By setting, its share of the variance of the loss (fANOVA, Hutter et al. 2014), summing to 1; empty while there is too little to say.

    Trials that were stopped early are compared with the others as they were then: at the last evaluation that at least half of all trials reached.
    """
    usable = [trial for trial in past if trial.losses]
    if len(usable) < _LEAST_TRIALS or len(ranges) < 2:
        return {}
    reached = sorted(trial.shares[-1] for trial in usable)[(len(usable) - 1) // 2]
    compared = [(trial, trial.loss_at(reached)) for trial in usable]
    study = optuna.create_study()
    study.add_trials([_frozen(ranges, trial, value=loss) for trial, loss in compared if loss is not None])
    if len({trial.value for trial in study.trials}) < 2:
        return {}
    found = optuna.importance.get_param_importances(study, evaluator=FanovaImportanceEvaluator(n_trees=_TREES, seed=0))
    return {name: float(share) for name, share in found.items()}


def _sampler(chosen: Sampler, seed: int) -> BaseSampler:
    if chosen is Sampler.RANDOM:
        return RandomSampler(seed=seed)
    with warnings.catch_warnings():  # 'multivariate' is called experimental, and has been for years
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TPESampler(seed=seed, multivariate=True, n_startup_trials=_STARTUP)


def _distribution(found: Range) -> BaseDistribution:
    """A list is tried by its places, so that its order is known: 16 lies between 8 and 32."""
    if found.among:
        return IntDistribution(0, len(found.among) - 1)
    if found.whole:
        return IntDistribution(round(found.low), round(found.high), log=found.log)
    return FloatDistribution(found.low, found.high, log=found.log)


def _value(found: Range, chosen: float) -> float:
    return found.among[int(chosen)] if found.among else float(chosen)


def _parameters(ranges: Sequence[Range], trial: Trial) -> dict[str, Any]:
    placed: dict[str, Any] = {}
    for found in ranges:
        value = trial.values[found.name]
        placed[found.name] = found.among.index(value) if found.among else round(value) if found.whole else value
    return placed


def _told(ranges: Sequence[Range], trial: Trial) -> FrozenTrial:
    """As TPE takes it: a whole one by its best loss, one that was stopped by how far it came, one that failed as the worst of all."""
    if trial.ending is Ending.WHOLE:
        return _frozen(ranges, trial, value=trial.best)
    said = {round(1000 * at): loss for at, loss in zip(trial.shares, trial.losses, strict=True)} if trial.ending is Ending.EARLY else {}
    return _frozen(ranges, trial, state=TrialState.PRUNED, intermediate_values=said)


def _frozen(ranges: Sequence[Range], trial: Trial, **told: Any) -> FrozenTrial:
    return create_trial(params=_parameters(ranges, trial), distributions={found.name: _distribution(found) for found in ranges}, **told)
