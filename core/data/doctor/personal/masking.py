"""Masks that keep the meaning: [E-MAIL 1] is the same address wherever it stands in a row, so that an answer that copies it stays right."""

from collections.abc import Sequence
from typing import Any

from core.data.doctor.personal.finders import find

_ROUNDS = 8  # what stood between two numbers may be one itself once they are masked


def masked_texts(texts: Sequence[str]) -> list[str]:
    """The texts of one row with each personal value masked in all of them, also where a text says it without the words that gave it away."""
    texts = list(texts)
    masks: dict[tuple[str, str], str] = {}
    for _ in range(_ROUNDS):
        written: dict[str, str] = {}
        for text in texts:
            for one in find(text):
                counted = sum(kind == one.kind for kind, _ in masks)
                mask = masks.setdefault((one.kind, one.value), f"[{one.kind} {counted + 1}]")
                written[text[one.start : one.end]] = mask
        if not written:
            return texts
        for surface in sorted(written, key=len, reverse=True):
            texts = [text.replace(surface, written[surface]) for text in texts]
    return texts


def masked_turns(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same of a conversation."""
    return [{**turn, "content": text} for turn, text in zip(turns, masked_texts([turn["content"] for turn in turns]), strict=True)]
