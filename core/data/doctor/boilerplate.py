"""The same closing or opening line in many rows: a signature, a disclaimer, a greeting that the system puts under every mail."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend
from core.data.doctor.rows import facts, mended
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_LEAST_ROWS, _LEAST_SHARE = 5, 0.005
_LEAST_CHARS, _LEAST_WORDS, _MOST_CHARS = 20, 4, 600


class Boilerplate(Check):
    name: ClassVar[str] = "boilerplate"
    label: ClassVar[str] = "The same line in many rows"
    why: ClassVar[str] = "A signature or a disclaimer under every text takes room and is learned by heart. Leave it where the answer is to end so."
    term: ClassVar[str] = "repeated signatures and disclaimers"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("cut", How.REPAIR, "Cut this line"), MARK)
    order: ClassVar[int] = 25

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """A bundle for each line that begins or ends many texts of more than one line; rows that say it twice count once."""
        counts = Counter(line for block in rows.blocks() for text in (*block.questions, *block.answers) if text for line in _ends(text))
        least = max(_LEAST_ROWS, _LEAST_SHARE * rows.count)
        repeated = {line: number for number, line in enumerate(sorted(line for line, count in counts.items() if count >= least))}
        if not repeated:
            return
        for block in rows.blocks():
            for at, (question, answer) in enumerate(zip(block.questions, block.answers, strict=True), block.start):
                held = [line for text in (question, answer) if text for line in _ends(text) if line in repeated]
                if held:
                    repair = mended(rows.turns(at), lambda text: _without(text, repeated))
                    yield Found(self.name, rows.positions[at], repeated[held[0]], facts(line=held[0][:200], rows=counts[held[0]]), repair)


def _ends(text: str) -> tuple[str, ...]:
    """The first and the last line, where there are several and they are sentences rather than a word."""
    if "\n" not in text:
        return ()
    lines = text.strip().splitlines()
    if len(lines) < 2:
        return ()
    return tuple(
        line
        for line in dict.fromkeys((lines[0].strip(), lines[-1].strip()))
        if _LEAST_CHARS <= len(line) <= _MOST_CHARS and line.count(" ") >= _LEAST_WORDS - 1
    )


def _without(text: str, repeated: dict[str, int]) -> str:
    while any(line in repeated for line in _ends(text)):
        lines = text.strip().splitlines()
        if lines[-1].strip() in repeated:
            lines = lines[:-1]
        if lines and lines[0].strip() in repeated:
            lines = lines[1:]
        text = "\n".join(lines).strip()
    return text
