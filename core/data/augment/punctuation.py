"""Without the marks at the end and the commas, or with more of them."""

import random
import re
from typing import ClassVar

from core.data.augment.base import Variation


class Punctuation(Variation):
    """Marks within numbers, times and addresses stay: only those before a blank or at the end go."""

    name: ClassVar[str] = "punctuation"
    label: ClassVar[str] = "Other punctuation"
    explanation: ClassVar[str] = "No commas and no full stop, or more question marks than needed."
    order: ClassVar[int] = 30

    def vary(self, text: str, draw: random.Random) -> str | None:
        bare = re.sub(r"[,;:](?=\s)", "", text).rstrip().rstrip(".!?…").rstrip()
        if text.rstrip().endswith("?") and draw.random() < 0.5:
            return text.rstrip() + "??"
        return bare if bare != text.rstrip() else None
