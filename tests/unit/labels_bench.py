"""Arranges a workshop with rows that wait for an answer, for the tests of labelling."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.actions.registry import Context
from core.home import Home
from core.workshop import Workshop
from storage import datasets, projects
from storage.bulk import changing
from storage.rows import DatasetId, NewExample, OwnerId
from tests.unit.store_rows import messages

OWNER = OwnerId("local")
TOPICS = {
    "refund": ("I want my money back for order {n}", "Please refund the {n} euros I paid", "How long does a refund of {n} euros take"),
    "delivery": ("My parcel {n} has not arrived", "Where is the parcel with number {n}", "The courier lost parcel {n}"),
    "card": ("My card ending in {n} was declined", "The cash machine kept card {n}", "Block the card {n}, I lost it"),
}
Row = tuple[str, str | None]


@contextmanager
def workshop(folder: Path) -> Iterator[Context]:
    with Workshop.open(Home(folder / "home")) as opened:
        yield Context(opened, OWNER)


def dataset_with(context: Context, rows: Sequence[Row], shape: str = "text_label") -> DatasetId:
    """A new project's dataset that holds these rows, in this order: positions 1, 2, 3 …"""
    store = context.workshop.store
    project = projects.create(store, context.actor, "Support desk")
    dataset = datasets.create(store, context.actor, project.id, "tickets", shape, ["text", "label"]).id
    new = [NewExample(messages(text, answer), text, answer, "tickets.csv", n, json.dumps({"text": text})) for n, (text, answer) in enumerate(rows, 1)]
    changing.add_rows(store, context.actor, dataset, new, '{"key":"imported","english":"Rows","facts":{}}')
    return dataset


def tickets(count: int, answered: int = 0, seed: int = 0) -> list[Row]:
    """Short texts on three topics; the first `answered` of them with their topic."""
    drawn = random.Random(seed)
    rows = []
    for number in range(count):
        topic = drawn.choice(list(TOPICS))
        rows.append((drawn.choice(TOPICS[topic]).format(n=number), topic if number < answered else None))
    return rows


def topic_of(text: str) -> str:
    words = {"refund": ("money", "refund"), "delivery": ("parcel",), "card": ("card",)}
    return next(topic for topic, marks in words.items() if any(mark in text for mark in marks))
