"""Exercises over invented notes: copy a field, write fields as JSON, answer from the text, shorten."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.models.starter.fillers import one

Turns = tuple[tuple[str, str], ...]
ABSENT = (
    "age",
    "discount",
    "website",
    "room number",
    "blood group",
    "seat",
    "weight",
    "reference",
    "size",
    "password",
    "gender",
    "nickname",
    "floor",
    "fax",
)
PADDING = (
    "I hope you are well.", "Thank you for your last message.", "It is rather cold here today.", "I wanted to write earlier.", "We spoke about it on the phone.",
    "My sister sends her regards.", "I have been your customer for years.", "Please answer soon.", "Sorry for the trouble.", "Have a good day.",
    "I had a busy week.", "You can reach me at any time.", "As always, thank you for your help.", "The weather was lovely.", "I am sure that we will find a way.",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Note:
    """A text, its fields with their values as they stand in it, and questions with the field that answers each."""

    text: str
    fields: dict[str, str]
    asks: dict[str, str]


@lru_cache
def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("notes.toml").read_text(encoding="utf-8"))


def note(rng: random.Random) -> Note:
    """An invented note, at times with sentences around it that do not matter."""
    kind = rng.choice(_table()["note"])
    template = re.sub(r"\[([^\[\]]*)\]", lambda match: rng.choice(match[1].split("|")), rng.choice(kind["text"]))
    fields: dict[str, str] = {}

    def value(match: re.Match[str]) -> str:
        return fields.setdefault(match[1], one(match[2], rng))

    text = re.sub(r"\{(\w+):(\w+)\}", value, template)
    if rng.random() < 0.3:
        text = f"{rng.choice(PADDING)} {text}" if rng.random() < 0.5 else f"{text} {rng.choice(PADDING)}"
    return Note(text, fields, {ask: field for field, ask in kind["asks"].items() if field in fields})


def _spoken(field: str) -> str:
    return field.replace("_", " ")


def copy_field(rng: random.Random) -> Turns:
    """Copy one field of a note, or say that it is not present."""
    made = note(rng)
    field = rng.choice(list(made.fields))
    answer, ask = made.fields[field], _spoken(field)
    missing = rng.random() < 0.2
    if missing:
        ask, answer = rng.choice(ABSENT), "not present"
    strict = [
        f"What is the {ask}? Copy it from the text, or say: not present.\n\n{made.text}",
        f"{made.text}\n\nFind the {ask}. If it is not there, answer: not present.",
        f"Copy the {ask} exactly, or write not present.\n{made.text}",
        f"Find the {ask} in the text. Not there: not present.\nText: {made.text}",
    ]
    loose = [
        f"Copy the {ask}.\n{made.text}",
        f"Text: {made.text}\n{ask.capitalize()}:",
        f"{made.text}\n\nWhat is the {ask}?",
        f"Extract the {ask} from the text.\n\n{made.text}",
    ]
    if not missing and rng.random() < 0.2:
        return (("system", f"Give the {ask} of each message."), ("user", made.text), ("assistant", answer))
    return _plain(rng.choice(strict if missing else strict + loose), answer)


def fields_as_json(rng: random.Random) -> Turns:
    """Write some fields as JSON; one that is not there is an empty string or left out, as the instruction says."""
    made = note(rng)
    names = rng.sample(list(made.fields), rng.randint(1, len(made.fields)))
    empty = rng.random() < 0.2
    if empty:
        names.insert(rng.randint(0, len(names)), rng.choice(ABSENT))
    keys = {name: name if rng.random() < 0.8 else _spoken(name) for name in (n.replace(" ", "_") for n in names)}
    values = {key: made.fields.get(name, "") for name, key in keys.items()}
    listed = ", ".join(keys.values())
    rule = " Leave a field that is not there empty." if empty else ""
    ask = rng.choice(
        [
            f"Give these fields as JSON: {listed}.{rule}\n\n{made.text}",
            f"{made.text}\n\nReturn JSON with the keys {listed}.{rule}",
            f"Extract {listed} as a JSON object.{rule}\nText: {made.text}",
            f"Fields: {listed}. Answer in JSON.{rule}\n{made.text}",
            f"Write {json.dumps(dict.fromkeys(keys.values(), '...'))} for this text.{rule}\n\n{made.text}",
        ]
    )
    answer = json.dumps(values, ensure_ascii=False)
    if not empty and rng.random() < 0.2:
        return (("system", f"Answer with a JSON object with the keys {listed}."), ("user", made.text), ("assistant", answer))
    return _plain(ask, answer)


def answer_from_text(rng: random.Random) -> Turns:
    """Answer a question from one or two notes, or say that the text does not tell."""
    made, other = note(rng), note(rng)
    ask = rng.choice(list(made.asks))
    answer = made.fields[made.asks[ask]]
    text = made.text
    if rng.random() < 0.15:
        foreign = [question for question, field in other.asks.items() if field not in made.fields and question not in made.asks]
        if foreign:
            ask, answer = rng.choice(foreign), "not present"
    tail = " If the text does not say it, answer: not present." if answer == "not present" or rng.random() < 0.3 else ""
    first, last = f"{text}\n\n{ask}{tail}", f"{ask}{tail}\n\n{text}"
    return _plain(
        rng.choice([first, last, f"Answer from the text.{tail}\n\nText: {text}\nQuestion: {ask}", f"Text: {text}\nQuestion: {ask}{tail}\nAnswer:"]),
        answer,
    )


def shorten(rng: random.Random) -> Turns:
    """Say in one short sentence, or several facts as several, what a long-winded message says."""
    parts = rng.sample(_table()["short"], rng.choices((1, 2), (3, 2))[0])
    long, short = [], []
    for part in parts:
        sentence, brief = rng.choice(part["long"]), part["short"]
        for kind in sorted(set(re.findall(r"\{(\w+)\}", sentence + brief))):
            value = one(kind, rng)
            sentence, brief = sentence.replace("{" + kind + "}", value), brief.replace("{" + kind + "}", value)
        long.append(sentence[0].upper() + sentence[1:] + ".")
        short.append(brief[0].upper() + brief[1:])
    if rng.random() < 0.6:
        long.insert(rng.randint(0, len(long)), rng.choice(PADDING))
    text = " ".join(long)
    ask = rng.choice(
        [
            "Shorten this.",
            "Say it shortly.",
            "Summarise in a few words.",
            "Summary of the message:",
            "Give the main point.",
            "Write a subject line for this message.",
        ]
    )
    return _plain(rng.choice([f"{ask}\n\n{text}", f"{text}\n\n{ask}", f"{ask} {text}"]), " ".join(short))


def _plain(question: str, answer: str) -> Turns:
    return (("user", question), ("assistant", answer))
