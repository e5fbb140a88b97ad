"""Answers of another assistant that refused, or that speaks of itself as a machine."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, TAKE_OUT, Check, CheckContext, NotChecked
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_SAID = re.compile(
    "|".join(
        (
            r"\bas an? (?:ai|artificial intelligence|large language|language)(?: language)?(?: model| assistant)?\b",
            r"\bi(?:'m| am) (?:just |only )?an? (?:ai|artificial intelligence|language model|virtual assistant)\b",
            r"\bi(?:'m| am) (?:very |really |so )?(?:sorry|afraid),? (?:but )?i(?:'m| am)? ?(?:not able|unable|can'?t|cannot|do not have|don't have)",
            r"\bi (?:can(?:no|')t|can not|am unable to|am not able to|'m unable to|won't) (?:help|assist|comply|provide|fulfil|answer|engage|support)",
            r"\bmy (?:knowledge cut-?off|training data|programming)\b",
            r"\bcome (?:modello linguistico|intelligenza artificiale|assistente virtuale|ia)\b",
            r"\b(?:mi dispiace|spiacente),? (?:ma )?(?:non posso|non sono in grado)\b",
            r"\bnon posso (?:aiutarti|aiutarla|assisterti|fornire|rispondere a questa)\b",
            r"\ben tant que (?:modèle de langage|ia|intelligence artificielle)\b",
            r"\bals (?:ki|sprachmodell|künstliche intelligenz)\b",
            r"\bcomo (?:modelo de lenguaje|ia|inteligencia artificial)\b",
        )
    )
)
_OPENING_CHARS = 600  # who refuses does so at once


class Refusals(Check):
    name: ClassVar[str] = "refusals"
    label: ClassVar[str] = "Answers that refuse"
    why: ClassVar[str] = "'As an AI language model I cannot help with that' teaches your model to say the same, also where it could help."
    term: ClassVar[str] = "refusals and assistant boilerplate"
    mends: ClassVar = (TAKE_OUT, MARK)
    order: ClassVar[int] = 24

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        if context.labelled:
            raise NotChecked("doctor.answers_are_labels", "the answers are categories, not sentences")
        for block in rows.blocks():
            for at, answer in enumerate(block.answers, block.start):
                if answer and _SAID.search(answer[:_OPENING_CHARS].lower().replace("’", "'")):
                    yield Found(self.name, rows.positions[at], 0)
