"""Written in small letters only, as on a phone."""

import random
from typing import ClassVar

from core.data.augment.base import Variation


class Case(Variation):
    name: ClassVar[str] = "case"
    label: ClassVar[str] = "Small letters only"
    explanation: ClassVar[str] = "As many people write on a phone."
    order: ClassVar[int] = 20

    def vary(self, text: str, draw: random.Random) -> str | None:
        return text.lower() if text.lower() != text else None
