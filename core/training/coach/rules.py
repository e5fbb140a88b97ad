"""The coach's rules, in the order in which they are asked; the first that holds speaks. Their numbers were set on the seen two thirds of tests/curves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.sentence import Sentence
from core.training.coach.look import Look
from core.training.coach.reading import How, Proposal

_FEW_ROWS, _TOO_FEW_ROWS = 50, 20  # validation rows
_RISES = 3  # evaluations in a row


@dataclass(frozen=True)
class Rule:
    """`facts` are those of its sentence beside the usual ones (step and loss of the best, first, now, last, training)."""

    how: How
    english: str
    holds: Callable[[Look], bool]
    facts: Callable[[Look], dict[str, Any]] = lambda look: {}
    proposal: Callable[[Look], Proposal | None] = lambda look: None


def _diverges(look: Look) -> bool:
    """It ends well above where it was, or blew up at once and never came down."""
    values = look.values
    ends_above = values[-1] > 1.5 * values[0] or (look.best[1] == values[0] and values[-1] > 1.005 * values[0] and not look.still_falls)
    if look.smooth and max(look.smooth) > 2 * look.training[0][1] and look.best[1] > 0.5 * look.training[0][1]:
        return True
    return ends_above or _blew_up(look)


def _blew_up(look: Look) -> bool:
    norms = [value for _, value in look.norms]
    if len(norms) < 8 or not look.training:
        return False
    usual = sorted(norms)[len(norms) // 2]
    return max(norms[: len(norms) // 3]) > 30 * usual and look.smooth[-1] > 0.8 * look.training[0][1]


def _has_copies(look: Look) -> bool:
    return look.fact("train_copies") >= 0.3 and look.gap >= 3 and not look.is_solved


def _rate_high(look: Look) -> bool:
    if look.rate is None or look.rate < 5 or look.is_solved:
        return False
    values = look.values
    jumps = sum(later > 1.05 * earlier for earlier, later in zip(values, values[1:], strict=False))
    return jumps >= 1 or look.is_poor


def _rate_low(look: Look) -> bool:
    return look.rate is not None and look.rate <= 0.2 and look.is_poor and look.gap < 2


def _noisy(look: Look) -> bool:
    rows, values = look.fact("validation_rows", 1000), look.values
    if rows <= _TOO_FEW_ROWS:
        return not look.is_solved
    turns = sum((b - a) * (c - b) < 0 and abs(c - b) > 0.1 * look.best[1] for a, b, c in zip(values, values[1:], values[2:], strict=False))
    return rows <= _FEW_ROWS and turns >= len(values) / 3


def _collapses(look: Look) -> bool:
    majority = look.fact("majority")
    return majority >= 0.75 and len(look.right) >= 3 and (look.answers_right or 0) <= majority + 0.08 and look.best[1] > 0.5 * look.fact("prior_loss")


def _overfits(look: Look) -> bool:
    if look.is_solved or not look.still_falls:
        return False
    after = look.after_best
    rises = len(after) >= _RISES and all(value > 1.08 * look.best[1] for value in after[-_RISES:])
    steadily = len(after) >= 2 * _RISES and all(value > 1.005 * look.best[1] for value in after[-_RISES:])
    memorised = (
        look.gap >= 8
        and look.fact("epochs") >= 5
        and look.flat_since <= 0.6
        and len(look.values) >= 8
        and look.best[1] > 0.25 * look.fact("prior_loss")
    )
    there = look.training_at(look.best[0])
    falls = there is not None and look.smooth[-1] < 0.9 * there
    return falls and (rises or (memorised and look.share >= 0.5) or (steadily and look.gap >= 1.5 and not look.facts))


def _learns_nothing(look: Look) -> bool:
    prior = look.fact("prior_loss")
    if not prior:
        return look.best[1] * 1.005 >= look.values[0]
    guesses = (look.answers_right or 0) <= look.fact("majority") + 0.1
    return bool(look.right) and guesses and 0.8 * prior <= look.best[1] <= 1.4 * prior and look.flat_since <= 0.95 and len(look.values) >= 6


def _plateau(look: Look) -> bool:
    half = look.training_at(look.last_step // 2)
    stands = half is not None and look.smooth[-1] > 0.85 * half
    return look.share >= 0.5 and look.is_poor and look.flat_since <= 0.6 and stands and len(look.values) >= 8


def _undertrained(look: Look) -> bool:
    ends_best = look.values[-1] <= 1.01 * look.best[1]
    third = look.values[-max(2, len(look.values) // 3)]
    return look.is_over and ends_best and look.is_poor and look.gap < 1.8 and look.fact("epochs") <= 3 and third > 1.03 * look.values[-1]


def _settled(look: Look) -> bool:
    return look.is_over or len(look.after_best) >= _RISES


def _copies(look: Look) -> dict[str, Any]:
    rows = round(look.fact("train_rows"))
    return {"rows": rows, "copies": round(look.fact("train_copies") * rows)}


def _rates(look: Look) -> dict[str, Any]:
    return {"rate": look.fact("rate"), "usual": look.fact("usual_rate")}


def _majority(look: Look) -> dict[str, Any]:
    return {"right": look.answers_right or 0.0, "majority": look.fact("majority")}


def _rows(look: Look) -> dict[str, Any]:
    return {"rows": round(look.fact("validation_rows")), "share": 1 / max(1, look.fact("validation_rows"))}


def _train(key: str, english: str, changes: dict[str, Any]) -> Proposal:
    return Proposal("train", Sentence(f"coach.try.{key}", english, changes), changes)


def _rounds(number: float) -> dict[str, Any]:
    """In place of steps, if the recipe asked for those: else they would go on counting."""
    return {"num_train_epochs": number, "max_steps": None}


def smaller_rate(look: Look) -> Proposal:
    """A third, or the usual one where that is smaller still."""
    rate = look.fact("rate")
    if not rate:
        return Proposal("method", Sentence("coach.try.method", "Choose a third of the learning rate"))
    usual = look.fact("usual_rate") or rate
    return _train("rate_down", "Train again with the learning rate {learning_rate:exact}", {"learning_rate": float(f"{min(rate / 3, usual):.2g}")})


def _larger_rate(look: Look) -> Proposal:
    return _train("rate_up", "Train again with the learning rate {learning_rate:exact}", {"learning_rate": float(f"{look.fact('usual_rate'):.2g}")})


def _fewer_rounds(look: Look) -> Proposal | None:
    """As many as led to the best point, with the learning rate falling to its end there."""
    steps, epochs = look.fact("steps"), look.fact("epochs")
    if not steps or not epochs:
        return None
    rounds = max(0.1, round(epochs * min(1.0, 1.25 * look.best[0] / steps), 2))
    return _train(
        "fewer",
        "Train again with {num_train_epochs:g} rounds and a stronger pull to small weights",
        {**_rounds(rounds), "weight_decay": 0.1},
    )


def _more_rounds(look: Look) -> Proposal | None:
    rounds = min(200.0, round(3 * look.fact("epochs"), 2))
    return _train("more", "Train again with {num_train_epochs:g} rounds", _rounds(rounds)) if rounds else None


def _focal(look: Look) -> Proposal:
    return _train(
        "rare",
        "Train again so that rare categories count more",
        {"loss": "focal", "loss_options": {"gamma": 2.0}, **_rounds(min(200.0, 2 * look.fact("epochs", 1)))},
    )


def _checkup(look: Look) -> Proposal:
    return Proposal("checkup", Sentence("coach.try.checkup", "Look through the rows"))


RULES: tuple[Rule, ...] = (
    Rule(How.DIVERGING, "It gets worse: the corrections blew up, and the validation loss is {now:.3f} (first {first:.3f}, lowest {loss:.3f} at step {step:,}).",
         _diverges, proposal=smaller_rate),
    Rule(How.DUPLICATES, "It learns copies by heart: {copies:,} of the {rows:,} training rows stand there already, "
        "the training loss is {training:.3f} and the validation loss {now:.3f}.",
         _has_copies, _copies, lambda look: Proposal("mend", Sentence("coach.try.copies", "Take the copies out first"))),
    Rule(How.RATE_HIGH, "The learning rate is too high: at {rate:exact} (usual {usual:exact}) the validation loss jumps and came down to {loss:.3f} only.",
         _rate_high, _rates, smaller_rate),
    Rule(How.RATE_LOW, "The learning rate is too low: at {rate:exact} (usual {usual:exact}) the validation loss crept from {first:.3f} to {now:.3f} in {last:,} steps.",
         _rate_low, _rates, _larger_rate),
    Rule(How.NOISY_VALIDATION, "The validation loss cannot be relied on: it is asked of {rows:,} rows only, so that one row is {share:.0%} of it.",
         _noisy, _rows, lambda look: Proposal("split", Sentence("coach.try.split", "Keep more rows aside for checking"))),
    Rule(How.COLLAPSE, "It answers the commonest category nearly always: {right:.0%} of its answers are right, and that category alone is {majority:.0%} of the rows.",
         _collapses, _majority, _focal),
    Rule(How.NOT_LEARNING, "It does not learn: after {last:,} steps the validation loss ({now:.3f}) is no better than guessing without reading the texts.",
         _learns_nothing, proposal=_checkup),
    Rule(How.OVERFITTING, "Over-fitting begins at step {step:,}: there the validation loss was lowest ({loss:.3f}); "
        "it is {now:.3f} now, while the training loss fell to {training:.3f}, so the model learns the training rows by heart. The weights of step {step:,} are kept.",
         _overfits, proposal=_fewer_rounds),
    Rule(How.PLATEAU, "It has stopped getting better: neither loss has moved since the first half of the {last:,} steps, and the validation loss stays at {loss:.3f}.",
         _plateau, proposal=_checkup),
    Rule(How.UNDERTRAINED, "It was stopped too early: at its last step {last:,} the validation loss ({now:.3f}, first {first:.3f}) "
        "still falls, and the training loss ({training:.3f}) is as high.",
         _undertrained, proposal=_more_rounds),
    Rule(How.SETTLED, "It has settled: the validation loss was lowest at step {step:,} ({loss:.3f}) and has stayed about there. The weights of that step are kept.",
         _settled),
    Rule(How.LEARNING, "It learns: the validation loss fell from {first:.3f} to {loss:.3f} at step {step:,}, the best until now.", lambda look: True),
)  # fmt: skip
