"""A dataset's rows: paged and searched, changed and taken back, and what is known of all of them."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.registry import Context, Request, Scope, action
from core.data.kind import summary_of
from core.data.shapes.base import shape
from core.errors import BadValue, NotFound, UserError
from core.sentence import Sentence
from storage import datasets, jobs
from storage.bulk import paging, splitting
from storage.errors import BadMessages, RowMissing
from storage.rows import Dataset, DatasetFacts, Edit, Example, ExampleId, JobState, Page, Part, Split

_EXAMPLE_ID = "abcdefghijklm"
_FEW_ROWS_OF_A_LABEL = 10


class NothingToUndo(UserError):
    """No change of the rows stands."""

    sentence = "There is no change of rows in '{dataset}' to take back."
    status = 409

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


@dataclass(frozen=True)
class ExampleHistory:
    """A row's changes, newest first, and the row as it stood in its file."""

    edits: tuple[Edit, ...]
    original: str | None


@dataclass(frozen=True)
class Facts:
    """What is known of a dataset, in numbers and in sentences worth reading before training."""

    dataset: Dataset
    facts: DatasetFacts
    labels: tuple[tuple[str, int], ...]
    split: Split | None
    notes: tuple[Sentence, ...]


class RowsRequest(DatasetRequest):
    after: int = Field(0, ge=0, description="Show the rows after this position.")
    size: int = Field(50, ge=1, le=500, description="How many rows at once.")
    search: str = Field("", max_length=200, description="Only rows that hold this text.")
    label: str | None = Field(None, max_length=10_000, description="Only rows with this answer.")
    part: Part | None = Field(None, description="Only rows of this part of the latest split.")


class EditRequest(Request):
    example: str = Field(description="The row.")
    question: str | None = Field(None, max_length=1_000_000, description="The new text of the last question.")
    answer: str | None = Field(None, max_length=1_000_000, description="The new text of the last answer.")


class ExampleRequest(Request):
    example: str = Field(description="The row.")


class HistoryRequest(DatasetRequest):
    example: str | None = Field(None, description="Only the changes of this row.")


def example_of(context: Context, id: str) -> Example:
    """The actor's own row. Raises NotFound."""
    found = datasets.get_example(context.workshop.store, context.actor, ExampleId(id))
    if found is None:
        raise NotFound(thing="row", id=id)
    return found


@action("rows", request=RowsRequest, sentence="Show a page of a dataset's rows, all or those that match.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID, "search": "card"})  # fmt: skip
def rows(context: Context, request: RowsRequest) -> Page:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    split = splitting.latest_split(store, dataset.id)
    return paging.page(store, dataset.id, after=request.after, size=request.size, search=request.search, label=request.label, part=request.part,
                       split=split.id if split else None)  # fmt: skip


@action("facts", request=DatasetRequest, sentence="Say what is known of a dataset: rows, categories, lengths, duplicates.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def facts(context: Context, request: DatasetRequest) -> Facts:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    known = datasets.facts(store, dataset.id)
    labels = tuple(datasets.label_counts(store, dataset.id)) if shape(dataset.shape).task == "classification" else ()
    imports = [job for job in jobs.of_project(store, dataset.project) if job.subject == dataset.id and job.state is JobState.DONE]
    told = [sentence for job in imports if (summary := summary_of(Path(job.folder))) is not None for sentence in summary.sentences()]
    return Facts(dataset, known, labels, splitting.latest_split(store, dataset.id), (*told, *_notes(known, labels)))


@action(
    "edit", request=EditRequest, sentence="Change a row's question or answer.", undo="Undo.", example={"example": _EXAMPLE_ID, "answer": "billing"}
)
def edit(context: Context, request: EditRequest) -> Edit:
    example = example_of(context, request.example)
    messages = edited_messages(example, request.question, request.answer)
    try:
        return datasets.edit(context.workshop.store, context.actor, example.id, messages)
    except (RowMissing, BadMessages) as error:
        raise NotFound(thing="row", id=request.example) from error


@action("delete-row", request=ExampleRequest, sentence="Take a row out of its dataset.", undo="Undo.", example={"example": _EXAMPLE_ID})
def delete_row(context: Context, request: ExampleRequest) -> Edit:
    try:
        return datasets.delete_example(context.workshop.store, context.actor, example_of(context, request.example).id)
    except RowMissing as error:
        raise NotFound(thing="row", id=request.example) from error


@action("undo", request=DatasetRequest, sentence="Take back the latest change of a dataset's rows.", example={"dataset": _EXAMPLE_ID})
def undo(context: Context, request: DatasetRequest) -> Edit:
    dataset = dataset_of(context, request.dataset)
    taken_back = datasets.undo(context.workshop.store, context.actor, dataset.id)
    if taken_back is None:
        raise NothingToUndo(dataset=dataset.name)
    return taken_back


@action("history", request=HistoryRequest, sentence="Show the changes of a dataset's rows, or of one row.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def history(context: Context, request: HistoryRequest) -> ExampleHistory:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    example = datasets.get_example(store, context.actor, ExampleId(request.example)) if request.example else None
    edits = datasets.history(store, dataset.id, ExampleId(request.example) if request.example else None)
    return ExampleHistory(tuple(edits), example.original if example is not None and example.dataset == dataset.id else None)


def edited_messages(example: Example, question: str | None, answer: str | None) -> str:
    """The row's messages with its last question, its last answer or both replaced. Raises BadValue where there is none to replace."""
    turns = json.loads(example.messages)
    for field, role, text in (("question", "user", question), ("answer", "assistant", answer)):
        if text is None:
            continue
        if not text.strip():
            raise BadValue(field=field, value="empty", why="a row needs both a question and an answer; delete the row instead")
        if "\0" in text:
            raise BadValue(field=field, value="this text", why="it holds a NUL character, which no text has")
        found = [turn for turn in turns if turn["role"] == role]
        if found:
            found[-1]["content"] = text
        elif role == "assistant":
            turns.append({"role": "assistant", "content": text})
        else:
            raise BadValue(field=field, value="changed", why="this row has no question")
    return json.dumps(turns, ensure_ascii=False)


def _notes(known: DatasetFacts, labels: tuple[tuple[str, int], ...]) -> list[Sentence]:
    notes = []
    once = [label for label, count in labels if count == 1]
    few = [label for label, count in labels if 1 < count < _FEW_ROWS_OF_A_LABEL]
    if once:
        english = "Categories that come only once: {labels}. Such a one cannot be both learned and checked. Add rows, or merge it into another."
        notes.append(Sentence("labels_once", english, {"labels": _listed(once)}))
    if few:
        english = "Categories with fewer than {least} rows: {labels}. More rows of these would help most."
        notes.append(Sentence("labels_few", english, {"least": _FEW_ROWS_OF_A_LABEL, "labels": _listed(few)}))
    if known.duplicates:
        english = "Rows that repeat the question of an earlier row: {count:,}. The split keeps such rows on one side."
        notes.append(Sentence("duplicates", english, {"count": known.duplicates}))
    if known.rows > known.answered:
        notes.append(Sentence("unanswered", "Rows without an answer, which are not trained on: {count:,}.", {"count": known.rows - known.answered}))
    return notes


def _listed(names: list[str]) -> str:
    """The first of them in quotes, and how many more there are."""
    more = f" + {len(names) - 5}" if len(names) > 5 else ""
    return ", ".join(f"'{name[:60]}'" for name in names[:5]) + more
