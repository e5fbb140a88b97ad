"""Writing an answer: free text, judged by how much of the reference it says in the same order."""

from typing import ClassVar

from core.tasks.base import Task
from core.tasks.overlap import rouge_l


class Generation(Task):
    name: ClassVar[str] = "generation"
    label: ClassVar[str] = "Write an answer"
    explanation: ClassVar[str] = "Answer a question or a message in your own manner, as your examples do."
    headline_metric: ClassVar[str] = "rouge_l"
    metrics: ClassVar[tuple[str, ...]] = ("rouge_l", "bleu", "exact_match")
    max_new_tokens: int = 256

    def target(self, answer: str) -> str:
        return answer.strip()

    def score(self, answer: str, reference: str) -> float:
        return rouge_l(answer, reference)
