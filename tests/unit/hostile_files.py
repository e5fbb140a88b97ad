"""The record of bad input: what is wrong with a file, the file, and what Bottega must say of it. The tables stand in hostile_{text,packed,office,columns}.py.

`expected` is an error's class name, 'BadRow:' (or 'BadRows:') with a fault's key, or 'rows:' with the number of rows that are rightly read.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Hostile:
    """`alone`: it may take its process down, so that it gets one of its own."""

    cause: str
    name: str
    build: Callable[[], bytes]
    expected: str
    alone: bool = False


def table() -> list[Hostile]:
    from tests.unit import hostile_columns, hostile_office, hostile_packed, hostile_text

    return [*hostile_text.table(), *hostile_packed.table(), *hostile_office.table(), *hostile_columns.table()]
