"""Asks the model that is being trained the pinned questions, held to the answers that the task allows, as it will be asked later. Heavy: children only."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from core.data.layout import with_columns
from core.inference.base import Options
from core.inference.head_backend import HeadBackend
from core.inference.transformers_backend import TransformersBackend
from core.jobs.handle import ChildJob
from core.models.head import head_of
from core.tasks.base import Task, task
from core.training.attention import FLAT
from core.training.encoding import TrainingRow, read_answers, read_rows
from core.training.pinned import Pin, PinnedLog, wished
from core.training.recipe import Recipe
from core.training.settings import ROWS_FILE
from storage.rows import Part

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SHARE_OF_TIME = 0.03  # of a run that may go into these answers
_MORE_TOKENS, _MOST_TOKENS = 8, 96  # beyond the longest answer that is wanted; at most
_SHOWN_CHARS = 400
_PLAIN = "sdpa"


@dataclass(frozen=True)
class _Known:
    """`rows` are the validation rows in the order in which they are pinned; `answers` those of the training rows, each once."""

    rows: tuple[TrainingRow, ...]
    answers: tuple[str, ...]
    task: Task


class Pinning:
    """One a training. The rows are read at the first evaluation: nothing waits for them before the first step."""

    def __init__(self, job: ChildJob, recipe: Recipe, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._job, self._recipe, self._tokenizer = job, recipe, tokenizer
        self._log = PinnedLog(job.folder)
        self._next_at = float("-inf")
        self._asked: tuple[int, ...] = ()

    def ask(self, model: Any, step: int, *, is_flat: bool, last: bool = False) -> None:
        """At the last step and after another choice always; else when the time spent on it allows. Leaves the model in evaluation mode."""
        places = wished(self._job.folder)
        if not self._known.rows or (time.monotonic() < self._next_at and places == self._asked and not last):
            return
        started = time.monotonic()
        rows = [self._known.rows[place % len(self._known.rows)] for place in dict.fromkeys(place % len(self._known.rows) for place in places)]
        said = self._answers(model, rows, is_flat)
        if said is None:
            return
        pins = [Pin(_cut(_question(row)), _cut(row.answer or "")) for row in rows]
        scored = [(_cut(text), self._known.task.score(text, row.answer or "")) for text, row in zip(said, rows, strict=True)]
        self._log.write(pins, step, scored)
        self._asked = places
        now = time.monotonic()
        self._next_at = now + (now - started) / _SHARE_OF_TIME

    def _answers(self, model: Any, rows: Sequence[TrainingRow], is_flat: bool) -> list[str] | None:
        """In their stored form; None when a stop came in between."""
        known = self._known
        prompts = [with_columns(known.task.prompt_turns(row.turns), row.original, self._recipe.layout) for row in rows]
        longest = max(len(self._tokenizer.encode(known.task.target(row.answer or ""))) for row in rows)
        options = Options(min(known.task.max_new_tokens, longest + _MORE_TOKENS, _MOST_TOKENS), known.task.constraint(known.answers))
        model.eval()
        kind = TransformersBackend if head_of(model) is None else HeadBackend
        with _plain_attention(model, is_flat):
            written = kind(model, self._tokenizer).generate(prompts, options, stop=self._job.end_requested)
        if self._job.end_requested():
            return None
        return [known.task.restore(text, known.answers) for text in written]

    @cached_property
    def _known(self) -> _Known:
        file = self._job.folder / ROWS_FILE
        rows = [row for row in read_rows(file, Part.VALIDATION) if row.answer is not None and row.answer.strip()]
        random.Random(self._recipe.seed).shuffle(rows)
        answers = read_answers(file, Part.TRAIN)
        return _Known(tuple(rows), answers, task(self._recipe.task).knowing(answers))


@contextmanager
def _plain_attention(model: Any, is_flat: bool) -> Iterator[None]:
    """Writing goes token by token over what was written before, which flat batches know nothing of."""
    if not is_flat:
        yield
        return
    model.set_attn_implementation(_PLAIN)
    try:
        yield
    finally:
        model.set_attn_implementation(FLAT)


def _question(row: TrainingRow) -> str:
    return next((turn.content for turn in reversed(row.turns) if turn.role == "user"), row.turns[0].content)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
