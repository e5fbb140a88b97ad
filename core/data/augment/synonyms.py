"""One expression replaced by another that means the same, from a small list of our own."""

import random
import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import ClassVar

from core.data.augment.base import Variation


class Synonyms(Variation):
    name: ClassVar[str] = "synonyms"
    label: ClassVar[str] = "A word with the same meaning"
    explanation: ClassVar[str] = "One everyday expression replaced by another, from a short list."
    order: ClassVar[int] = 40

    def vary(self, text: str, draw: random.Random) -> str | None:
        fitting = []
        for pair in _pairs():
            for here, there in (pair, pair[::-1]):
                if found := re.search(rf"(?<![\w']){re.escape(here)}(?![\w'])", text, re.IGNORECASE):
                    fitting.append((found, there))
        if not fitting:
            return None
        found, there = draw.choice(fitting)
        said = there[:1].upper() + there[1:] if found[0][:1].isupper() else there
        return text[: found.start()] + said + text[found.end() :]


@lru_cache
def _pairs() -> tuple[tuple[str, str], ...]:
    lists = tomllib.loads(resources.files("core.data.augment").joinpath("synonyms.toml").read_text(encoding="utf-8"))
    return tuple((first, second) for pairs in lists.values() for first, second in pairs)
