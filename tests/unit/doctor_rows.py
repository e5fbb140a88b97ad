"""Arranges rows for the doctor's tests, as storage writes them for a check-up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.data.doctor.base import CheckContext, NotChecked, check
from core.data.doctor.rows import Rows
from core.sentence import Sentence
from storage.canonical import canonical
from storage.rows import Found

STARTER = Path(__file__).parents[2] / "core" / "models" / "starter" / "weights"
Pair = tuple[str, str | None]
_SCHEMA = pa.schema(
    [("position", "int64"), ("messages", "string"), ("question", "string"), ("answer", "string"), ("part", "string"), ("sealed", "bool")]
)


def rows_of(pairs: Sequence[Pair], parts: Sequence[str | None] | None = None, messages: Sequence[list[dict[str, str]]] | None = None) -> Rows:
    """Positions count from 1. `messages` where a row is more than a question and an answer."""
    table = []
    for at, (question, answer) in enumerate(pairs):
        turns = [{"role": "user", "content": question}, *([{"role": "assistant", "content": answer}] if answer is not None else [])]
        turns = messages[at] if messages is not None else turns
        table.append(
            {
                "position": at + 1,
                "messages": canonical(turns),
                "question": question,
                "answer": answer,
                "part": parts[at] if parts else None,
                "sealed": False,
            }
        )
    return Rows(pa.Table.from_pylist(table, schema=_SCHEMA))


def context_of(rows: Rows, **known: Any) -> CheckContext:
    return CheckContext(rows=rows, **known)


def found(name: str, rows: Rows, **known: Any) -> list[Found]:
    """The findings of one check, without its sentences."""
    return [one for one in check(name).run(rows, context_of(rows, **known)) if isinstance(one, Found)]


def positions(name: str, rows: Rows, **known: Any) -> list[int]:
    return [one.position for one in found(name, rows, **known)]


def said(name: str, rows: Rows, **known: Any) -> list[str]:
    """The keys of what a check says of the whole set, or of why it does not look."""
    try:
        return [one.key for one in check(name).run(rows, context_of(rows, **known)) if isinstance(one, Sentence)]
    except NotChecked as reason:
        return [reason.sentence.key]


def varied(count: int) -> list[Pair]:
    """Rows in which no check finds anything that concerns one row."""
    things = ("kettle", "lamp", "sofa", "blender", "printer", "mirror", "carpet", "bottle", "helmet", "ladder")
    faults = ("does not switch on", "came with a scratch", "is smaller than the picture", "was left with a neighbour", "makes a loud noise")
    wishes = (
        "send another one",
        "give my money back",
        "tell me how to mend it",
        "say when it comes",
        "collect it on Monday",
        "explain the guarantee",
    )
    pairs: list[Pair] = []
    for n in range(count):
        thing, fault, wish = things[n % 10], faults[n // 10 % 5], wishes[n // 50 % 6]
        pairs.append(
            (
                f"The {thing} that I ordered {fault}; could you please {wish}?",
                f"We are sorry about your {thing}. Our people will {wish} and write to you.",
            )
        )
    return pairs
