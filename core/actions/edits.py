"""Changing rows: one at a time, and taking any change back; who changed what, and when."""

import json
from dataclasses import dataclass

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_id_of, dataset_of
from core.actions.registry import Context, Request, Scope, action
from core.errors import BadValue, NotFound, UserError
from core.sentence import Sentence, as_json
from storage import changes, datasets
from storage.bulk import changing
from storage.errors import BadMessages, ChangedSince, NothingChanged, NothingToTakeBack, RowMissing
from storage.rows import Change, Example, ExampleId, RowState

_EXAMPLE_ID = "abcdefghijklm"


class NothingToUndo(UserError):
    """No change of the rows stands."""

    sentence = "There is no change of rows in '{dataset}' to take back."
    status = 409

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


class ChangedAgain(UserError):
    """A later change touched the rows of the one that was to be taken back."""

    sentence = "{rows} of these rows were changed again later. Take back the later change first. Nothing was changed."
    status = 409

    def __init__(self, *, rows: int) -> None:
        super().__init__(rows=rows)


class NothingIsDifferent(UserError):
    """The change would leave every row as it is."""

    sentence = "That is what the rows say already. Nothing was changed."
    status = 409


class EditRequest(Request):
    example: str = Field(description="The row.")
    question: str | None = Field(None, max_length=1_000_000, description="The new text of the last question.")
    answer: str | None = Field(None, max_length=1_000_000, description="The new text of the last answer.")


class ExampleRequest(Request):
    example: str = Field(description="The row.")


class UndoRequest(DatasetRequest):
    number: int | None = Field(None, ge=1, description="The change to take back, as the history counts; without it the latest that stands.")


class MergeRequest(DatasetRequest):
    keep: int = Field(ge=1, description="The number of the row that stays.")
    others: tuple[int, ...] = Field(min_length=1, max_length=1_000, description="The numbers of the rows that go.")


class HistoryRequest(DatasetRequest):
    example: str | None = Field(None, description="Only the changes of this row.")
    limit: int = Field(1_000, ge=1, le=10_000, description="How many changes at most.")


@dataclass(frozen=True)
class History:
    """Changes, newest first; of one row also what it was after each of them, and the row as it stood in its file."""

    changes: tuple[Change, ...]
    states: tuple[RowState, ...]
    original: str | None


def example_of(context: Context, id: str) -> Example:
    """The actor's own row. Raises NotFound."""
    found = datasets.get_example(context.workshop.store, context.actor, ExampleId(id))
    if found is None:
        raise NotFound(thing="row", id=id)
    return found


@action(
    "edit", request=EditRequest, sentence="Change a row's question or answer.", undo="Undo.", example={"example": _EXAMPLE_ID, "answer": "billing"}
)
def edit(context: Context, request: EditRequest) -> Change:
    example = example_of(context, request.example)
    messages = edited_messages(example, request.question, request.answer)
    what = Sentence("change.edit", "Row {row:,} was changed", {"row": example.position})
    try:
        return datasets.edit(context.workshop.store, context.actor, example.id, messages, as_json(what))
    except NothingChanged as error:
        raise NothingIsDifferent from error
    except (RowMissing, BadMessages) as error:
        raise NotFound(thing="row", id=request.example) from error


@action("delete-row", request=ExampleRequest, sentence="Take a row out of its dataset.", undo="Undo.", example={"example": _EXAMPLE_ID})
def delete_row(context: Context, request: ExampleRequest) -> Change:
    example = example_of(context, request.example)
    what = Sentence("change.delete", "Row {row:,} was taken out", {"row": example.position})
    try:
        return datasets.delete_example(context.workshop.store, context.actor, example.id, as_json(what))
    except RowMissing as error:
        raise NotFound(thing="row", id=request.example) from error


@action("merge-rows", request=MergeRequest, sentence="Make one row of several: it stays as it is and gets the tags of the others, which go.",
        undo="Undo.", example={"dataset": _EXAMPLE_ID, "keep": 3, "others": [7]})  # fmt: skip
def merge_rows(context: Context, request: MergeRequest) -> Change:
    dataset, others = dataset_of(context, request.dataset), sorted(set(request.others) - {request.keep})
    what = Sentence("change.merge", "{count:,} rows became one, row {row:,}", {"count": len(others) + 1, "row": request.keep})
    try:
        return changing.merge(context.workshop.store, context.actor, dataset.id, request.keep, others, as_json(what))
    except RowMissing as error:
        raise NotFound(thing="row", id=error.id) from error
    except NothingChanged as error:
        raise NothingIsDifferent from error


@action(
    "undo", request=UndoRequest, sentence="Take back the latest change of a dataset's rows, or one of its history.", example={"dataset": _EXAMPLE_ID}
)
def undo(context: Context, request: UndoRequest) -> Change:
    dataset = dataset_of(context, request.dataset)
    try:
        return changes.undo(context.workshop.store, context.actor, dataset.id, request.number)
    except NothingToTakeBack as error:
        raise NothingToUndo(dataset=dataset.name) from error
    except ChangedSince as error:
        raise ChangedAgain(rows=error.rows) from error


@action("history", request=HistoryRequest, sentence="Show the changes of a dataset's rows, or of one row.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def history(context: Context, request: HistoryRequest) -> History:
    dataset, store = dataset_id_of(context, request.dataset), context.workshop.store
    if request.example is None:
        return History(tuple(changes.history(store, dataset, limit=request.limit)), (), None)
    example = example_of(context, request.example)
    if example.dataset != dataset:
        raise NotFound(thing="row", id=request.example)
    past = changes.states(store, dataset, example.position)
    return History(tuple(changes.history(store, dataset, example.position, request.limit)), tuple(past), example.original)


def edited_messages(example: Example, question: str | None, answer: str | None) -> str:
    """The row's messages with its last question, its last answer or both replaced. Raises BadValue where there is none to replace."""
    turns = json.loads(example.messages)
    for field, role, text in (("question", "user", question), ("answer", "assistant", answer)):
        if text is None:
            continue
        if not text.strip():
            raise BadValue(
                field=field,
                value=Sentence("bad.empty", "empty"),
                why=Sentence("bad.row_whole", "a row needs both a question and an answer; delete the row instead"),
            )
        if "\0" in text:
            raise BadValue(
                field=field, value=Sentence("bad.this_text", "this text"), why=Sentence("bad.nul", "it holds a NUL character, which no text has")
            )
        found = [turn for turn in turns if turn["role"] == role]
        if found:
            found[-1]["content"] = text
        elif role == "assistant":
            turns.append({"role": "assistant", "content": text})
        else:
            raise BadValue(field=field, value=Sentence("bad.changed", "changed"), why=Sentence("bad.no_question", "this row has no question"))
    return json.dumps(turns, ensure_ascii=False)
