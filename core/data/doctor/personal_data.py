"""Personal data in the rows: found where a check digit, a form or a word beside it makes it sure, and masked so that the row keeps its meaning."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, TAKE_OUT, Check, CheckContext, How, Mend
from core.data.doctor.personal.finders import find
from core.data.doctor.personal.masking import masked_turns
from core.data.doctor.rows import facts
from core.sentence import Sentence
from storage.canonical import canonical
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Block, Rows

# Both begin with a digit, which most of a text is not: an id is looked at from its first two digits backwards.
_MAYBE = re.compile(
    r"\d(?:(?:[ ./()\-]{0,2}\d){5}|\d(?:[A-Ta-t]\d\d[A-Za-z]\d{3}[A-Za-z]|(?<=[A-Za-z]{2}\d\d) ?[A-Za-z0-9]{4} ?[A-Za-z0-9]{4}"
    r"|(?:(?<=[A-Za-z]{2}\d\d)|(?<=[A-Za-z]{2} \d\d)) ?\d\d ?\d\d ?[A-Da-d]))"
)
_BIRTH_WORDS = (
    "born",
    "birth",
    "dob",
    "d.o.b",
    "nato",
    "nata",
    "nascita",
    "née le",
    "né le",
    "nee le",
    "ne le",
    "naissance",
    "geb",
    "nacid",
    "nacimiento",
)


class PersonalData(Check):
    name: ClassVar[str] = "personal-data"
    label: ClassVar[str] = "Personal data"
    why: ClassVar[str] = (
        "A model can repeat what it has learned, to anyone. A mask keeps the sentence and drops the person. Earlier states of a row keep it until you erase them."
    )
    term: ClassVar[str] = "e-mail, phone, IBAN, cards, national ids, dates of birth; postal addresses are not looked for"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("mask", How.REPAIR, "Mask it"), TAKE_OUT, MARK)
    order: ClassVar[int] = 1
    cost: ClassVar[float] = 4.0

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """A row's facts count its kinds and hold none of its texts."""
        yield Sentence("doctor.no_names", "Names: not checked, because no model that knows names is set up here.", {})
        for block in rows.blocks():
            for at in sorted(_maybe(block)):
                kinds = Counter(one.kind for one in find(block.texts[at]))
                if not kinds:
                    continue
                after = canonical(masked_turns(rows.turns(block.start + at)))
                yield Found(self.name, rows.positions[block.start + at], 0, facts(**dict(sorted(kinds.items()))), after)


def _maybe(block: "Block") -> set[int]:
    """Rows worth a closer look, by passes that cost little."""
    return set(block.matching(_MAYBE)) | {at for at, text in enumerate(block.texts) if "@" in text} | block.holding(_BIRTH_WORDS)
