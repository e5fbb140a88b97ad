"""What the coach says: how a run goes, in a sentence with its evidence, and one thing to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.sentence import Sentence
from core.training.coach.look import Look
from storage.rows import Point

_ENOUGH = 3  # evaluations before anything but a blow-up is spoken of


class How(StrEnum):
    """How a training goes."""

    EARLY = "early"
    LEARNING = "learning"
    SETTLED = "settled"
    OVERFITTING = "overfitting"
    NOT_LEARNING = "not_learning"
    RATE_HIGH = "rate_high"
    RATE_LOW = "rate_low"
    DIVERGING = "diverging"
    NOISY_VALIDATION = "noisy_validation"
    PLATEAU = "plateau"
    UNDERTRAINED = "undertrained"
    DUPLICATES = "duplicates"
    COLLAPSE = "collapse"


@dataclass(frozen=True)
class Proposal:
    """An action that would help: its verb, and for 'train' the recipe's fields to change. `said` says it on a button."""

    verb: str
    said: Sentence
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """`best_step` and `best_loss` are those of the lowest validation loss: the point that the chart marks."""

    how: How
    said: Sentence
    best_step: int | None = None
    best_loss: float | None = None
    proposal: Proposal | None = None


def read(points: Sequence[Point]) -> Reading:
    """From the points of a run, oldest first."""
    from core.training.coach.rules import RULES, Rule

    look = Look.at(points)
    best_step, best_loss = look.best if look.validation else (None, None)
    if len(look.validation) < _ENOUGH:
        return _early(look, best_step, best_loss)
    rule: Rule = next(one for one in RULES if one.holds(look))
    facts = {
        "step": look.best[0], "loss": look.best[1], "now": look.values[-1], "last": look.last_step, "first": look.values[0],
        "training": look.smooth[-1] if look.smooth else look.values[-1], **rule.facts(look),
    }  # fmt: skip
    return Reading(rule.how, Sentence(f"coach.{rule.how.value}", rule.english, facts), best_step, best_loss, rule.proposal(look))


def _early(look: Look, best_step: int | None, best_loss: float | None) -> Reading:
    from core.training.coach.rules import smaller_rate

    values = [value for _, value in look.training]
    if len(values) >= 2 and values[-1] > 2.01 * values[0]:
        english = "The training loss rises ({first:.2f} at the start, {now:.2f} at step {last:,}): the corrections are too big."
        said = Sentence("coach.diverging_early", english, {"first": values[0], "now": values[-1], "last": look.training[-1][0]})
        return Reading(How.DIVERGING, said, best_step, best_loss, smaller_rate(look))
    english = "It is too early to say: {evaluations} of the {enough} checks on validation rows that are needed have come."
    said = Sentence("coach.early", english, {"evaluations": len(look.validation), "enough": _ENOUGH})
    return Reading(How.EARLY, said, best_step, best_loss)
