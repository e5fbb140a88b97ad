"""Text decoded with the wrong encoding: 'perchÃ©' where 'perché' was meant; and signs that stand for lost letters."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend
from core.data.doctor.rows import facts, mended
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_LOST = "\ufffd"
_LAYERS = 6  # a file that went wrong once more at each hand
_LONGEST = 200_000
_REPAIRABLE, _GONE = 0, 1


class EncodingDamage(Check):
    name: ClassVar[str] = "encoding-damage"
    label: ClassVar[str] = "Broken accents and signs"
    why: ClassVar[str] = (
        "'perchÃ©' is another word than 'perché': the model learns the broken one. Letters that became � are lost; only the source has them."
    )
    term: ClassVar[str] = "mojibake, by ftfy"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("repair", How.REPAIR, "Repair the letters"), MARK)
    order: ClassVar[int] = 22

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """bundle 0 can be repaired, 1 cannot."""
        from ftfy.badness import is_bad

        for block in rows.blocks():
            for at, text in enumerate(block.texts):
                if text.isascii() or not (_LOST in text or is_bad(text)):
                    continue
                index = block.start + at
                if (after := mended(rows.turns(index), repaired)) is not None:
                    yield Found(self.name, rows.positions[index], _REPAIRABLE, facts(lost=_LOST in text), after)
                elif _LOST in text:
                    yield Found(self.name, rows.positions[index], _GONE, facts(lost=True))


def repaired(text: str) -> str:
    """Decoded as it was meant, layer by layer; the same where nothing is wrong or nothing can be said."""
    import ftfy

    if text.isascii() or len(text) > _LONGEST:
        return text
    for _ in range(_LAYERS):
        better = ftfy.fix_encoding(text)
        if better == text:
            break
        text = better
    return text
