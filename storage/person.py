"""A person's name (or another text) as it may be written: any case, with or without accents, any white space between words, as JSON escapes it."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

ERASED = "[erased]"
_BETWEEN = r"(?:[\s\u00a0_\-\u2010-\u2015]|\\[nrt]|\\u00a0)+"
_LETTERS = [*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)]
# Within JSON a word may follow an escape whose last letter or digit is no letter of the text.
_BEGINS = r"(?:(?<!\w)|(?<=\\[nrt])|(?<=\\u[0-9a-fA-F]{4}))"


class Person:
    """One person's spellings. Words are found whole: 'Ann' is not in 'Annual'. `least_words` are what any text that holds a spelling holds in folded form."""

    def __init__(self, spellings: Iterable[str]) -> None:
        self.spellings = tuple(dict.fromkeys(" ".join(spelling.split()) for spelling in spellings if spelling.strip()))
        words = [re.findall(r"[^\W_]+", folded(spelling)) or [folded(spelling)] for spelling in self.spellings]
        self.least_words = tuple(dict.fromkeys(max(each, key=len) for each in words))
        longest_first = sorted(self.spellings, key=len, reverse=True)
        self._pattern = re.compile(_BEGINS + "(?:" + "|".join(map(_spelled, longest_first)) + r")(?!\w)")

    def is_in(self, *texts: str | None) -> bool:
        return any(text is not None and self._pattern.search(text) is not None for text in texts)

    def count(self, text: str) -> int:
        return sum(1 for _ in self._pattern.finditer(text))

    def erased_from(self, text: str) -> str:
        """With `[erased]` in its place."""
        return self._pattern.sub(ERASED, text)

    def starred_in(self, text: str) -> str:
        """With a star for each byte, so that offsets into a file stay true."""
        return self._pattern.sub(lambda found: "*" * len(found.group().encode("utf-8")), text)

    def around(self, text: str, width: int = 60) -> str:
        """The first place with what stands around it."""
        found = self._pattern.search(text)
        if found is None:
            return text[: 2 * width]
        start, end = max(0, found.start() - width), min(len(text), found.end() + width)
        return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def folded(text: str) -> str:
    """As the database's macro folds: without case and accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter))


def _spelled(spelling: str) -> str:
    return _BETWEEN.join("".join(map(_letter, folded(word))) for word in re.split(r"[\s_-]+", spelling) if word)


@lru_cache(maxsize=512)
def _letter(letter: str) -> str:
    """A pattern for all ways in which a letter is written; accents may follow as characters of their own, or as escapes."""
    if letter in "'’‘":
        return r"(?:['’‘]|\\u201[89])"
    if not letter.isalpha():
        return re.escape(letter)
    written = {letter, letter.upper(), *(chr(code) for code in _LETTERS if folded(chr(code)) == letter)}
    plain = "".join(re.escape(each) for each in sorted(written) if len(each) == 1)
    escaped = [f"\\\\u{ord(each):04x}" for each in sorted(written) if len(each) == 1 and ord(each) > 127]
    either = f"(?:[{plain}]" + "".join(f"|(?i:{each})" for each in escaped) + ")"
    return either + r"(?:[\u0300-\u036f]|\\u03[0-6][0-9a-fA-F])*"
