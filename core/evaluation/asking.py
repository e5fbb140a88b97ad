"""Asking a model the test rows: loaded once, held to the known answers, a base model with the prompt that serves it best."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.layout import Layout, with_columns, with_system
from core.evaluation.rows import Row, drawn
from core.evaluation.verdict import Line
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Task, Turn

if TYPE_CHECKING:
    from core.inference.base import Backend

_TRIED_ON, _TRIED_ON_TEXT = 20, 10  # validation rows on which a base model's prompts are compared; written answers take long

Prompt = Callable[[Row], list[Turn]]


@dataclass(frozen=True)
class Exam:
    """What is asked of whom: the task as it knows its answers, and what an answer may be."""

    task: Task
    known: tuple[str, ...]
    constraint: Constraint | None
    validation: tuple[Row, ...]
    seed: int
    layout: Layout | None = None

    @property
    def trials(self) -> tuple[Row, ...]:
        """Validation rows to compare prompts on; none where there is one prompt only."""
        most = _TRIED_ON if self.constraint is not None and self.constraint.choices else _TRIED_ON_TEXT
        return drawn(self.validation, most, self.seed) if len(prompts_of(self)) > 1 else ()

    @property
    def trial_questions(self) -> int:
        return len(self.trials) * len(prompts_of(self))


@dataclass(frozen=True)
class Asked:
    """`answers` in their stored form, one a row; `silent` rows did not fit into the model's context and have the answer ''."""

    answers: tuple[str, ...]
    seconds: float
    silent: int
    prompt: Line | None = None


class Listener:
    """Hears how far the answers are, and says when to stop."""

    def __init__(self, told: Callable[[int, int], None], check_stop: Callable[[], None], stop: Callable[[], bool]) -> None:
        self.told, self.check_stop, self.stop = told, check_stop, stop

    def after(self, before: int) -> "Listener":
        """For questions that come after `before` others."""
        return Listener(lambda done, of: self.told(before + done, before + of), self.check_stop, self.stop)


LISTED = Line(key="prompt.listed", english="told the task and what the answers may be", term="zero-shot prompt with labels")
TOLD = Line(key="prompt.told", english="told the task", term="zero-shot prompt")
BARE = Line(key="prompt.bare", english="shown the text alone", term="bare prompt")


def ask_tuned(reference: ModelReference, exam: Exam, rows: Sequence[Row], threads: int, listener: Listener) -> Asked:
    """With the prompt that it was taught with."""
    from core.inference.base import load

    backend = load(reference, threads)
    listener.check_stop()
    return _asked(backend, exam, rows, lambda row: with_columns(exam.task.prompt_turns(row.turns), row.original, exam.layout), listener, None)


def ask_base(reference: ModelReference, exam: Exam, rows: Sequence[Row], threads: int, listener: Listener) -> Asked:
    """With the best of its prompts, chosen on validation rows, never on those of the exam."""
    from core.inference.base import load

    backend = load(reference, threads)
    listener.check_stop()
    prompts, trials = prompts_of(exam), exam.trials
    scores = [_score(backend, exam, trials, prompt, listener.after(number * len(trials))) for number, (_, prompt) in enumerate(prompts) if trials]
    said, best = prompts[scores.index(max(scores))] if scores else prompts[0]  # the fullest wins ties
    return _asked(backend, exam, rows, best, listener.after(exam.trial_questions), said)


def prompts_of(exam: Exam) -> list[tuple[Line, Prompt]]:
    """Those that differ, the fullest first."""
    task, constraint, layout = exam.task, exam.constraint, exam.layout
    ways: list[tuple[Line, Prompt]] = [
        (LISTED, lambda row: with_system(task.zero_shot_turns(row.turns, constraint), layout)),
        (TOLD, lambda row: with_system(task.zero_shot_turns(row.turns, None), layout)),
        (BARE, lambda row: with_system(task.prompt_turns(row.turns), layout)),
    ]
    if not exam.validation:
        return ways
    example = exam.validation[0]
    different: list[tuple[Line, Prompt]] = []
    for said, prompt in reversed(ways):  # two that come to the same are called by the humbler name
        if all(prompt(example) != other(example) for _, other in different):
            different.insert(0, (said, prompt))
    return different


def _score(backend: "Backend", exam: Exam, rows: Sequence[Row], prompt: Prompt, listener: Listener) -> float:
    answers = _asked(backend, exam, rows, prompt, listener, None).answers
    return sum(exam.task.score(answer, row.answer) for answer, row in zip(answers, rows, strict=True))


def _asked(backend: "Backend", exam: Exam, rows: Sequence[Row], prompt: Prompt, listener: Listener, said: Line | None) -> Asked:
    from core.inference.base import Options

    started = time.monotonic()
    options = Options(max_new_tokens=exam.task.max_new_tokens, constraint=exam.constraint)
    written = backend.generate([prompt(row) for row in rows], options, told=listener.told, stop=listener.stop)
    listener.check_stop()
    answers = tuple(exam.task.restore(text, exam.known) for text in written)
    return Asked(answers, time.monotonic() - started, sum(not text for text in written), said)
