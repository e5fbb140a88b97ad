"""A typing mistake as people make them: neighbours on the keyboard, two letters swapped, one left out, one twice."""

import random
import re
from typing import ClassVar

from core.data.augment.base import Variation

_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol", "a": "qsz", "s": "awdx",
    "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb",
    "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip


class Typos(Variation):
    """One mistake, in one of the longer words; numbers and names stay as they are."""

    name: ClassVar[str] = "typos"
    label: ClassVar[str] = "A typing mistake"
    explanation: ClassVar[str] = "One letter wrong, left out, doubled or swapped with its neighbour."
    order: ClassVar[int] = 10

    def vary(self, text: str, draw: random.Random) -> str | None:
        # The first letter is seldom mistyped, and a short word could become another word.
        words = [
            found
            for found in re.finditer(r"(?<![\w@./-])[^\W\d_]{5,}(?![\w@/-])", text)
            if found[0].islower() or found[0].istitle() and found.start() == 0
        ]
        if not words:
            return None
        word = draw.choice(words)
        place = draw.randrange(word.start() + 1, word.end() - 1)
        letter, after = text[place], text[place + 1]
        kind = draw.choice(("swap", "leave", "double", "neighbour"))
        if kind == "swap" and letter != after:
            return text[:place] + after + letter + text[place + 2 :]
        if kind == "double":
            return text[:place] + letter + text[place:]
        if kind == "neighbour" and letter in _NEIGHBOURS:
            return text[:place] + draw.choice(_NEIGHBOURS[letter]) + text[place + 1 :]
        return text[:place] + text[place + 1 :]
