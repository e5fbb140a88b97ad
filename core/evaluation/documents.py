"""Test rows that are pieces of one document: asked one by one, their answers put together, so that a document counts once."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.data.pieces import MERGES, PIECE, Merged, document_of
from core.evaluation.rows import Row


@dataclass(frozen=True)
class Documents:
    """`rows` has one row a document, with its whole answer; `members` are the numbers of its pieces among the asked rows, in order."""

    task: str
    rows: tuple[Row, ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, rows: Sequence[Row], task: str) -> "Documents":
        groups = grouped(rows, task)
        number = {id(row): at for at, row in enumerate(rows)}
        return cls(task, tuple(_whole(group, task) for group in groups), tuple(tuple(number[id(row)] for row in group) for group in groups))

    @property
    def pieces(self) -> int:
        """How many rows are pieces of a document with more than one."""
        return sum(len(members) for members in self.members if len(members) > 1)

    def merged(self, answers: Sequence[str]) -> tuple[list[str], list[str | None]]:
        """One answer a document, and of those with several pieces how it came about, as JSON."""
        texts: list[str] = []
        told: list[str | None] = []
        for members in self.members:
            if len(members) == 1:
                texts.append(answers[members[0]])
                told.append(None)
                continue
            found = _merge(self.task, [answers[at] for at in members])
            texts.append(found.answer)
            told.append(json.dumps({"pieces": len(members), "counts": found.counts, "places": found.places}, ensure_ascii=False))
        return texts, told


def grouped(rows: Sequence[Row], task: str) -> list[tuple[Row, ...]]:
    """Pieces of one document together, in their order; every other row by itself. Only for tasks whose answers can be put together."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        document = document_of(row.original) if task in MERGES else None
        groups.setdefault(f"row {row.position}" if document is None else f"document {document}", []).append(row)
    return [tuple(sorted(group, key=_piece)) if len(group) > 1 else tuple(group) for group in groups.values()]


def _whole(group: Sequence[Row], task: str) -> Row:
    """The document as one row: its beginning, and what all its pieces are to say."""
    if len(group) == 1:
        return group[0]
    return dataclasses.replace(group[0], answer=_merge(task, [row.answer for row in group]).answer)


def _merge(task: str, answers: Sequence[str]) -> Merged:
    return MERGES[task](answers)


def _piece(row: Row) -> int:
    cells: Mapping[str, object] = json.loads(row.original or "{}")
    number = cells.get(PIECE)
    return number if isinstance(number, int) else int(number) if isinstance(number, str) and number.isdigit() else 0
