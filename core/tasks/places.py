"""Where the values of an answer stand in the text that they were pulled out of, to the character; and which of them do not stand there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.tasks.extraction import fields_of, plain

_ASKED_FOR = re.compile(r"Asked for: [^\n]*\n\n")  # what was asked for stands before the text (core.data.shapes.text_fields) and is none of it
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})
_SHORT = 4  # a shorter value within a longer word is chance: 'a' in 'table'


class Standing(StrEnum):
    """`judged`: yes or no, which is said about a text and does not stand in it."""

    STANDS = "stands"
    MADE_UP = "made up"
    NOT_THERE = "not there"
    JUDGED = "judged"


@dataclass(frozen=True)
class Value:
    """One value of one field; of a list each. `text` is '' where the answer is that it is not there. `start` and `end` count characters of the text."""

    name: str
    text: str
    standing: Standing
    start: int | None = None
    end: int | None = None


def values_in(text: str, answer: str, names: Sequence[str] = ()) -> tuple[Value, ...]:
    """By field, `names` among them: those that the answer leaves out are not there. Empty when the answer is no JSON object.

    Capitals, kinds of quotation marks and dashes, and the width of white space make no difference. Of several places the first that stands as a word
    of its own and was not pointed at for this value yet.
    """
    fields = fields_of(answer)
    if fields is None:
        return ()
    page, found, used = _Page(text), list[Value](), set[tuple[int, int]]()
    for name in sorted({*names, *fields}):
        value = fields.get(name)
        for item in value if isinstance(value, list) else [value]:
            one = _value(page, name, item, used)
            if one.start is not None and one.end is not None:
                used.add((one.start, one.end))
            found.append(one)
    return tuple(found)


class _Page:
    """A text made even, and which character of the original each of its own came from."""

    def __init__(self, text: str) -> None:
        lead = _ASKED_FOR.match(text)
        letters: list[str] = []
        self._from: list[int] = []
        self._to: list[int] = []
        for at in range(lead.end() if lead else 0, len(text)):
            for letter in " " if text[at].isspace() else text[at].translate(_SAME).casefold():
                if letter == " " and letters[-1:] == [" "]:
                    self._to[-1] = at + 1
                    continue
                letters.append(letter)
                self._from.append(at)
                self._to.append(at + 1)
        self.text = "".join(letters)

    def places(self, wanted: str) -> Iterator[tuple[int, int]]:
        """Of the original; those that are words of their own first."""
        within: list[tuple[int, int]] = []
        at = self.text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            place = (self._from[at], self._to[end - 1])
            if not _joined(self.text[at - 1 : at], wanted[0]) and not _joined(wanted[-1], self.text[end : end + 1]):
                yield place
            elif len(wanted) >= _SHORT and not wanted[0].isdigit() and not wanted[-1].isdigit() or not wanted.isascii():
                within.append(place)
            at = self.text.find(wanted, at + 1)
        yield from within


def _value(page: _Page, name: str, item: Any, used: set[tuple[int, int]]) -> Value:
    if item is None or item == "":
        return Value(name, "", Standing.NOT_THERE)
    text = plain(item)
    if isinstance(item, bool):
        return Value(name, text, Standing.JUDGED)
    for written in _spellings(item, text):
        places = list(page.places(written)) if written else []
        if places:
            start, end = next((place for place in places if place not in used), places[0])
            return Value(name, text, Standing.STANDS, start, end)
    return Value(name, text, Standing.MADE_UP)


def _spellings(item: Any, text: str) -> Iterator[str]:
    yield " ".join(text.translate(_SAME).casefold().split())
    if isinstance(item, int | float):
        grouped = f"{item:,}"
        yield from (text.replace(".", ","), grouped, grouped.translate(str.maketrans(",.", ".,")), grouped.replace(",", " "))


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()
