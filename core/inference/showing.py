"""The process that holds tokenizers: `python -m core.inference.showing`. It answers one message after the other and ends when its stdin does."""

import copy
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.data.layout import Layout, folds_system, wear, with_columns
from core.data.pieces import split_text
from core.data.showing.protocol import ASKED, Asked, CutUp, Failed, Measure, Measured, Row, Said, Show, Shown, Stretch, Wear
from core.data.template import Certain, Encoded, encode, pieces_of
from core.errors import UserError
from core.jobs.failures import plain_facts, told, unexpected
from core.quiet import be_quiet
from core.tasks.base import Task, Turn, task

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_UNCUT = 1 << 30
_LOG = "showing.log"


def answer(asked: Asked) -> Said:
    """Raises what the layout and the template raise."""
    tokenizer = _worn(asked.wear.folder, asked.wear.layout)
    knowing = task(asked.wear.task).knowing(asked.wear.known)
    if isinstance(asked, Show):
        return _shown(tokenizer, knowing, asked)
    if isinstance(asked, Measure):
        encoded = [_encoded(tokenizer, knowing, asked.wear, row, _UNCUT) for row in asked.rows]
        return Measured(lengths=tuple(len(one.input_ids) for one in encoded), learned=tuple(sum(one.learned) for one in encoded))
    return CutUp(pieces=tuple(pieces_of_rows(asked.wear, asked.overlap, asked.rows)))


def pieces_of_rows(how: Wear, overlap: int, rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """The pieces of each row's last question that fit as `how` writes them, in order; a row that fits has one."""
    tokenizer, knowing = _worn(how.folder, how.layout), task(how.task).knowing(how.known)
    return (_pieces(tokenizer, knowing, how, overlap, row) for row in rows)


def without_torch() -> None:
    """A tokenizer needs none; transformers would import it and take three times as long."""
    sys.modules["torch"] = None  # type: ignore[assignment]


def serve(asked: BinaryIO, said: BinaryIO) -> None:
    for line in asked:
        try:
            reply: Said = answer(ASKED.validate_json(line))
        except UserError as error:
            reply = _failed(error)
        except Exception as error:  # noqa: BLE001 - whatever a library throws becomes a sentence, and the child goes on
            reply = _failed(told(error, place=Path.home()) or unexpected(error, _LOG))
        said.write(reply.line())
        said.flush()


def _shown(tokenizer: "PreTrainedTokenizerBase", knowing: Task, asked: Show) -> Shown:
    usual = _encoded(tokenizer, knowing, asked.wear, asked.row, asked.wear.max_length)
    encoded = _encoded(tokenizer, knowing, asked.wear, asked.row, asked.wear.max_length, knowing.certain)
    whole = len(encoded.input_ids)
    if encoded.cut:
        whole = len(_encoded(tokenizer, knowing, asked.wear, asked.row, _UNCUT).input_ids)
    stretches = tuple(Stretch(text=piece.text, learned=piece.learned, missing=piece.missing) for piece in pieces_of(tokenizer, encoded))
    has_system = bool(asked.wear.layout.system_prompt.strip()) or any(turn.role == "system" for turn in asked.row.turns)
    return Shown(
        stretches=stretches,
        tokens=len(encoded.input_ids),
        learned=sum(encoded.learned),
        spared=sum(usual.learned) - sum(encoded.learned),
        whole=whole,
        folded=has_system and folds_system(tokenizer),
    )


def _encoded(tokenizer: "PreTrainedTokenizerBase", knowing: Task, how: Wear, row: Row, limit: int, certain: Certain | None = None) -> Encoded:
    """As a training has it (core.training.encoding)."""
    turns = with_columns(knowing.training_turns(row.turns), row.original, how.layout)
    return encode(tokenizer, [turn.model_dump() for turn in turns], limit, how.layout, certain)


def _pieces(tokenizer: "PreTrainedTokenizerBase", knowing: Task, how: Wear, overlap: int, row: Row) -> tuple[str, ...]:
    """What the last question leaves room for is what a piece may have: all else of the example stays with every piece."""
    asks = [at for at, turn in enumerate(row.turns) if turn.role == "user"]
    whole = len(_encoded(tokenizer, knowing, how, row, _UNCUT).input_ids)
    if not asks or whole <= how.max_length:
        return (row.turns[asks[-1]].content,) if asks else ()
    text = row.turns[asks[-1]].content
    short = Row(turns=tuple(_without(turn) if at == asks[-1] else turn for at, turn in enumerate(row.turns)), original=row.original)
    room = how.max_length - len(_encoded(tokenizer, knowing, how, short, _UNCUT).input_ids)

    @cache  # a stretch is measured when the text is parted and again when its parts are gathered
    def length(stretch: str) -> int:
        return len(tokenizer(stretch, add_special_tokens=False)["input_ids"])

    return split_text(text, room, min(overlap, room // 4), length) if room > 0 else (text,)


def _without(turn: Turn) -> Turn:
    return turn.model_copy(update={"content": "."})


@lru_cache(maxsize=8)
def _worn(folder: Path, layout: Layout) -> "PreTrainedTokenizerBase":
    tokenizer = copy.deepcopy(_tokenizer(folder))
    wear(tokenizer, layout)
    return tokenizer


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    from core.models.load import load_tokenizer

    return load_tokenizer(folder)


def _failed(error: UserError) -> Failed:
    return Failed(error=error.name, sentence=str(error), facts=plain_facts(error))


def main() -> None:
    be_quiet()
    without_torch()
    if hasattr(os, "nice"):
        os.nice(5)
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not stand between the messages
    serve(sys.stdin.buffer, own)


if __name__ == "__main__":
    main()
