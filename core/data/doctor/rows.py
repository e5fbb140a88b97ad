"""The rows that the doctor reads: a Parquet file of a dataset as it stands, held column by column and handed out block by block."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.canonical import canonical, turns_of

if TYPE_CHECKING:
    import re

    import pyarrow as pa

_BLOCK_ROWS = 10_000
_KEPT_ROWS = 200_000  # up to here the texts stay in memory as Python has them; beyond, each check reads them anew
_BETWEEN = "\0"  # no text holds it: a row with one is not taken in
_COLUMNS = ("position", "messages", "question", "answer", "part", "sealed")


@dataclass(frozen=True)
class Block:
    """Some rows in a row. `texts` are all that is said in each: question and answer, or every turn of a longer conversation. `start` is the first's index."""

    start: int
    questions: list[str]
    answers: list[str | None]
    texts: list[str]

    @cached_property
    def joined(self) -> str:
        return _BETWEEN.join(self.texts)

    @cached_property
    def lowered(self) -> str:
        """Of the same length as `joined`, so that places are the same: what grows in lower case (a dotted I) stays as it is."""
        low = self.joined.lower()
        return low if len(low) == len(self.joined) else "".join(letter if len(letter.lower()) != 1 else letter.lower() for letter in self.joined)

    @cached_property
    def _ends(self) -> list[int]:
        ends, at = [], 0
        for text in self.texts:
            at += len(text) + 1
            ends.append(at)
        return ends

    def row_at(self, place: int) -> int:
        """The index within the block of the row at a place of `joined`."""
        return bisect_right(self._ends, place)

    def matching(self, pattern: "re.Pattern[str]", *, lowered: bool = False) -> list[int]:
        """Rows in which the pattern is found, each once; after a hit its row is left."""
        text, rows, at = self.lowered if lowered else self.joined, [], 0
        while (hit := pattern.search(text, at)) is not None:
            row = self.row_at(hit.start())
            rows.append(row)
            at = self._ends[row]
        return rows

    def holding(self, words: Iterable[str]) -> set[int]:
        """Rows that hold one of these words (in lower case), as plain text."""
        rows = set()
        for word in words:
            at = self.lowered.find(word)
            while at >= 0:
                row = self.row_at(at)
                rows.add(row)
                at = self.lowered.find(word, self._ends[row])
        return rows


class Rows:
    """All rows; an index counts from 0 in the order of the file. `on_block` is called with each block: for progress and to be stopped."""

    def __init__(self, table: "pa.Table", on_block: Callable[[], None] | None = None) -> None:
        self._table, self._on_block = table.combine_chunks(), on_block
        self._kept: list[Block] | None = None
        self.count: int = table.num_rows

    @classmethod
    def of(cls, path: Path, on_block: Callable[[], None] | None = None) -> "Rows":
        """Of a file that storage.bulk.writing.write_current wrote."""
        from pyarrow import parquet

        return cls(parquet.read_table(path, columns=list(_COLUMNS)), on_block)

    @cached_property
    def positions(self) -> list[int]:
        return self._table.column("position").to_pylist()

    @cached_property
    def parts(self) -> list[str | None]:
        return self._table.column("part").to_pylist()

    @cached_property
    def sealed(self) -> list[bool]:
        return self._table.column("sealed").to_pylist()

    def turns(self, index: int) -> list[dict[str, Any]]:
        """A row's messages."""
        return turns_of(self._table.column("messages")[index].as_py())

    def blocks(self) -> Iterator[Block]:
        """In order."""
        if self._kept is None and self.count <= _KEPT_ROWS:
            self._kept = [self._block(start) for start in range(0, self.count, _BLOCK_ROWS)]
        for number, start in enumerate(range(0, self.count, _BLOCK_ROWS)):
            if self._on_block is not None:
                self._on_block()
            yield self._kept[number] if self._kept is not None else self._block(start)

    def contents(self, labelled: bool) -> Iterator[list[str]]:
        """What makes a row the same as another, block by block: its question where answers are categories, else all that is said in it."""
        for block in self.blocks():
            yield block.questions if labelled else block.texts

    def _block(self, start: int) -> Block:
        from pyarrow import compute

        piece = self._table.slice(start, _BLOCK_ROWS)
        questions, answers = piece.column("question").to_pylist(), piece.column("answer").to_pylist()
        texts = [question if answer is None else f"{question}\n{answer}" for question, answer in zip(questions, answers, strict=True)]
        turns = compute.count_substring(piece.column("messages"), '"role":"').to_pylist()
        for at, (count, answer) in enumerate(zip(turns, answers, strict=True)):
            if count > 1 + (answer is not None):
                texts[at] = "\n".join(str(turn["content"]) for turn in self.turns(start + at))
        return Block(start, questions, answers, texts)


def mended(turns: Sequence[dict[str, Any]], repair: Callable[[str], str], roles: frozenset[str] | None = None) -> str | None:
    """The messages with each text put through `repair`; None when nothing changes or a text would be left empty."""
    after = [{**turn, "content": repair(turn["content"])} if roles is None or turn["role"] in roles else turn for turn in turns]
    if after == list(turns) or any(not turn["content"].strip() and was["content"].strip() for turn, was in zip(after, turns, strict=True)):
        return None
    return canonical(after)


def facts(**values: Any) -> str:
    """Facts of a finding, as the store keeps them."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
