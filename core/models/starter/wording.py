"""How people type: other wordings of the same beginning, courtesies, carelessness. Widens what the scenes' templates say."""

from __future__ import annotations

import random
import re
import tomllib
from functools import lru_cache
from pathlib import Path


@lru_cache
def _others() -> list[tuple[re.Pattern[str], list[str]]]:
    table = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return [(re.compile(row["pattern"]), row["says"]) for row in table["other"]]


@lru_cache
def _courtesies() -> dict[str, list[str]]:
    return dict(tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))["courtesies"])


def reworded(text: str, rng: random.Random) -> str:
    """Some of the wordings exchanged for others, about half of those that could be."""
    for pattern, others in _others():
        if rng.random() < 0.5:
            text = pattern.sub(rng.choice(others), text, count=1)  # the other wordings hold no backslash
    return text


def as_typed(text: str, rng: random.Random) -> str:
    """The text with courtesies, upper and lower case, marks and slips as people type them."""
    mark = "?" if text.endswith("?") else ""
    text = text.rstrip("?!.")
    if rng.random() < 0.35:
        text = rng.choice(_courtesies()["before"]) + text
    if rng.random() < 0.3:
        text += ("," if rng.random() < 0.4 else mark if mark and rng.random() < 0.4 else "") + rng.choice(_courtesies()["after"])
    text += mark or rng.choice(("", "", ".", ".", "!"))
    style = rng.random()
    if style < 0.6:
        text = text[0].upper() + text[1:]
        text = re.sub(r"\bi\b(?=[ ']|$)", "I", text)
        text = re.sub(r"([.!?] )(\w)", lambda match: match[1] + match[2].upper(), text)
    elif style < 0.72:
        text = text.rstrip(".?!").lower()
    elif style < 0.74:
        text = text.upper()
    return slipped(text, rng) if rng.random() < 0.08 else text


def slipped(text: str, rng: random.Random) -> str:
    """One slip of the finger: a letter lost, doubled or exchanged with the next."""
    places = [i for i in range(1, len(text) - 1) if text[i - 1 : i + 2].isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    return rng.choice((text[:i] + text[i + 1 :], text[:i] + text[i] + text[i:], text[:i] + text[i + 1] + text[i] + text[i + 2 :]))
