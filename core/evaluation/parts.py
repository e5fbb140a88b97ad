"""Texts longer than a model reads at once: they are put to it piece by piece, and what it answers is put together."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.pieces import MERGES, split_text
from core.evaluation.rows import Row
from core.tasks.base import Turn
from storage.canonical import canonical

if TYPE_CHECKING:
    from core.inference.base import Backend, Options

_OVERLAP = 32  # tokens of a piece that the next one begins with
_LEAST = 32  # tokens: where an instruction leaves less for the text, pieces of it say nothing

Prompt = Callable[[Row], list[Turn]]


@dataclass(frozen=True)
class Parts:
    """`prompts` are what is asked, `numbers` those of each row: several where its text was too long. Of `unread` rows the model reads nothing: the text
    is too long, and answers to its pieces could not be put together."""

    task: str
    prompts: tuple[list[Turn], ...]
    numbers: tuple[tuple[int, ...], ...]
    unread: int

    @property
    def parted(self) -> int:
        """Rows that are asked in pieces."""
        return sum(len(numbers) > 1 for numbers in self.numbers)

    @property
    def pieces(self) -> int:
        """Of those rows together."""
        return sum(len(numbers) for numbers in self.numbers if len(numbers) > 1)

    def together(self, answers: Sequence[str]) -> list[str]:
        """One answer a row of those to the prompts."""
        given = ([answers[number] for number in numbers] for numbers in self.numbers)
        return [texts[0] if len(texts) == 1 else MERGES[self.task](texts).answer for texts in given]


def parted(backend: "Backend", task: str, options: "Options", rows: Sequence[Row], prompt: Prompt) -> Parts:
    """What is asked of these rows. A piece leaves room for its answer; a whole text needs to where the answer is free."""
    most = max(backend.limit - options.max_new_tokens, backend.limit // 2)
    whole = backend.limit - 1 if options.constraint is not None else most
    frame = len(backend.prompt_ids([Turn(role="user", content="")]))
    prompts: list[list[Turn]] = []
    numbers: list[tuple[int, ...]] = []
    unread = 0
    for row in rows:
        asked = [prompt(row)]
        if _most_tokens(asked[0], frame) > whole and (tokens := len(backend.prompt_ids(asked[0]))) > whole:
            asked = [prompt(piece) for piece in _pieces(backend, row, prompt, most)] if task in MERGES else asked
            unread += task not in MERGES and tokens >= backend.limit
        numbers.append(tuple(range(len(prompts), len(prompts) + len(asked))))
        prompts += asked
    return Parts(task, tuple(prompts), tuple(numbers), unread)


def _most_tokens(turns: Sequence[Turn], frame: int) -> int:
    """A text has never more tokens than bytes."""
    return frame * len(turns) + sum(len(turn.model_dump_json().encode()) for turn in turns)


def _pieces(backend: "Backend", row: Row, prompt: Prompt, most: int) -> tuple[Row, ...]:
    text = next((turn.content for turn in reversed(row.turns) if turn.role == "user"), "")
    room = most - _tokens(backend, row, prompt, "")
    if room < _LEAST:
        return (row,)
    texts = split_text(text, room, min(_OVERLAP, room // 4), lambda stretch: _tokens(backend, row, prompt, stretch) - (most - room))
    return tuple(_saying(row, piece) for piece in texts)


def _tokens(backend: "Backend", row: Row, prompt: Prompt, text: str) -> int:
    return len(backend.prompt_ids(prompt(_saying(row, text))))


def _saying(row: Row, text: str) -> Row:
    """The row with another text in place of its last question."""
    turns = [turn.model_dump() for turn in row.turns]
    asks = max((at for at, turn in enumerate(turns) if turn["role"] == "user"), default=None)
    if asks is None:
        return row
    turns[asks]["content"] = text
    return dataclasses.replace(row, messages=canonical(turns), question=text)
