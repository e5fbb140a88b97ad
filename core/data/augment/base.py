"""A way to say the same differently: one module here. It changes a text so that its answer stays right, or says that it cannot."""

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.plugins import declared

TAG, ORIGIN_COLUMN = "augmented", "augmented_from"


class Variation(ABC):
    """Class attributes declare, the method does. `label` is what a person reads; `order` where it stands."""

    name: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    order: ClassVar[int] = 50

    @abstractmethod
    def vary(self, text: str, draw: random.Random) -> str | None:
        """Another text with the same meaning; None where there is nothing to change."""


@dataclass(frozen=True)
class Source:
    """An answered row to vary. `id` is its example's."""

    id: str
    position: int
    text: str
    answer: str


@dataclass(frozen=True)
class Variant:
    """A proposal beside its origin. `key` names it: the same seed makes the same proposals."""

    key: str
    position: int
    origin: str
    text: str
    answer: str
    how: str


def variations() -> Mapping[str, Variation]:
    """All of this folder, in their order."""
    return {one.name: one for one in sorted(declared("core.data.augment", Variation), key=lambda one: (one.order, one.name))}


def proposals(rows: Sequence[Source], kinds: Sequence[str], seed: int) -> list[Variant]:
    """At most one proposal a row and way, none that equals a text that is there. A marked field stays in the text letter for letter."""
    known = variations()
    seen = {" ".join(row.text.split()) for row in rows}
    found = []
    for row in rows:
        for kind in kinds:
            draw = random.Random(f"{seed}/{row.position}/{kind}")
            text = known[kind].vary(row.text, draw) if kind in known else None
            if text is None or not text.strip() or " ".join(text.split()) in seen or not _keeps_fields(text, row.answer):
                continue
            seen.add(" ".join(text.split()))
            found.append(Variant(f"{row.position}.{kind}", row.position, row.text, text, row.answer, kind))
    return found


def _keeps_fields(text: str, answer: str) -> bool:
    try:
        parsed = json.loads(answer)
    except (ValueError, RecursionError):
        return True
    return not isinstance(parsed, dict) or all(value in text for value in parsed.values() if isinstance(value, str))
