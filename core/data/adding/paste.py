"""Rows out of what a person pastes: cells of a spreadsheet (tabs between columns), or one text a line."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

MOST_ROWS = 10_000
_TEXTS = frozenset({"text", "question", "message", "prompt", "input", "testo", "domanda", "messaggio"})
_ANSWERS = frozenset({"answer", "label", "category", "completion", "output", "response", "risposta", "etichetta", "categoria", "fields", "campi"})


@dataclass(frozen=True)
class PastedRow:
    """`answer` None: it is still to be given. `cells` are all of the row's cells by column, as they came."""

    question: str
    answer: str | None
    cells: dict[str, str]


@dataclass(frozen=True)
class Pasted:
    """`empty` counts the rows that had no text and are left out; `header` says that the first line named the columns."""

    rows: tuple[PastedRow, ...]
    empty: int
    header: bool
    columns: int


def pasted(text: str) -> Pasted:
    """With tabs, the first column is the text and the second its answer, unless a first line names them. At most MOST_ROWS are read."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    # A spreadsheet quotes a cell that holds a line end or a tab; a plain list of lines may begin with a quotation mark of its own.
    table = _cells(lines) if "\t" in lines else [[line] for line in lines.split("\n")]
    heads = [cell.strip().lower() for cell in table[0]] if table else []
    header = len(heads) > 1 and any(head in _TEXTS for head in heads) and len(set(heads)) == len(heads)
    names = [cell.strip() for cell in table[0]] if header else []
    asked = next((place for place, head in enumerate(heads) if head in _TEXTS), 0) if header else 0
    said = next((place for place, head in enumerate(heads) if head in _ANSWERS), None) if header else 1
    found, empty = [], 0
    for cells in table[1 if header else 0 : MOST_ROWS + 1]:
        question, answer = _at(cells, asked), _at(cells, said)
        if question:
            found.append(PastedRow(question, answer or None, _named(cells, names)))
        else:
            empty += any(cell.strip() for cell in cells)
    return Pasted(tuple(found[:MOST_ROWS]), empty, header, max((len(cells) for cells in table), default=0))


def _cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _named(cells: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    ours = ["text", "answer"]
    return {names[i] if i < len(names) and names[i] else ours[i] if not names and i < 2 else f"column {i + 1}": cell for i, cell in enumerate(cells)}
