"""Sorting into categories: the answer is one of the labels of the training rows, written as words where that stays unambiguous."""

import re
from collections.abc import Sequence
from typing import ClassVar

from core.tasks.base import Constraint, Task, Turn, asked

# 'card_arrival' and 'late-fee' read as words to a language model; a separator at an edge or in a label that has no letters is left alone.
_SEPARATOR = re.compile(r"(?<=[^\W_])[_-]+(?=[^\W_])")
_LETTER = re.compile(r"[^\W\d_]")
_LISTED_CHARS = 6000  # labels longer than this together crowd the message out of a prompt


class Classification(Task):
    """Scores are 1 for the right label and 0 for any other."""

    name: ClassVar[str] = "classification"
    label: ClassVar[str] = "Sort into categories"
    explanation: ClassVar[str] = "Give each text one of your categories, as for requests, complaints or findings."
    headline_metric: ClassVar[str] = "accuracy"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "f1")
    max_new_tokens: int = 64

    def knowing(self, answers: Sequence[str]) -> Task:
        labels = {answer.strip() for answer in answers}
        return self if len({self.target(label) for label in labels}) == len(labels) else _ClassificationAsWritten()

    def target(self, answer: str) -> str:
        answer = answer.strip()
        return _SEPARATOR.sub(" ", answer) if _LETTER.search(answer) and " " not in answer else answer

    def restore(self, text: str, answers: Sequence[str]) -> str:
        """The known label that was meant; text that is none of them stays as the model wrote it (and counts as wrong)."""
        written = text.strip()
        by_target = {self.target(answer): answer.strip() for answer in answers}
        if written in by_target:
            return by_target[written]
        same = [label for target, label in by_target.items() if target.casefold() == written.casefold()]
        return same[0] if len(same) == 1 else written

    def constraint(self, answers: Sequence[str]) -> Constraint | None:
        targets = sorted({self.target(answer) for answer in answers if answer.strip()})
        return Constraint(choices=tuple(targets)) if targets else None

    def zero_shot_turns(self, turns: Sequence[Turn], constraint: Constraint | None) -> list[Turn]:
        prompt = self.prompt_turns(turns)
        listed = "; ".join(constraint.choices) if constraint else ""
        if not listed or len(listed) > _LISTED_CHARS:
            return asked(prompt, "Which category fits this message? Answer with the category only.")
        return asked(prompt, f"Choose one of these labels: {listed}")

    def score(self, answer: str, reference: str) -> float:
        return float(answer.strip() == reference.strip())


class _ClassificationAsWritten(Classification):
    """Two labels of this data would read alike as words ('top-up', 'top_up'): every label stays as it is written."""

    def knowing(self, answers: Sequence[str]) -> Task:
        return self

    def target(self, answer: str) -> str:
        return answer.strip()
