"""From the rows in a run folder to tokens with what is learned marked; what cannot be learned from is refused here, in one sentence each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.sentence import Sentence
from core.tasks.base import Task, Turn
from storage.rows import Part

if TYPE_CHECKING:
    import numpy
    from transformers import PreTrainedTokenizerBase

    from core.data.layout import Layout
    from core.data.template import Encoded

_TELL_EVERY = 256  # rows
_NO_LIMIT = 1 << 30
# Of so many training rows one learns its answer with what the constraint writes by itself, for programs that use the model without one. The others learn
# what is a choice: of a form's tokens most are names of its fields, and what stands in them is learned late beside those.
WHOLE_EVERY = 8


class NothingToLearn(UserError):
    """No training row has an answer."""

    sentence = (
        "None of the {rows:,} training rows has an answer to learn from. Map the column with the answers in the data step. Nothing was started."
    )
    status = 422

    def __init__(self, *, rows: int) -> None:
        super().__init__(rows=rows)


class OneCategory(UserError):
    """Sorting needs something to tell apart."""

    sentence = "All {rows:,} training rows have the same category '{label}', so there is nothing to tell apart. Bring rows of at least two categories. Nothing was started."
    status = 422

    def __init__(self, *, rows: int, label: str) -> None:
        super().__init__(rows=rows, label=label)


class AllTooLong(UserError):
    """Cut to what the model reads, no row has anything of its answer left."""

    sentence = (
        "All {rows:,} training rows are longer than the {limit:,} tokens that are read at once (the longest has {longest:,}), and nothing of "
        "their answers is left after cutting. Choose a model with a longer context, raise max_length, or shorten the texts. Nothing was started."
    )
    status = 422

    def __init__(self, *, rows: int, limit: int, longest: int) -> None:
        super().__init__(rows=rows, limit=limit, longest=longest)


@dataclass(frozen=True)
class TrainingRow:
    """A row of the run folder's Parquet file."""

    part: Part
    turns: tuple[Turn, ...]
    answer: str | None
    original: str | None = None  # written only where the layout names columns of it


@dataclass(frozen=True)
class Learned:
    """Tokens of one example: int64 [tokens]; bool [tokens], true for those that the model is to write."""

    ids: "numpy.ndarray"
    learned: "numpy.ndarray"


@dataclass(frozen=True)
class EncodedRows:
    """`cut` rows were longer than `limit` tokens and lost their rest, `lost` of them all of their answer (those are left out). With a head of its own
    the model tells `labels` apart: an example is then its text, and the number of its label in the place of the answer's tokens."""

    train: tuple[Learned, ...]
    validation: tuple[Learned, ...]
    limit: int
    cut: int
    lost: int
    longest: int
    labels: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Of the training part."""
        return sum(len(example.ids) for example in self.train)

    def told(self) -> Sentence | None:
        """What a person should know about rows that were cut; None when nothing was."""
        if not self.cut:
            return None
        facts = {"cut": self.cut, "limit": self.limit, "longest": self.longest, "lost": self.lost}
        return Sentence(
            "training.cut",
            "{cut:,} rows are longer than the {limit:,} tokens that are read at once (the longest has {longest:,}); the middle of their long texts "
            "is cut out, and {lost:,} rows without any answer left are not learned from.",
            facts,
        )


def read_rows(path: Path, part: Part | None = None) -> list[TrainingRow]:
    """What storage.bulk.writing.write_rows wrote; of one part only where it is named."""
    import json

    import pyarrow.parquet

    there = pyarrow.parquet.read_schema(path).names
    chosen = [("part", "=", part.value)] if part is not None else None
    table = pyarrow.parquet.read_table(path, columns=[name for name in ("part", "messages", "answer", "original") if name in there], filters=chosen)
    columns = [table.column(name).to_pylist() for name in ("part", "messages", "answer")]
    originals = table.column("original").to_pylist() if "original" in there else [None] * table.num_rows
    return [
        TrainingRow(Part(part), tuple(Turn.model_validate(turn) for turn in json.loads(messages)), answer, original)
        for part, messages, answer, original in zip(*columns, originals, strict=True)
    ]


def read_answers(path: Path, part: Part) -> tuple[str, ...]:
    """The answers of a part's rows, each once, in order of the alphabet; no row's text is read."""
    import pyarrow.parquet

    column = pyarrow.parquet.read_table(path, columns=["answer"], filters=[("part", "=", part.value)]).column("answer")
    return tuple(sorted({answer.strip() for answer in column.unique().to_pylist() if answer is not None and answer.strip()}))


def check_rows(rows: Sequence[TrainingRow], task_name: str) -> list[TrainingRow]:
    """The rows with an answer. Raises NothingToLearn, OneCategory."""
    answered = [row for row in rows if row.answer is not None and row.answer.strip()]
    train = [row for row in answered if row.part is Part.TRAIN]
    if not train:
        raise NothingToLearn(rows=sum(row.part is Part.TRAIN for row in rows))
    labels = {(row.answer or "").strip() for row in train}
    if task_name == "classification" and len(labels) == 1:
        raise OneCategory(rows=len(train), label=labels.pop())
    return answered


def encode_rows(
    rows: Sequence[TrainingRow],
    task: Task,
    tokenizer: "PreTrainedTokenizerBase",
    limit: int,
    told: Callable[[int, int], None] = lambda done, rows: None,
    layout: "Layout | None" = None,
    labels: tuple[str, ...] = (),
) -> EncodedRows:
    """`rows` are those of `check_rows`; `task` knows the answers; `limit` is in tokens; the tokenizer wears the layout. `told` hears of progress.
    `labels` are those of a head; a validation row of another is left out.

    Raises AllTooLong, TemplateMismatch.
    """
    import numpy

    encode = _Encoder(task, tokenizer, layout, labels)
    parts: dict[Part, list[Learned]] = {Part.TRAIN: [], Part.VALIDATION: []}
    cut = lost = longest = 0
    for number, row in enumerate(rows):
        if number % _TELL_EVERY == 0:
            told(number, len(rows))
        if row.part not in parts or not encode.knows(row):
            continue
        whole = row.part is Part.TRAIN and len(parts[Part.TRAIN]) % WHOLE_EVERY == 0
        encoded = encode(row, limit, whole=whole)
        length = len(encoded.input_ids)
        if encoded.cut:
            cut += 1
            length = len(encode(row, _NO_LIMIT).input_ids)
        longest = max(longest, length)
        if any(encoded.learned[1:]):
            parts[row.part].append(Learned(numpy.asarray(encoded.input_ids, dtype=numpy.int64), numpy.asarray(encoded.learned, dtype=bool)))
        else:
            lost += 1
    if not parts[Part.TRAIN]:
        raise AllTooLong(rows=sum(row.part is Part.TRAIN for row in rows), limit=limit, longest=longest)
    return EncodedRows(tuple(parts[Part.TRAIN]), tuple(parts[Part.VALIDATION]), limit, cut, lost, longest, labels)


class _Encoder:
    """Tokens of a row with what is learned: its answers, or for a head the label's number behind the text that stands before the last answer."""

    def __init__(self, task: Task, tokenizer: "PreTrainedTokenizerBase", layout: "Layout | None", labels: tuple[str, ...]) -> None:
        self._task, self._tokenizer, self._layout = task, tokenizer, layout
        self._numbers = {label: number for number, label in enumerate(labels)}

    def knows(self, row: TrainingRow) -> bool:
        return not self._numbers or self._task.target(row.answer or "") in self._numbers

    def __call__(self, row: TrainingRow, limit: int, *, whole: bool = True) -> "Encoded":
        from core.data.layout import with_columns
        from core.data.template import Encoded, encode, encode_prompt

        task, layout = self._task, self._layout
        turns = task.prompt_turns(row.turns) if self._numbers else task.training_turns(row.turns)
        shown = [turn.model_dump() for turn in with_columns(turns, row.original, layout)]
        if not self._numbers:
            return encode(self._tokenizer, shown, limit, layout, None if whole else task.certain)
        text = encode_prompt(self._tokenizer, shown, limit - 1)
        number = self._numbers[task.target(row.answer or "")]
        return Encoded([*text.input_ids, number], [False] * len(text.input_ids) + [True], text.cut)
