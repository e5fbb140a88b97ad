"""What goes over the pipe to the child that holds tokenizers and back: one JSON line a message, typed at both ends."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.data.layout import Layout
from core.tasks.base import Turn


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def line(self) -> bytes:
        return self.model_dump_json().encode() + b"\n"


class Row(Message):
    """An example: its turns, and its row as it was in the file where a layout may name columns."""

    turns: tuple[Turn, ...]
    original: str | None = None


class Wear(Message):
    """How rows are to be written: the tokenizer of which folder, by which layout, as which task writes its answers, up to how many tokens."""

    folder: Path
    layout: Layout
    task: str
    known: tuple[str, ...] = ()  # the categories, which decide how each is written
    max_length: int


class Show(Message):
    """Answered by Shown or Failed."""

    op: Literal["show"] = "show"
    wear: Wear
    row: Row


class Measure(Message):
    """Answered by Measured or Failed."""

    op: Literal["measure"] = "measure"
    wear: Wear
    rows: tuple[Row, ...]


class Cut(Message):
    """Texts to split into pieces that fit. Answered by CutUp or Failed."""

    op: Literal["cut"] = "cut"
    wear: Wear
    overlap: int
    rows: tuple[Row, ...]


class Stretch(Message):
    """A stretch of the rendered text; `missing` tokens were cut out before it."""

    text: str
    learned: bool
    missing: int = 0


class Shown(Message):
    """`tokens` are those that the model reads, `whole` those that the example has uncut; `spared` are those of the answer that its form writes by itself,
    which few rows learn; `folded`: a system text is part of the first question."""

    op: Literal["shown"] = "shown"
    stretches: tuple[Stretch, ...]
    tokens: int
    learned: int
    spared: int
    whole: int
    folded: bool


class Measured(Message):
    """Tokens of each row uncut, in order, and of those the learned ones."""

    op: Literal["measured"] = "measured"
    lengths: tuple[int, ...]
    learned: tuple[int, ...]


class CutUp(Message):
    """The pieces of each row's last question, in order; a row that fits has one."""

    op: Literal["cut_up"] = "cut_up"
    pieces: tuple[tuple[str, ...], ...]


class Failed(Message):
    """A UserError of the child: its class name, its English sentence and its facts."""

    op: Literal["failed"] = "failed"
    error: str
    sentence: str
    facts: dict[str, Any]


Asked = Show | Measure | Cut
Said = Shown | Measured | CutUp | Failed
ASKED: TypeAdapter[Asked] = TypeAdapter(Annotated[Asked, Field(discriminator="op")])
SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="op")])
