"""The coach: reads a run's curves and says in one sentence how it goes and, where there is one, what to try. Used by the page and the assistant."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.sentence import Sentence
from storage.rows import Point

_RISES = 3  # evaluations in a row above the best, while training still falls, that count as over-fitting
_ENOUGH = 3  # evaluations before anything is said
_MARGIN = 0.005  # a relative change smaller than this is noise


class How(StrEnum):
    """How a training goes."""

    EARLY = "early"
    LEARNING = "learning"
    OVERFITTING = "overfitting"
    FLAT = "flat"
    DIVERGING = "diverging"
    SETTLED = "settled"


@dataclass(frozen=True)
class Reading:
    """`best_step` and `best_loss` are those of the lowest validation loss: the point that the chart marks."""

    how: How
    said: Sentence
    best_step: int | None = None
    best_loss: float | None = None


def read(points: Sequence[Point]) -> Reading:
    """From the points of a run, oldest first."""
    training = [point for point in points if point.name == "loss"]
    validation = [point for point in points if point.name == "eval_loss"]
    if len(validation) < _ENOUGH:
        return _early(training, validation)
    best = min(validation, key=lambda point: (point.value, point.step))
    facts = {"step": best.step, "loss": best.value, "now": validation[-1].value, "last": validation[-1].step, "first": validation[0].value}
    after = [point for point in validation if point.step > best.step]
    how = _how(training, validation, best, after)
    return Reading(how, Sentence(f"coach.{how.value}", _ENGLISH[how], facts), best.step, best.value)


def _early(training: Sequence[Point], validation: Sequence[Point]) -> Reading:
    best = min(validation, key=lambda point: (point.value, point.step), default=None)
    if len(training) >= 2 and _is_worse(training[-1].value, 2 * training[0].value):
        how, facts = How.DIVERGING, {"first": training[0].value, "now": training[-1].value, "last": training[-1].step}
        english = (
            "The training loss rises ({first:.2f} at the start, {now:.2f} at step {last:,}): the corrections are too big. "
            "Stop and try a third of the learning rate."
        )
        said = Sentence("coach.diverging_early", english, facts)
    else:
        how, facts = How.EARLY, {"evaluations": len(validation), "enough": _ENOUGH}
        english = "It is too early to say: {evaluations} of the {enough} checks on validation rows that are needed have come."
        said = Sentence("coach.early", english, facts)
    return Reading(how, said, best.step if best else None, best.value if best else None)


def _how(training: Sequence[Point], validation: Sequence[Point], best: Point, after: Sequence[Point]) -> How:
    first, last = validation[0], validation[-1]
    if _is_worse(last.value, 1.5 * first.value) or (best is first and _is_worse(last.value, first.value) and not _still_falls(training, best.step)):
        return How.DIVERGING
    if len(after) >= _RISES and all(_is_worse(point.value, best.value) for point in after[-_RISES:]) and _still_falls(training, best.step):
        return How.OVERFITTING
    if not _is_worse(first.value, best.value):
        return How.FLAT
    if len(after) >= _RISES:
        return How.SETTLED
    return How.LEARNING


def _still_falls(training: Sequence[Point], step: int) -> bool:
    """Whether the training loss after `step` is below what it was there (means of a few points, since single batches jump)."""
    before = [point.value for point in training if point.step <= step][-5:]
    later = [point.value for point in training if point.step > step][-5:]
    return bool(before and later) and sum(later) / len(later) < sum(before) / len(before)


def _is_worse(value: float, than: float) -> bool:
    return value > than * (1 + _MARGIN)


_ENGLISH = {
    How.LEARNING: "It learns: the validation loss fell from {first:.3f} to {loss:.3f} at step {step:,}, the best until now.",
    How.OVERFITTING: (
        "Over-fitting begins at step {step:,}: there the validation loss was lowest ({loss:.3f}); since then it rose to {now:.3f} while the training "
        "loss still falls, so the model learns the training rows by heart. The weights of step {step:,} are kept. More rows help most; fewer rounds "
        "or a lower learning rate help a little."
    ),
    How.SETTLED: "It has settled: the validation loss was lowest at step {step:,} ({loss:.3f}) and has stayed about there. The weights of that step are kept.",
    How.FLAT: (
        "It does not learn: after {last:,} steps the validation loss is where it began ({first:.3f}). Try three times the learning rate, and look "
        "whether the answers can be known from the texts."
    ),
    How.DIVERGING: (
        "It gets worse: the validation loss rose from {first:.3f} to {now:.3f}. The corrections are too big. Stop and try a third of the learning "
        "rate. The weights of step {step:,} ({loss:.3f}) are kept."
    ),
}
