"""Masks that keep the meaning: [E-MAIL 1] is the same address wherever it stands in a row, so that an answer that copies it stays right."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.data.doctor.personal.finders import find

_ROUNDS = 8  # what stood between two numbers may be one itself once they are masked


def masked_texts(texts: Sequence[str]) -> list[str]:
    """The texts of one row with each personal value masked in all of them, also where a text says it without the words that gave it away."""
    texts = list(texts)
    masks: dict[tuple[str, str], str] = {}
    counted = Counter[str]()
    for _ in range(_ROUNDS):
        written: dict[str, str] = {}
        for text in texts:
            for one in find(text):
                if (one.kind, one.value) not in masks:
                    counted[one.kind] += 1
                    masks[one.kind, one.value] = f"[{one.kind} {counted[one.kind]}]"
                written[text[one.start : one.end]] = masks[one.kind, one.value]
        if not written:
            return texts
        texts = [_replaced(text, written) for text in texts]
    return texts


def masked_turns(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same of a conversation."""
    return [{**turn, "content": text} for turn, text in zip(turns, masked_texts([turn["content"] for turn in turns]), strict=True)]


def _replaced(text: str, written: Mapping[str, str]) -> str:
    """Every place of every surface, in one pass over the text: as if each were replaced after the other, the longest first."""
    pieces, last = list[str](), 0
    for start, end in sorted(_apart(text, written)):
        pieces += (text[last:start], written[text[start:end]])
        last = end
    return "".join((*pieces, text[last:]))


def _apart(text: str, written: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Places of which none lies in another; a longer one goes before those that it overlaps."""
    taken = bytearray(len(text))
    for start, end in sorted(_places(text, written), key=lambda place: (place[0] - place[1], place[0])):
        if not taken[start] and not taken[end - 1]:  # none that was taken before is shorter, so none lies within
            taken[start:end] = b"\1" * (end - start)
            yield start, end


def _places(text: str, written: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """All places, also those that overlap. Surfaces are told by how they begin, so that most of a text is looked at once."""
    begins = min(map(len, written))
    sizes: dict[str, set[int]] = {}
    for surface in written:
        sizes.setdefault(surface[:begins], set()).add(len(surface))
    for start in range(len(text) - begins + 1):
        for size in sizes.get(text[start : start + begins], ()):
            if start + size <= len(text) and text[start : start + size] in written:
                yield start, start + size
