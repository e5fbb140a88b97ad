"""Rows in which one side says nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, TAKE_OUT, Check, CheckContext
from core.data.doctor.rows import facts
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_NO_ANSWER, _NO_QUESTION, _EMPTY_ANSWER = range(3)
_MISSING = {_NO_ANSWER: "answer", _NO_QUESTION: "question", _EMPTY_ANSWER: "empty answer"}


class EmptyTurns(Check):
    name: ClassVar[str] = "empty-turns"
    label: ClassVar[str] = "Rows without a question or without an answer"
    why: ClassVar[str] = "Nothing can be learned from one side alone. Rows without an answer are not trained on; you can label them."
    term: ClassVar[str] = "empty or one-sided turns"
    mends: ClassVar = (TAKE_OUT, MARK)
    order: ClassVar[int] = 20

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        for block in rows.blocks():
            for at, (question, answer) in enumerate(zip(block.questions, block.answers, strict=True), block.start):
                if answer is None:
                    kind = _NO_ANSWER
                elif not question.strip():
                    kind = _NO_QUESTION
                elif not answer or not any(letter.isalnum() for letter in answer[:200]) and answer.strip(" .,;:-_–—?!\n\t/\\|*#'\"()[]{}") == "":
                    kind = _EMPTY_ANSWER
                else:
                    continue
                yield Found(self.name, rows.positions[at], kind, facts(missing=_MISSING[kind]))
