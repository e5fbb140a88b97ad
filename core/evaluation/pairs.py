"""Two models, one question: their answers side by side, streaming or whole, with the names hidden where a person wants to judge blindly."""

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import UserError
from core.inference.chances import Chance
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn

if TYPE_CHECKING:
    from core.inference.pool import Inference


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Asked:
    """One of the two: which model, what it is shown, what its answer may be, and how what it wrote becomes a stored answer."""

    name: str
    model: ModelReference
    messages: tuple[Turn, ...]
    constraint: Constraint | None
    max_new_tokens: int
    restore: Callable[[str], str]


@dataclass(frozen=True)
class PairPiece:
    """A piece of one side's answer. The side's last piece is `done`, with the whole `answer` in its stored form ('card_arrival' where 'card arrival'
    was written) and, of a model that knows them, the `chances` of the likeliest categories; or with the `error` that ended it."""

    side: Side
    text: str = ""
    done: bool = False
    answer: str | None = None
    error: UserError | None = None
    chances: tuple[Chance, ...] = ()


def shuffled(names: Sequence[str], question: str, seed: int) -> tuple[str, str]:
    """Left and right, by seed and question: the same again for the vote, and not to be guessed from one question to the next."""
    first, second = names
    swapped = hashlib.sha256(f"{seed} {question}".encode()).digest()[0] % 2
    return (second, first) if swapped else (first, second)


def stream_two(inference: "Inference", left: Asked, right: Asked) -> Iterator[PairPiece]:
    """Pieces of both as they are written. Closing the iterator stops both. One side's error leaves the other going."""
    pieces: queue.Queue[PairPiece] = queue.Queue()
    stop = threading.Event()
    sides = {Side.LEFT: left, Side.RIGHT: right}
    for side, asked in sides.items():
        threading.Thread(target=_answer, args=(inference, side, asked, pieces, stop), daemon=True, name=f"compare-{side}").start()
    open_sides, written = {Side.LEFT, Side.RIGHT}, {Side.LEFT: "", Side.RIGHT: ""}
    try:
        while open_sides:
            piece = pieces.get()
            written[piece.side] += piece.text
            if piece.done:
                open_sides.discard(piece.side)
                restore = sides[piece.side].restore
                chances = tuple(chance.model_copy(update={"label": restore(chance.label)}) for chance in piece.chances)
                piece = replace(piece, answer=None if piece.error else restore(written[piece.side]), chances=chances)
            yield piece
    finally:
        stop.set()


def _answer(inference: "Inference", side: Side, asked: Asked, pieces: "queue.Queue[PairPiece]", stop: threading.Event) -> None:
    error: UserError | None = None
    chances: tuple[Chance, ...] = ()
    try:
        stream = inference.stream(asked.model, asked.messages, max_new_tokens=asked.max_new_tokens, constraint=asked.constraint)
        with contextlib.closing(stream):
            while not stop.is_set():
                pieces.put(PairPiece(side, next(stream)))
    except StopIteration as ended:
        chances = ended.value
    except UserError as met:
        error = met
    finally:  # whatever happened: who reads must not wait for ever
        pieces.put(PairPiece(side, done=True, error=error, chances=chances))
