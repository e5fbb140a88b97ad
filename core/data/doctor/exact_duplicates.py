"""Rows that say the same, question and answer, word for word."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend
from core.data.doctor.wording import folded
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows


class ExactDuplicates(Check):
    name: ClassVar[str] = "exact-duplicates"
    label: ClassVar[str] = "The same row more than once"
    why: ClassVar[str] = "A row that comes twice is learned twice as hard, and if its copy is in the exam, the exam asks what was learned by heart."
    term: ClassVar[str] = "exact duplicates"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("keep-one", How.KEEP_ONE, "Keep one of each"), MARK)
    order: ClassVar[int] = 10

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """Capitals, accents and white space do not count. Texts are kept as Python's keyed 64-bit hashes, so that a million rows need little memory."""
        first: dict[int, int] = {}
        copies: dict[int, list[int]] = {}
        for block in rows.blocks():
            for at, text in enumerate(block.texts, block.start):
                before = first.setdefault(hash(folded(text)), at)
                if before != at and text.strip():
                    copies.setdefault(before, []).append(at)
        for bundle, original in enumerate(copies):
            for at in (original, *copies[original]):
                yield Found(self.name, rows.positions[at], bundle)
