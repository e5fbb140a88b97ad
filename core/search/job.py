"""The search job: trial after trial in one process, until the budget is spent. What it knows is written down after each evaluation. Child process only."""

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import UserError
from core.jobs.events import MetricPoint
from core.jobs.handle import ChildJob, JobStopped
from core.search.ranges import values_in
from core.search.record import RECORD_FILE, Record, SearchSettings, Trial, spent
from core.training.job import bounded_validation, prepare_rows
from core.training.keeping import CHECKPOINT_FOLDER
from core.training.telling import Telling

if TYPE_CHECKING:
    from core.search.trial import Shared

LOSS = "trial_loss"  # a point of the job, its step the trial's number


class NothingToCompareBy(UserError):
    """Without validation rows no trial is better than another."""

    sentence = (
        "A search compares settings on validation rows, and these rows were dealt out without any. Deal them out with some kept aside for watching, "
        "then search again. Nothing was tried."
    )
    status = 422

    def __init__(self) -> None:
        super().__init__()


class NothingLearned(UserError):
    """No trial came to an evaluation."""

    sentence = (
        "None of the {trials} trials came to a result: their losses became infinite, or there was not enough memory. Choose smaller learning rates or "
        "smaller batches and search again. The list of trials is kept."
    )
    status = 422

    def __init__(self, *, trials: int) -> None:
        super().__init__(trials=trials)


def main(job: ChildJob) -> None:
    """Raises JobStopped when it was asked to stop: what is known then stands in the record."""
    settings = SearchSettings.model_validate(job.spec.settings)
    telling = Telling(job)
    rows, tokenizer = prepare_rows(job, telling, settings.recipe, settings.base)
    if not rows.validation:
        raise NothingToCompareBy
    from core.search.trial import Base, Shared

    shared = Shared(job, settings, rows, bounded_validation(rows, settings.recipe, telling), tokenizer, Base(settings.base))
    record = Record(trials=Record.of(job.folder).ended)  # a trial that was at work when the search ended is begun anew
    record.save(job.folder)
    try:
        while spent(settings, record.ended) < 1:
            job.check_stop()
            record = _with_next_trial(shared, record)
    except JobStopped:
        record.save(job.folder)
        raise
    finally:
        shutil.rmtree(job.folder / CHECKPOINT_FOLDER, ignore_errors=True)
    if record.winner is None:
        raise NothingLearned(trials=len(record.trials))
    job.artefact("search", job.folder / RECORD_FILE)


def _with_next_trial(shared: "Shared", record: Record) -> Record:
    """Chosen, trained and written down."""
    from core.search.study import importance, next_values
    from core.search.trial import run_trial

    job, settings, past = shared.job, shared.settings, record.ended
    number = len(past) + 1
    values = values_in(settings.recipe, settings.ranges) if not past else next_values(settings.ranges, settings.sampler, settings.seed, past)

    written: list[int] = []  # how many evaluations stand in the file

    def told(trial: Trial, share: float) -> None:
        """`share` of its own way."""
        _tell(job, settings, past, trial, share)
        if written[-1:] != [len(trial.losses)]:
            written.append(len(trial.losses))
            record.with_trial(trial).save(job.folder)

    trial = run_trial(shared, number, values, past, told)
    if trial.losses:
        job.emit(MetricPoint(number, LOSS, trial.best))
    record = record.with_trial(trial)
    record = record.model_copy(update={"importance": importance(settings.ranges, record.ended)})
    record.save(job.folder)
    return record


def _tell(job: ChildJob, settings: SearchSettings, past: Sequence[Trial], trial: Trial, share: float) -> None:
    """How far the search is, and what is left by what trials took until now."""
    seconds = trial.seconds + sum(one.seconds for one in past)
    done = max((len(past) + share) / settings.trials, seconds / (60 * settings.minutes) if settings.minutes else 0.0)
    left = None if not past and share < 0.05 else seconds * (1 - done) / max(done, 1e-6)
    job.progress(min(done, 1.0), "searching", "Trying settings", None if left is None else max(left, 0.0))
