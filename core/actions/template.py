"""As the model sees it: how a dataset's rows are put to the model, an example rendered with what is learned, and how many rows would be cut."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.method import checked_layout, layout_of, task_of
from core.actions.project import project_of
from core.actions.registry import Context, Scope, action
from core.data.layout import ANSWER, QUESTION, Layout
from core.data.pieces import DOCUMENT, PIECE
from core.data.showing.protocol import Measure, Measured, Row, Show, Shown, Stretch, Wear
from core.data.statistics import wilson
from core.errors import UserError
from core.models.installed import STARTER, Shape, find, shape_of
from core.sentence import Sentence
from core.tasks.base import Turn
from core.training.encoding import WHOLE_EVERY
from core.training.presets import max_length_of
from storage import datasets, layouts
from storage.layouts import PlainRow
from storage.rows import Dataset

_EXAMPLE_ID = "abcdefghijklm"
_BATCH_CHARS = 1_000_000  # of rows that are measured at once
_MOST_CHARS = 40_000_000  # of all of them
_MOST_LABELS = 2_000
QUANTILES = (0.5, 0.9, 0.99, 1.0)


class NoRowsToShow(UserError):
    """A dataset without a row."""

    sentence = "'{dataset}' has no rows to show. Import rows first."
    status = 409

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


@dataclass(frozen=True)
class LayoutCard:
    """A dataset's layout. `stored` is false while nobody set one; `places` are what a text template may name."""

    layout: Layout
    stored: bool
    places: tuple[str, ...]


@dataclass(frozen=True)
class ShownExample:
    """One example as the model sees it. `number` of `rows` stands at `position`; `tokens` are read, `whole` were there, `learned` are written."""

    position: int
    previous: int | None
    next: int | None
    number: int
    rows: int
    stretches: tuple[Stretch, ...]
    tokens: int
    learned: int
    whole: int
    max_length: int
    notes: tuple[Sentence, ...]

    @property
    def cut(self) -> bool:
        return self.whole > self.tokens


@dataclass(frozen=True)
class TemplateReport:
    """How long the rows are, in tokens: `lengths` at QUANTILES of those measured. Where not all rows were measured, `low` and `high` bound the share
    of rows that would be cut (95 %, Wilson); else they are that share."""

    rows: int
    measured: int
    cut: int
    lost: int
    low: float
    high: float
    lengths: tuple[int, ...]
    max_length: int
    context: int
    said: Sentence
    advice: Sentence | None


class ModelRequest(DatasetRequest):
    base_model: str = Field(STARTER, description="The model whose way of reading is used.")
    max_length: int | None = Field(None, ge=16, le=131072, description="The longest example, in tokens; without it, as the presets would train.")
    system_prompt: str | None = Field(None, max_length=20_000, description="Try this in place of what is set.")
    text_template: str | None = Field(None, max_length=20_000, description="Try this in place of what is set; empty for the model's own.")
    learned_turns: Literal["all", "last", "weighted"] | None = Field(None, description="Try this in place of what is set.")


class ShowExampleRequest(ModelRequest):
    position: int = Field(1, ge=0, description="The row; the next one where it is gone.")


class ReportRequest(ModelRequest):
    sample: int = Field(2_000, ge=1, le=1_000_000, description="Measure at most so many rows, drawn by lot.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same number draws the same rows.")


class SetLayoutRequest(DatasetRequest):
    system_prompt: str = Field("", max_length=20_000, description="What is said to the model before every question.")
    text_template: str | None = Field(
        None, max_length=20_000, description="A text such as 'Question: {question} Answer: {answer}' in place of the model's own template."
    )
    learned_turns: Literal["all", "last", "weighted"] = Field(
        "all", description="Which answers of a dialogue are learned: all, the last one, or by the weights in the data."
    )


@action(
    "layout", request=DatasetRequest, sentence="Show how a dataset's rows are put to the model.", scope=Scope.READ, example={"dataset": _EXAMPLE_ID}
)
def show_layout(context: Context, request: DatasetRequest) -> LayoutCard:
    return _card(context, dataset_of(context, request.dataset))


@action("set-layout", request=SetLayoutRequest, sentence="Say how a dataset's rows are put to the model.", undo="Set it back.",
        example={"dataset": _EXAMPLE_ID, "system_prompt": "Answer briefly."})  # fmt: skip
def set_layout(context: Context, request: SetLayoutRequest) -> LayoutCard:
    """Trainings from now on use it. Raises UnknownPlaceholder, TemplateFault."""
    dataset = dataset_of(context, request.dataset)
    layout = Layout(system_prompt=request.system_prompt, text_template=request.text_template or None, learned_turns=request.learned_turns)
    checked_layout(context, dataset, layout)
    document = None if layout == Layout() else layout.model_dump_json()
    layouts.put(context.workshop.store, context.actor, dataset.id, document)
    return _card(context, dataset)


@action("show-example", request=ShowExampleRequest, sentence="Show an example as the model will see it, with what is learned marked.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID, "position": 1})  # fmt: skip
def show_example(context: Context, request: ShowExampleRequest) -> ShownExample:
    """Raises NoRowsToShow, UnknownPlaceholder, TemplateFault, TemplateMismatch, ShowingGone."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    wear, _ = wear_of(context, dataset, request)
    row = layouts.row_at(store, dataset.id, request.position)
    if row is None:
        raise NoRowsToShow(dataset=dataset.name)
    shown = context.workshop.showing.ask(Show(wear=wear, row=row_of(row)))
    assert isinstance(shown, Shown)
    beside = layouts.neighbours(store, dataset.id, row.position)
    return ShownExample(
        row.position, beside.previous, beside.next, beside.number, beside.rows, shown.stretches, shown.tokens, shown.learned, shown.whole,
        wear.max_length, _notes(wear.layout, shown, row),
    )  # fmt: skip


@action("template-report", request=ReportRequest, sentence="Say how long a dataset's rows are for a model and how many would be cut.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def template_report(context: Context, request: ReportRequest) -> TemplateReport:
    """Rows with an answer only: the others are not trained on. Raises what `show-example` raises."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    wear, model = wear_of(context, dataset, request)
    rows = layouts.answered(store, dataset.id)
    if rows == 0:
        raise NoRowsToShow(dataset=dataset.name)
    lengths, lost = _measured(context, wear, layouts.sampled(store, dataset.id, min(request.sample, rows), request.seed))
    cut = sum(length > wear.max_length for length in lengths)
    low, high = wilson(cut, len(lengths)) if len(lengths) < rows else (cut / len(lengths),) * 2
    ordered = sorted(lengths)
    at = tuple(ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] for share in QUANTILES)
    facts = {"cut": cut, "measured": len(lengths), "rows": rows, "low": low, "high": high, "longest": ordered[-1]}
    if len(lengths) == rows:
        said = Sentence("template.cut_all", "{cut:,} of {rows:,} rows with an answer are too long to be read whole.", facts)
    else:
        english = "{cut:,} of {measured:,} rows drawn by lot are too long to be read whole: of all {rows:,}, between {low:.1%} and {high:.1%}."
        said = Sentence("template.cut_drawn", english, facts)
    return TemplateReport(rows, len(lengths), cut, lost, low, high, at, wear.max_length, model.context, said, _advice(wear, cut, ordered[-1], model))


def wear_of(context: Context, dataset: Dataset, request: ModelRequest) -> tuple[Wear, Shape]:
    """How rows are written for the request's model, by the stored layout or what is tried instead of it. Raises ModelNotHere and the layout's faults."""
    tried: dict[str, str | None] = {name: value for name in ("system_prompt", "learned_turns") if (value := getattr(request, name)) is not None}
    if request.text_template is not None:
        tried["text_template"] = request.text_template or None
    stored = layout_of(context, dataset) or Layout()
    layout = checked_layout(context, dataset, Layout.model_validate({**stored.model_dump(), **tried}))
    reference = find(request.base_model, context.workshop.home)
    model, task = shape_of(reference), task_of(context, project_of(context, dataset.project), dataset)
    usual = max_length_of(layouts.longest_chars(context.workshop.store, dataset.id) + layout.chars, model.context)
    counts = datasets.label_counts(context.workshop.store, dataset.id) if task in ("classification", "extraction") else []
    known = tuple(label for label, _ in counts[:_MOST_LABELS])
    length = min(request.max_length or usual, model.context)
    return Wear(folder=reference.folder, layout=layout, task=task, known=known, max_length=length), model


def row_of(row: PlainRow) -> Row:
    return Row(turns=tuple(Turn.model_validate(turn) for turn in json.loads(row.messages)), original=row.original)


def batches(rows: Sequence[PlainRow], most_chars: int = _MOST_CHARS) -> Iterator[tuple[Row, ...]]:
    """Rows in messages of a bearable size, as many as `most_chars` allow; the first always comes."""
    held: list[Row] = []
    chars = total = 0
    for row in rows:
        total += len(row.messages)
        if total > most_chars and (held or total > len(row.messages)):
            break
        held.append(row_of(row))
        chars += len(row.messages)
        if chars >= _BATCH_CHARS:
            yield tuple(held)
            held, chars = [], 0
    if held:
        yield tuple(held)


def _measured(context: Context, wear: Wear, rows: Sequence[PlainRow]) -> tuple[list[int], int]:
    """Tokens of each row, and how many rows would have nothing to learn in them."""
    lengths: list[int] = []
    lost = 0
    for batch in batches(rows):
        measured = context.workshop.showing.ask(Measure(wear=wear, rows=batch))
        assert isinstance(measured, Measured)
        lengths += measured.lengths
        lost += sum(not learned for learned in measured.learned)
    return lengths, lost


def _card(context: Context, dataset: Dataset) -> LayoutCard:
    stored = layout_of(context, dataset)
    hidden = {QUESTION, ANSWER, DOCUMENT, PIECE, *layouts.columns_like_the_answer(context.workshop.store, dataset.id, dataset.columns)}
    places = (QUESTION, ANSWER, *(column for column in dataset.columns if column not in hidden))
    return LayoutCard(stored or Layout(), stored is not None, places)


def _notes(layout: Layout, shown: Shown, row: PlainRow) -> tuple[Sentence, ...]:
    notes = []
    if shown.folded:
        english = "This model knows no system text of its own: it stands at the beginning of the first question."
        notes.append(Sentence("template.folded", english))
    if layout.columns:
        english = "The cells of {columns} are known for rows of this data only. Where a person types a question, they stay empty."
        notes.append(Sentence("template.columns", english, {"columns": ", ".join(layout.columns)}))
    if shown.whole > shown.tokens:
        facts = {"whole": shown.whole, "tokens": shown.tokens}
        notes.append(Sentence("template.row_cut", "This row is too long: of {whole:,} word pieces the model reads {tokens:,}.", facts))
    if shown.spared:
        facts = {"every": WHOLE_EVERY}
        english = "The names of the fields are written by the form itself, so only one row in {every} learns them too."
        notes.append(Sentence("template.spared", english, facts))
    if not shown.learned:
        notes.append(Sentence("template.nothing_learned", "Nothing of this row is learned."))
    elif layout.learned_turns != "all" and row.messages.count('"assistant"') > 1:
        notes.append(Sentence("template.some_learned", "Of this dialogue only the marked answers are learned."))
    return tuple(notes)


def _advice(wear: Wear, cut: int, longest: int, model: Shape) -> Sentence | None:
    if not cut:
        return None
    facts = {"max_length": wear.max_length, "longest": longest, "context": model.context}
    if wear.max_length < min(longest, model.context):
        english = "This model can read {context:,} word pieces at once: raise the limit from {max_length:,} in the recipe (max_length)."
        return Sentence("template.raise", english, facts)
    key, english = _TOO_LONG.get(wear.task, ("template.split", ". Split long texts into pieces, or choose a model that reads more."))
    return Sentence(key, "The longest row has {longest:,} word pieces and this model reads {context:,}" + english, facts)


# Of tasks whose texts are not split for learning: what becomes of those that are too long, and why (core.actions.documents refuses them).
_TOO_LONG = {
    "generation": (
        "template.split_written",
        ": while learning the middle of long texts is left out, and when asked it gives no answer. They are not split into pieces, since the question may "
        "stand in one of them only. Shorten them to what the answer needs, or choose a model that reads more.",
    ),
    "summarisation": (
        "template.split_summaries",
        ": while learning the middle of long texts is left out, since the summary of a whole text is not that of one of its pieces. When asked, it reads "
        "them in pieces and the summaries are put together. A model that reads more learns from the whole texts.",
    ),
}
