"""Two models, one question: their answers side by side, streaming or whole, with the names hidden where a person wants to judge blindly."""

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from core.data.pieces import MERGES, split_text
from core.errors import UserError
from core.inference.base import QuestionTooLong
from core.inference.chances import Chance
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn

if TYPE_CHECKING:
    from core.inference.pool import Inference


_SURE = 0.8  # of the room: a piece may have more tokens a letter than the whole text
_LEAST_CHARS = 100  # of a piece


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Asked:
    """One of the two: which model, what it is shown of the question by `shown`, what its answer may be, and how what it wrote becomes a stored answer.
    A question that is too long is asked in pieces where answers of the task can be put together."""

    name: str
    model: ModelReference
    task: str
    question: str
    shown: Callable[[str], tuple[Turn, ...]]
    constraint: Constraint | None
    max_new_tokens: int
    restore: Callable[[str], str]


@dataclass(frozen=True)
class PairPiece:
    """A piece of one side's answer. The side's last piece is `done`, with the whole `answer` in its stored form ('card_arrival' where 'card arrival'
    was written) and, of a model that knows them, the `chances` of the likeliest categories; or with the `error` that ended it. `read_in`: the question
    was too long and was asked in so many pieces, whose answers were put together."""

    side: Side
    text: str = ""
    done: bool = False
    answer: str | None = None
    error: UserError | None = None
    chances: tuple[Chance, ...] = ()
    read_in: int = 1


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
                whole = restore(written[piece.side]) if piece.answer is None else piece.answer
                piece = replace(piece, answer=None if piece.error else whole, chances=chances)
            yield piece
    finally:
        stop.set()


def _answer(inference: "Inference", side: Side, asked: Asked, pieces: "queue.Queue[PairPiece]", stop: threading.Event) -> None:
    last = PairPiece(side, done=True)

    def said(text: str) -> None:
        pieces.put(PairPiece(side, text))

    try:
        last = replace(last, chances=_asked_whole(inference, asked, asked.question, said, stop))
    except QuestionTooLong as met:
        last = _in_pieces(inference, asked, met, said, stop, last) if asked.task in MERGES else replace(last, error=met)
    except UserError as met:
        last = replace(last, error=met)
    finally:  # whatever happened: who reads must not wait for ever
        pieces.put(last)


def _asked_whole(inference: "Inference", asked: Asked, text: str, said: Callable[[str], None], stop: threading.Event) -> tuple[Chance, ...]:
    """Raises QuestionTooLong, before anything is said, and what the pool raises."""
    stream = inference.stream(asked.model, asked.shown(text), max_new_tokens=asked.max_new_tokens, constraint=asked.constraint)
    try:
        with contextlib.closing(stream):
            while not stop.is_set():
                said(next(stream))
    except StopIteration as ended:
        found: tuple[Chance, ...] = ended.value or ()
        return found
    return ()


def _in_pieces(
    inference: "Inference", asked: Asked, met: QuestionTooLong, said: Callable[[str], None], stop: threading.Event, last: PairPiece
) -> PairPiece:
    """The answers to the pieces one below the other as they are written, and put together at the end."""
    answers: list[str] = []
    waiting = list(_parted(asked.question, asked, met))
    try:
        while waiting and not stop.is_set():
            text, written = waiting.pop(0), list[str]()

            def heard(more: str, written: list[str] = written) -> None:
                written.append(more)
                said(more)

            try:
                _asked_whole(inference, asked, text, heard, stop)
            except QuestionTooLong as again:
                waiting[:0] = _parted(text, asked, again)
            else:
                answers.append(asked.restore("".join(written)))
                said("\n")
    except UserError as error:
        return replace(last, error=error)
    return replace(last, answer=MERGES[asked.task](answers).answer, read_in=len(answers))


def _parted(text: str, asked: Asked, met: QuestionTooLong) -> tuple[str, ...]:
    """Pieces that leave room for an answer, by how many tokens this text has. Raises QuestionTooLong where what stands around it fills all."""
    limit, tokens = met.facts["limit"], met.facts["tokens"]
    room = max(limit - asked.max_new_tokens, limit // 2) * _SURE
    chars = int(len(text) * room / tokens)
    if chars < min(_LEAST_CHARS, len(text)):
        raise met
    return split_text(text, chars, chars // 10, len)
