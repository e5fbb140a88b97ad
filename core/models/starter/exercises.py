"""Short instructions with their answers, made from templates with a seed: no download, no text of others.

Each maker takes a random generator and gives one conversation; `exercises` mixes them. The kinds are the habits that make fine-tuning
quick: say what a short message wants, choose from a list, copy a field, write JSON of fields, shorten, say it in other words.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from core.models.starter import notes
from core.models.starter.corpus import Document
from core.models.starter.fillers import fill
from core.models.starter.wording import as_typed, reworded

Turns = tuple[tuple[str, str], ...]
SCENES = Path(__file__).with_name("scenes")


Scenes = dict[str, dict[str, list[str]]]


@lru_cache
def scenes() -> Scenes:
    """Per scene: what people want, and templates of how they say it."""
    return _scenes_in(SCENES)


@lru_cache
def unseen_scenes() -> Scenes:
    """Scenes that only an evaluation uses."""
    return _scenes_in(SCENES / "unseen")


def _scenes_in(folder: Path) -> Scenes:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["says"] for path in sorted(folder.glob("*.toml"))}


def said(templates: list[str], rng: random.Random) -> str:
    """One way of saying it, in one of the ways people type."""
    return as_typed(fill(reworded(rng.choice(templates), rng), rng), rng)


def as_label(want: str, style: int) -> str:
    return (want, want.replace(" ", "_"), want.capitalize(), want.replace(" ", "-"), want.upper(), want.title().replace(" ", ""))[style]


def _style(rng: random.Random) -> int:
    return rng.choices(range(6), (50, 25, 12, 4, 4, 5))[0]


def choose_label(rng: random.Random, known: Scenes | None = None) -> Turns:
    """Choose one of the labels that are listed before or after the text."""
    says = rng.choice(list((known or scenes()).values()))
    wants = list(says)
    some = rng.sample(wants, min(len(wants), rng.randint(2, 9)))
    want, style = rng.choice(some), _style(rng)
    labels = [as_label(name, style) for name in some]
    text = said(says[want], rng)
    listed = rng.choice(["\n".join(f"- {name}" for name in labels), ", ".join(labels), " | ".join(labels), "; ".join(labels), "\n".join(labels)])
    question = rng.choice(
        [
            f"Choose one of these labels: {listed}\n\n{text}",
            f"Which of these fits the message?\n{listed}\n\nMessage: {text}",
            f"{text}\n\nLabels: {listed}\nAnswer with the label only.",
            f"Text: {text}\nWhat is it about? Options: {listed}",
            f"Classify the message.\n{listed}\n\nMessage: {text}\nLabel:",
            f"Pick the intent.\n{listed}\n\n{text}",
            f"What does the person want? {listed}\n\n{text}",
        ]
    )
    if rng.random() < 0.25:
        head, _, tail = question.partition("\n")
        return (
            (("system", head), ("user", tail.strip()), ("assistant", as_label(want, style)))
            if listed in head
            else _plain(question, as_label(want, style))
        )
    return _plain(question, as_label(want, style))


def name_intent(rng: random.Random) -> Turns:
    """Say in a few words what the message wants: no list, or a bare message."""
    scene = rng.choice(list(scenes()))
    want = rng.choice(list(scenes()[scene]))
    text = said(scenes()[scene][want], rng)
    ask = rng.choice(["", "", "", "What does the person want?\n", "Say in a few words what this is about: ", "Intent of the message: ", "Topic?\n"])
    if not ask and rng.random() < 0.3:
        return (
            ("system", rng.choice(["Name the intent.", "Give the topic of each message.", f"You sort messages for a {scene}."])),
            ("user", text),
            ("assistant", want),
        )
    return _plain(ask + text, want)


def by_example(rng: random.Random) -> Turns:
    """The labels follow from the examples earlier in the same conversation."""
    scene = rng.choice(list(scenes()))
    wants = rng.sample(list(scenes()[scene]), rng.randint(2, 5))
    style, turns = _style(rng), []
    for want in [*wants, *rng.choices(wants, k=rng.randint(1, 4))]:
        turns += [("user", said(scenes()[scene][want], rng)), ("assistant", as_label(want, style))]
    return tuple(turns)


def same_want(rng: random.Random) -> Turns:
    """Do two messages want the same?"""
    scene = rng.choice(list(scenes()))
    first, other = rng.sample(list(scenes()[scene]), 2)
    same = rng.random() < 0.5
    one, two = said(scenes()[scene][first], rng), said(scenes()[scene][first if same else other], rng)
    ask = rng.choice(["Do these two messages want the same?", "Same meaning? Answer yes or no.", "Are the two people asking for the same thing?"])
    return _plain(f"{ask}\n1. {one}\n2. {two}", "yes" if same else "no")


def other_words(rng: random.Random) -> Turns:
    """Say it in other words: another template of the same want, or the same one worded otherwise, with the same names and numbers."""
    scene = rng.choice(list(scenes()))
    want = rng.choice(list(scenes()[scene]))
    templates = scenes()[scene][want]
    one_way, other_way = rng.sample(templates, 2) if rng.random() < 0.6 else [rng.choice(templates)] * 2
    if one_way != other_way:
        one_way, other_way = reworded(one_way, rng), reworded(other_way, rng)
    else:
        other_way = next((new for new in (reworded(one_way, rng) for _ in range(8)) if new != one_way), rng.choice(templates))
    seed = rng.getrandbits(32)
    # The same seed fills the same kinds with the same values as long as they come in the same order.
    question, answer = as_typed(fill(one_way, random.Random(seed)), rng), fill(other_way, random.Random(seed))
    ask = rng.choice(["Say it in other words: ", "Rephrase: ", "Write this differently.\n", "Put this another way: ", "Other words for: "])
    return _plain(ask + question, answer[0].upper() + answer[1:])


def _plain(question: str, answer: str) -> Turns:
    return (("user", question), ("assistant", answer))


MAKERS: dict[str, tuple[Callable[[random.Random], Turns], float]] = {
    "choose label": (choose_label, 3.0),
    "name intent": (name_intent, 3.5),
    "by example": (by_example, 1.5),
    "same want": (same_want, 0.7),
    "other words": (other_words, 1.5),
    "copy field": (notes.copy_field, 2.0),
    "fields as json": (notes.fields_as_json, 2.0),
    "answer from text": (notes.answer_from_text, 1.5),
    "shorten": (notes.shorten, 1.0),
}


def exercises(count: int, seed: int = 0) -> Iterator[Document]:
    """`count` conversations, mixed; the same seed gives the same."""
    rng = random.Random(seed)
    kinds, odds = list(MAKERS), [weight for _, weight in MAKERS.values()]
    for _ in range(count):
        kind = rng.choices(kinds, odds)[0]
        yield Document(f"made/{kind}", MAKERS[kind][0](rng))
