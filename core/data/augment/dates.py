"""A date written the other way round: '2 May 2026' and 'May 2, 2026'. In Italian there is one order, so nothing is changed there."""

import random
import re
from typing import ClassVar

from core.data.augment.base import Variation

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? ({_MONTHS})(?:,? (\d{{4}}))?\b")
_MONTH_FIRST = re.compile(rf"\b({_MONTHS}) (\d{{1,2}})(?:st|nd|rd|th)?(?:, (\d{{4}}))?\b")


class Dates(Variation):
    name: ClassVar[str] = "dates"
    label: ClassVar[str] = "A date the other way round"
    explanation: ClassVar[str] = "'2 May 2026' instead of 'May 2, 2026'."
    order: ClassVar[int] = 50

    def vary(self, text: str, draw: random.Random) -> str | None:
        if found := _DAY_FIRST.search(text):
            day, month, year = found.groups()
            return text[: found.start()] + f"{month} {day}" + (f", {year}" if year else "") + text[found.end() :]
        if found := _MONTH_FIRST.search(text):
            month, day, year = found.groups()
            return text[: found.start()] + f"{day} {month}" + (f" {year}" if year else "") + text[found.end() :]
        return None
