"""The rows that the recorded curves were made from: drawn from a seed, so that they can be made again. Texts are (question, answer)."""

import csv
import json
import os
import random
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

Pairs = list[tuple[str, str]]
_BANK = Path(os.environ.get("BOTTEGA_TEST_DATA", Path(__file__).parents[3] / "shared/data")) / "banking77-train.csv"
_WORDS = {
    "fruit": ["apple", "pear", "plum", "cherry", "lemon", "grape", "fig", "melon"],
    "tool": ["hammer", "saw", "drill", "pliers", "wrench", "chisel", "file", "spade"],
    "animal": ["horse", "cow", "sheep", "goat", "duck", "goose", "rabbit", "donkey"],
    "colour": ["red", "blue", "green", "yellow", "brown", "purple", "orange", "grey"],
    "metal": ["iron", "gold", "silver", "copper", "tin", "lead", "zinc", "nickel"],
    "room": ["kitchen", "cellar", "attic", "bathroom", "hall", "garage", "pantry", "study"],
}
_FILLERS = [
    "the",
    "a",
    "of",
    "with",
    "and",
    "we",
    "saw",
    "bought",
    "near",
    "old",
    "two",
    "small",
    "in",
    "on",
    "one",
    "very",
    "good",
    "for",
    "our",
    "last",
    "big",
    "to",
    "from",
    "new",
    "had",
]
_NAMES = ["Ann", "Ben", "Carla", "Dario", "Elsa", "Franco", "Gina", "Hugo", "Ida", "Luca"]


def words(count: int, seed: int, *, kinds: int = 6, length: int = 8, common: float = 0.0, noise: float = 0.0) -> Pairs:
    """A sentence of fillers with one word that tells the kind. `common` is the first kind's share (0: all alike); `noise` of the answers are drawn
    at random."""
    drawn, made = random.Random(seed), []
    known = list(_WORDS)[:kinds]
    for _ in range(count):
        kind = known[0] if drawn.random() < common else drawn.choice(known[1:] if common else known)
        said = drawn.choices(_FILLERS, k=length)
        said.insert(drawn.randrange(length + 1), drawn.choice(_WORDS[kind]))
        made.append((" ".join(said), drawn.choice(known) if drawn.random() < noise else kind))
    return made


def bank(count: int, seed: int, *, kinds: int = 8, common: float = 0.0, noise: float = 0.0) -> Pairs:
    """Real questions to a bank (banking77), of the first `kinds` intents."""
    with _BANK.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"].strip(), row["category"]) for row in csv.DictReader(file)]
    return _drawn(rows, count, seed, kinds, common, noise)


def desk(count: int, seed: int, *, kinds: int = 8, common: float = 0.0, noise: float = 0.0) -> Pairs:
    """The shipped sample: messages to a support desk."""
    text = resources.files("core.data.samples").joinpath("support_desk.csv").read_text(encoding="utf-8")
    rows = [(row["message"], row["category"]) for row in csv.DictReader(text.splitlines())]
    return _drawn(rows, count, seed, kinds, common, noise)


def orders(count: int, seed: int) -> Pairs:
    """Writing: an order in words becomes a line of a list."""
    drawn, made = random.Random(seed), []
    for _ in range(count):
        name, number, thing = drawn.choice(_NAMES), drawn.randrange(2, 90), drawn.choice(_WORDS[drawn.choice(list(_WORDS))])
        made.append((f"{' '.join(drawn.choices(_FILLERS, k=3))} {number} {thing} for {name}", f"{name}: {number} {thing}"))
    return made


def riddles(count: int, seed: int) -> Pairs:
    """Writing that cannot be learned: the number of the answer stands nowhere in the text."""
    drawn = random.Random(seed)
    return [(question, f"{drawn.choice(_NAMES)}: {drawn.randrange(2, 90)}") for question, _ in orders(count, seed)]


def halves(count: int, seed: int) -> Pairs:
    """Every kind has two names, and which of them is asked for stands nowhere: half can be learned."""
    drawn = random.Random(seed + 1)
    return [(question, drawn.choice((kind, f"{kind} thing", f"my {kind}"))) for question, kind in words(count, seed, kinds=4)]


def repeated(pairs: Pairs, times: int) -> Pairs:
    return pairs * times


def parts(train: Pairs, validation: Pairs) -> list[dict[str, Any]]:
    """As rows of a run folder's Parquet file."""
    made = []
    for number, (part, (question, answer)) in enumerate([*(("train", pair) for pair in train), *(("validation", pair) for pair in validation)]):
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        made.append(
            {"example_id": f"e{number}", "part": part, "position": number, "messages": json.dumps(turns), "question": question, "answer": answer}
        )
    return made


def _drawn(rows: Sequence[tuple[str, str]], count: int, seed: int, kinds: int, common: float, noise: float) -> Pairs:
    drawn = random.Random(seed)
    known = list(dict.fromkeys(label for _, label in rows))[:kinds]
    first, others = ([row for row in rows if (row[1] == known[0]) is is_first and row[1] in known] for is_first in (True, False))
    if common:
        many = round(count * common)
        chosen = drawn.sample(first, min(many, len(first))) + drawn.sample(others, min(count - many, len(others)))
    else:
        chosen = drawn.sample(first + others, min(count, len(first) + len(others)))
    drawn.shuffle(chosen)
    return [(text, drawn.choice(known) if drawn.random() < noise else label) for text, label in chosen]
