"""What a search knows: its trials with their losses, in one small file of its run folder. It is all that a resume and the screen need."""

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.models.reference import ModelReference
from core.search.ranges import Range
from core.training.recipe import Recipe
from storage.files import write_atomically

RECORD_FILE = "search.json"


class Sampler(StrEnum):
    """How the next trial's values are chosen."""

    TPE = "tpe"  # from where good trials were: Bergstra et al. 2011
    RANDOM = "random"


class SearchSettings(BaseModel):
    """What the job is told. `minutes` bounds the trials' own time; the trial that is at work then is finished."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    base: ModelReference
    ranges: tuple[Range, ...]
    trials: int
    minutes: float | None = None
    sampler: Sampler = Sampler.TPE
    halving: bool = True
    seed: int = 0


class Ending(StrEnum):
    """How a trial stands."""

    AT_WORK = "at_work"
    WHOLE = "whole"  # it came to its own end
    EARLY = "early"  # stopped, since others were better at the same point
    DIVERGED = "diverged"  # its loss became infinite
    IMPOSSIBLE = "impossible"  # no memory for it, or the method refuses these values together


class Trial(BaseModel):
    """`losses` are the mean token losses on the validation rows, one an evaluation, and `shares` how far of its whole way it was then (0 to 1);
    `tokens` were learned from; `seconds` of work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    values: dict[str, float]
    ending: Ending = Ending.AT_WORK
    losses: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    tokens: int = 0
    seconds: float = 0.0

    @property
    def best(self) -> float:
        """Infinite where no evaluation came."""
        return min(self.losses, default=math.inf)

    def loss_at(self, share: float) -> float | None:
        """At the first evaluation that was so far or farther; None when it did not come so far."""
        return next((loss for at, loss in zip(self.shares, self.losses, strict=True) if at >= share), None)


class Record(BaseModel):
    """`importance` says by setting how much of the difference between trials it explains; all together 1, empty while too few are known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: tuple[Trial, ...] = ()
    importance: dict[str, float] = {}

    @classmethod
    def of(cls, folder: Path) -> "Record":
        """Empty where nothing was written yet."""
        file = folder / RECORD_FILE
        return cls.model_validate_json(file.read_text(encoding="utf-8")) if file.is_file() else cls()

    def save(self, folder: Path) -> None:
        write_atomically(folder / RECORD_FILE, self.model_dump_json().encode())

    @property
    def ended(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.ending is not Ending.AT_WORK)

    @property
    def winner(self) -> Trial | None:
        """The ended trial with the lowest loss."""
        return min((trial for trial in self.ended if trial.losses), key=lambda trial: trial.best, default=None)

    def with_trial(self, trial: Trial) -> "Record":
        """In the place of the one with its number, or at the end."""
        others = tuple(known for known in self.trials if known.number != trial.number)
        return self.model_copy(update={"trials": tuple(sorted((*others, trial), key=lambda known: known.number))})


def spent(settings: SearchSettings, trials: Sequence[Trial]) -> float:
    """Which share of the budget these have used up: of the trials or of the minutes, whichever is more."""
    minutes = sum(trial.seconds for trial in trials) / (60 * settings.minutes) if settings.minutes else 0.0
    return max(len(trials) / settings.trials, minutes)
