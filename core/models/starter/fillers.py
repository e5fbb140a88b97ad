"""Invented names, places, dates, amounts and things for the generated exercises, and `fill`, which puts them into a template."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path


@lru_cache
def words() -> dict[str, list[str]]:
    """The lists of words.toml by kind."""
    return dict(tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))["words"])


def money(rng: random.Random) -> str:
    number = rng.choice([rng.randint(2, 99), rng.randint(100, 950), rng.randint(1, 40) * 50])
    cents = f".{rng.randint(0, 99):02d}" if rng.random() < 0.35 else ""
    sign, word = rng.choice([("€", "euros"), ("£", "pounds"), ("$", "dollars")])
    return f"{sign}{number}{cents}" if rng.random() < 0.5 else f"{number}{cents} {word}"


def date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2019, 2031)
    name = words()["month"][month - 1]
    forms = [f"{day} {name}", f"{name} {day}", f"{day} {name} {year}", f"{name} {day}, {year}", f"{year}-{month:02d}-{day:02d}"]
    return rng.choice([*forms, f"{day}/{month}/{year}", f"the {day}th of {name}"] if 4 <= day <= 20 else [*forms, f"{day:02d}.{month:02d}.{year}"])


def clock(rng: random.Random) -> str:
    hour, minute = rng.randint(7, 22), rng.choice([0, 15, 30, 45, rng.randint(0, 59)])
    twelve, half = (hour - 1) % 12 + 1, "am" if hour < 12 else "pm"
    return rng.choice([f"{hour}:{minute:02d}", f"{twelve}:{minute:02d} {half}", f"{twelve} {half}", f"{twelve} o'clock"])


def person(rng: random.Random) -> str:
    return " ".join(rng.choice(words()[kind]) for kind in (("first_name", "last_name") if rng.random() < 0.6 else ("first_name",)))


def code(rng: random.Random) -> str:
    letters = "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=rng.randint(1, 3)))
    return rng.choice([f"{letters}-{rng.randint(100, 9999)}", f"{rng.randint(10000, 999999)}", f"{letters}{rng.randint(10, 9999)}"])


def number(rng: random.Random) -> str:
    value = rng.randint(2, 12)
    return str(value) if rng.random() < 0.5 else words()["number"][value - 2]


def phone(rng: random.Random) -> str:
    near, far = f"0{rng.randint(100, 999)} {rng.randint(100000, 999999)}", f"+39 0{rng.randint(10, 99)} {rng.randint(1000000, 9999999)}"
    return rng.choice([near, f"555-{rng.randint(1000, 9999)}", far])


def email(rng: random.Random) -> str:
    first, last, host = (rng.choice(words()[kind]) for kind in ("first_name", "last_name", "mail_host"))
    return f"{first.lower()}.{last.lower()}@{host}"


def address(rng: random.Random) -> str:
    return f"{rng.randint(1, 180)} {rng.choice(words()['last_name'])} {rng.choice(words()['street'])}"


def doctor(rng: random.Random) -> str:
    return f"Dr {rng.choice(words()['last_name'])}"


def year(rng: random.Random) -> str:
    return str(rng.randint(2015, 2030))


MADE: dict[str, Callable[[random.Random], str]] = {
    **{maker.__name__: maker for maker in (date, code, phone, email, address, doctor, year)},
    "amount": money,
    "time": clock,
    "name": person,
    "n": number,
}


def one(kind: str, rng: random.Random) -> str:
    """A value for the filler `kind`. Raises KeyError for a kind that nobody knows."""
    return MADE[kind](rng) if kind in MADE else rng.choice(words()[kind])


def fill(template: str, rng: random.Random) -> str:
    """Take one of each [this|that] and replace each {kind} by a value of its own."""
    chosen = re.sub(r"\[([^\[\]]*)\]", lambda match: rng.choice(match[1].split("|")), template)
    return re.sub(r"\{(\w+)\}", lambda match: one(match[1], rng), re.sub(r" {2,}", " ", chosen)).strip()
