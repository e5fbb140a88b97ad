"""The same question with different answers."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext
from core.data.doctor.rows import facts
from core.data.doctor.wording import folded
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows


class Contradictions(Check):
    name: ClassVar[str] = "contradictions"
    label: ClassVar[str] = "The same question with different answers"
    why: ClassVar[str] = "The model is taught two answers to one question and can only be right by luck. Which one holds is for a person to say."
    term: ClassVar[str] = "label conflicts"
    mends: ClassVar = (MARK,)
    order: ClassVar[int] = 12

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """All that is said before the answer counts as the question. Texts are kept as hashes, as the exact duplicates are."""
        asked: dict[int, list[tuple[int, int]]] = {}
        for block in rows.blocks():
            for at, (text, answer) in enumerate(zip(block.texts, block.answers, strict=True), block.start):
                if answer is None or not answer.strip():
                    continue
                question = text[: len(text) - len(answer)] if text.endswith(answer) else text
                if question.strip():
                    asked.setdefault(hash(folded(question)), []).append((at, hash(folded(answer))))
        bundle = 0
        for same in asked.values():
            if len(same) < 2:
                continue
            answers = Counter(given for _, given in same)
            if len(answers) > 1:
                for at, given in same:
                    yield Found(self.name, rows.positions[at], bundle, facts(answers=len(answers), like=answers[given]))
                bundle += 1
