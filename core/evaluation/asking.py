"""Asking a model the test rows: loaded once, held to the known answers, a base model with the prompt that serves it best."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.layout import Layout, with_cells, with_columns, with_system
from core.evaluation.parts import Prompt, parted
from core.evaluation.rows import Row, drawn
from core.evaluation.verdict import Line
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Task, Turn

if TYPE_CHECKING:
    from core.inference.base import Backend

_TRIED_ON, _TRIED_ON_TEXT = 20, 10  # validation rows on which a base model's prompts are compared; written answers take long


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
    """`answers` in their stored form, one a row; on `silent` rows nothing was written, on `unread` ones of them since the text is too long. `parted` rows
    were too long too: they were asked in `pieces`, and the answers put together."""

    answers: tuple[str, ...]
    seconds: float
    silent: int
    prompt: Line | None = None
    parted: int = 0
    pieces: int = 0
    unread: int = 0


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
    """Those that differ, the fullest first. All of them show the columns that the tuned model is shown."""
    task, constraint, layout = exam.task, exam.constraint, exam.layout

    def shown(row: Row) -> list[Turn]:
        return with_cells(row.turns, row.original, layout)

    ways: list[tuple[Line, Prompt]] = [
        (LISTED, lambda row: with_system(task.zero_shot_turns(shown(row), constraint), layout)),
        (TOLD, lambda row: with_system(task.zero_shot_turns(shown(row), None), layout)),
        (BARE, lambda row: with_system(task.prompt_turns(shown(row)), layout)),
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
    parts = parted(backend, exam.task.name, options, rows, prompt)

    def told(done: int, of: int) -> None:
        listener.told(done * len(rows) // max(1, of), len(rows))

    written = backend.generate(parts.prompts, options, told=told, stop=listener.stop)
    listener.check_stop()
    answers = parts.together([exam.task.restore(text, exam.known) for text in written])
    silent = sum(not any(written[number] for number in numbers) for numbers in parts.numbers)
    return Asked(tuple(answers), time.monotonic() - started, silent, said, parts.parted, parts.pieces, parts.unread)
