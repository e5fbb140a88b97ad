"""What the coach sees in a run's points: its curves with their noise taken out, and the facts that the training told of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from storage.rows import Point

_WINDOW = 5  # points of the training loss whose mean is taken: single batches jump
FACT = "fact."  # of a point that stands for the whole run, at step 0


@dataclass(frozen=True)
class Look:
    """`training`, `validation`, `right`: (step, value), oldest first. `right` is the share of right answers, of tasks that sort; `norms`
    are the lengths of the gradients."""

    training: tuple[tuple[int, float], ...]
    validation: tuple[tuple[int, float], ...]
    right: tuple[tuple[int, float], ...]
    norms: tuple[tuple[int, float], ...]
    facts: dict[str, float]

    @classmethod
    def at(cls, points: Sequence[Point]) -> "Look":
        """From the points of a run, oldest first."""

        def series(name: str) -> tuple[tuple[int, float], ...]:
            return tuple((point.step, point.value) for point in points if point.name == name)

        facts = {point.name.removeprefix(FACT): point.value for point in points if point.name.startswith(FACT)}
        return cls(series("loss"), series("eval_loss"), series("eval_accuracy"), series("grad_norm"), facts)

    def fact(self, name: str, otherwise: float = 0.0) -> float:
        return self.facts.get(name, otherwise)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Of the validation loss."""
        return tuple(value for _, value in self.validation)

    @cached_property
    def best(self) -> tuple[int, float]:
        """Step and value of the lowest validation loss, the first of equal ones."""
        return min(self.validation, key=lambda point: (point[1], point[0]))

    @cached_property
    def after_best(self) -> tuple[float, ...]:
        return tuple(value for step, value in self.validation if step > self.best[0])

    @cached_property
    def smooth(self) -> tuple[float, ...]:
        """The training loss, each point the mean of itself and the four before it."""
        values = [value for _, value in self.training]
        return tuple(sum(values[max(0, i - _WINDOW + 1) : i + 1]) / (i + 1 - max(0, i - _WINDOW + 1)) for i in range(len(values)))

    @cached_property
    def last_step(self) -> int:
        return max((points[-1][0] for points in (self.training, self.validation) if points), default=0)

    @property
    def is_over(self) -> bool:
        """All the steps that were planned were taken."""
        steps = self.fact("steps")
        return bool(steps) and self.last_step >= steps

    @property
    def share(self) -> float:
        """Of the planned steps; 0 where nobody told how many."""
        steps = self.fact("steps")
        return min(1.0, self.last_step / steps) if steps else 0.0

    @property
    def rate(self) -> float | None:
        """The learning rate as a multiple of the usual one; None where nobody told."""
        usual = self.fact("usual_rate")
        return self.fact("rate") / usual if usual and self.fact("rate") else None

    def training_at(self, step: int) -> float | None:
        """The smoothed training loss there."""
        found = [value for (at, _), value in zip(self.training, self.smooth, strict=True) if at <= step]
        return found[-1] if found else None

    @cached_property
    def still_falls(self) -> bool:
        """Whether the training loss is lower now than where the validation loss was best."""
        there = self.training_at(self.best[0])
        return there is not None and len(self.training) > 1 and self.smooth[-1] < there

    @cached_property
    def answers_right(self) -> float | None:
        """The best share of right answers among the last three evaluations; None where nobody counts them."""
        return max(value for _, value in self.right[-3:]) if self.right else None

    @cached_property
    def is_solved(self) -> bool:
        """What is left to learn is too little to speak of."""
        best, prior = self.best[1], self.fact("prior_loss")
        if prior and (self.answers_right or 0) >= 0.95 and best <= 0.5 * prior:
            return True
        return best <= (0.1 * prior if prior else 0.02 * self.values[0])

    @cached_property
    def is_poor(self) -> bool:
        """Much is left: more than half of what one who only guesses lacks, or every fifth answer wrong; of other tasks a twentieth of the start."""
        if self.is_solved:
            return False
        prior, best = self.fact("prior_loss"), self.best[1]
        return best > 0.5 * prior or (self.answers_right or 0) < 0.8 if prior else best > 0.05 * self.values[0]

    @cached_property
    def gap(self) -> float:
        """How many times the validation loss now is the training loss now."""
        return self.values[-1] / max(self.smooth[-1], 1e-9) if self.smooth else 1.0

    @cached_property
    def flat_since(self) -> float:
        """From which share of the steps until now the validation loss was within 2 % of its best."""
        near = next(step for step, value in self.validation if value <= self.best[1] * 1.02)
        return near / max(1, self.last_step)
