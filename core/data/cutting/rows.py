"""A long row and its pieces: what each piece says and is to answer, and the file that takes them to the store."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.data.pieces import fields_by_piece, piece_originals
from core.data.showing.protocol import Row
from core.tasks.base import Turn
from storage.canonical import canonical, question_and_answer

_BATCH = 5_000


@dataclass(frozen=True)
class LongRow:
    """A row as it stood when the job began, by its position and its hash."""

    position: int
    content_hash: str
    row: Row

    @classmethod
    def of(cls, position: int, content_hash: str, messages: str, original: str | None) -> "LongRow":
        turns = tuple(Turn.model_validate(turn) for turn in json.loads(messages))
        return cls(position, content_hash, Row(turns=turns, original=original))


@dataclass(frozen=True)
class PieceRow:
    """A piece of the row at `position`, if that still has `content_hash`. `messages` and `original` are JSON."""

    position: int
    content_hash: str
    messages: str
    question: str
    answer: str | None
    original: str


def piece_rows(task: str, long: LongRow, texts: Sequence[str], document: str) -> tuple[list[PieceRow], int]:
    """The rows of these pieces, and how many of the row's values stand in none of them as they are written."""
    answers, unplaced = _answers(task, long.row, texts)
    originals = piece_originals(long.row.original or "{}", document, len(texts))
    made = []
    for text, answer, original in zip(texts, answers, originals, strict=True):
        turns = [turn.model_dump() for turn in _turns(long.row, text, answer)]
        question, said = question_and_answer(turns)
        made.append(PieceRow(long.position, long.content_hash, canonical(turns), question, said, original))
    return made, unplaced


class PiecesFile:
    """pieces.parquet, written in batches. A context manager."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        columns = [(name, pa.int64() if name == "position" else pa.string()) for name in PieceRow.__dataclass_fields__]
        self._writer: Any = parquet.ParquetWriter(path, pa.schema(columns), compression="zstd")
        self._held: list[PieceRow] = []

    def add(self, rows: Sequence[PieceRow]) -> None:
        self._held += rows
        if len(self._held) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        held, self._held = self._held, []
        if held:
            self._writer.write_table(pa.Table.from_pylist([asdict(row) for row in held], schema=self._writer.schema))

    def __enter__(self) -> "PiecesFile":
        return self

    def __exit__(self, *raised: object) -> None:
        self._flush()
        self._writer.close()


def _answers(task: str, row: Row, texts: Sequence[str]) -> tuple[list[str | None], int]:
    """What each piece is to answer: the document's category, or those of its fields that stand in it."""
    answer = next((turn.content for turn in reversed(row.turns) if turn.role == "assistant"), None)
    if answer is None or task == "classification":
        return [answer] * len(texts), 0
    given, unplaced = fields_by_piece(answer, texts)
    return [*given], unplaced


def _turns(row: Row, text: str, answer: str | None) -> list[Turn]:
    """The row's turns with a piece in place of its long text. What was said before stays with every piece."""
    asks = max(at for at, turn in enumerate(row.turns) if turn.role == "user")
    answers = [at for at, turn in enumerate(row.turns) if turn.role == "assistant"]
    turns: list[Turn] = []
    for at, turn in enumerate(row.turns):
        content = text if at == asks else answer if answers and at == answers[-1] and answer is not None else turn.content
        turns.append(turn.model_copy(update={"content": content}))
    return turns
