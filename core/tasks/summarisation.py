"""Summarising: a short text that says what a longer one says."""

from collections.abc import Sequence
from typing import ClassVar

from core.tasks.base import Constraint, Task, Turn, asked
from core.tasks.overlap import rouge_l


class Summarisation(Task):
    name: ClassVar[str] = "summarisation"
    label: ClassVar[str] = "Summarise"
    explanation: ClassVar[str] = "Shorten a text, a report or a conversation, as your examples do."
    headline_metric: ClassVar[str] = "rouge_l"
    metrics: ClassVar[tuple[str, ...]] = ("rouge_l", "bleu")
    max_new_tokens: int = 160

    def target(self, answer: str) -> str:
        return answer.strip()

    def zero_shot_turns(self, turns: Sequence[Turn], constraint: Constraint | None) -> list[Turn]:
        return asked(self.prompt_turns(turns), "Summarise this text in a few short sentences.")

    def score(self, answer: str, reference: str) -> float:
        return rouge_l(answer, reference)
