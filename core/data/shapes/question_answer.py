"""A question and its answer."""

from collections.abc import Mapping as Mapped
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.shapes.base import Messages, Role, Shape, answer_of, text_of


class QuestionAnswer(Shape):
    """One turn each; a column of instructions, if there is one, becomes the system turn."""

    name: ClassVar[str] = "question_answer"
    label: ClassVar[str] = "A question and its answer"
    explanation: ClassVar[str] = "Each row has something that is asked and the answer that should come."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("question", "The question", "What is asked.",
             ("question", "prompt", "query", "input", "request", "q", "user", "domanda", "richiesta", "source")),
        Role("answer", "The answer", "What should be answered.",
             ("answer", "completion", "response", "reply", "output", "a", "assistant", "risposta", "target", "answers")),
        Role("system", "Instructions", "Instructions that hold for the whole row, if there are any.",
             ("system", "system_prompt", "istruzioni"), required=False),
    )  # fmt: skip
    answer_role: ClassVar[str] = "answer"
    task: ClassVar[str] = "generation"

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        system = text_of(values, mapping.columns.get("system"), needed=False)
        asked = {"role": "user", "content": text_of(values, mapping.columns.get("question"))}
        turns = [asked, *answer_of(values, mapping.columns.get("answer"), mapping)]
        return [{"role": "system", "content": system}, *turns] if system.strip() else turns
