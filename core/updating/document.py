"""What is known of an update: what came, what was done to it, and how the new model does beside the one in use. This is all that any door shows."""

from enum import StrEnum

from core.evaluation.verdict import Line, Outcome, Part


class Cases(StrEnum):
    """Which rows of the exam: those of the model in use, those that joined with the update, or both."""

    OLD = "old"
    NEW = "new"
    ALL = "all"


class Choice(StrEnum):
    """Which of the two models the exam speaks for."""

    UPDATED = "updated"
    IN_USE = "in use"
    EITHER = "either"


class Side(Part):
    """Both models on the same rows, by the task's headline measure (from 0 to 1). `better` counts the rows on which the updated one was better;
    `right` counts are None where the measure counts no rows."""

    cases: Cases
    rows: int
    measure: Line
    in_use: float
    updated: float
    in_use_right: int | None
    updated_right: int | None
    outcome: Outcome
    better: int
    worse: int
    p: float | None
    test: str
    line: Line


class UpdateDocument(Part):
    """`rows` came with the file, `known` of them stood in the dataset before, `new` are learned from or joined the exam (`joined`). `done` says what was
    repeated on them, `left` what was not and why. `train_before` and `train_after` are the rows to learn from, as `split` deals them out."""

    rows: int | None = None
    known: int = 0
    new: int = 0
    joined: int = 0
    sealed: bool = False
    done: tuple[Line, ...] = ()
    left: tuple[Line, ...] = ()
    train_before: int = 0
    train_after: int = 0
    split: str | None = None
    sides: tuple[Side, ...] = ()
    choice: Choice | None = None
    headline: Line | None = None

    def side(self, cases: Cases) -> Side | None:
        return next((side for side in self.sides if side.cases is cases), None)
