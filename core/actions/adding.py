"""Rows that a person adds: written in a form, pasted from a spreadsheet, or kept from a chat as a good or corrected example."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.labels import tidy_answer
from core.actions.registry import Context, RowsChanged, Scope, action
from core.data.adding.paste import Pasted, pasted
from core.data.shapes.base import shape
from core.errors import BadValue, UserError
from core.sentence import Sentence, as_json
from storage.bulk import changing
from storage.canonical import canonical
from storage.rows import Dataset, NewExample

_EXAMPLE_ID = "abcdefghijklm"
WRITTEN, PASTED, CHAT = "written", "pasted", "chat"  # what stands as a row's source
_MOST_CHARS, _MOST_PASTED = 1_000_000, 5_000_000


class NothingPasted(UserError):
    """No line holds a text."""

    sentence = (
        "There is no text in what was pasted. Paste one text a line, or cells of a spreadsheet with the text in the first column. Nothing was added."
    )

    def __init__(self) -> None:
        super().__init__()


@dataclass(frozen=True)
class Added(RowsChanged):
    """New rows and the change that undoes them; `without_answer` of them wait for one, `empty` lines were left out."""

    rows: int
    without_answer: int
    empty: int
    change: int


class AddRowRequest(DatasetRequest):
    question: str = Field(min_length=1, max_length=_MOST_CHARS, description="The text, or what is asked.")
    answer: str | None = Field(None, max_length=_MOST_CHARS, description="The answer; empty if it is still to be given.")


class AddRowsRequest(DatasetRequest):
    text: str = Field(min_length=1, max_length=_MOST_PASTED, description="Cells of a spreadsheet (text, then answer), or one text a line.")


class KeepAnswerRequest(DatasetRequest):
    question: str = Field(min_length=1, max_length=_MOST_CHARS, description="What was asked.")
    answer: str = Field(max_length=_MOST_CHARS, description="What was answered.")
    corrected: str | None = Field(None, max_length=_MOST_CHARS, description="What should have been answered; left empty, the answer was good.")
    model: str | None = Field(None, max_length=200, description="Who answered.")


@action("add-row", request=AddRowRequest, sentence="Add a row that you write.", undo="Undo.",
        example={"dataset": _EXAMPLE_ID, "question": "Where is my card?", "answer": "card"})  # fmt: skip
def add_row(context: Context, request: AddRowRequest) -> Added:
    dataset = dataset_of(context, request.dataset)
    answer = (request.answer or "").strip() or None
    row = new_row(dataset, request.question, answer, WRITTEN, 1, {"text": request.question.strip(), **({"answer": answer} if answer else {})})
    return _added(context, dataset, [row], Sentence("added_row", "Wrote a row", {}))


@action("look-at-paste", request=AddRowsRequest, sentence="Say what rows a pasted text holds, without adding them.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID, "text": "Where is my card?\tcard"})  # fmt: skip
def look_at_paste(context: Context, request: AddRowsRequest) -> Pasted:
    dataset_of(context, request.dataset)
    return _read(request.text)


@action("add-rows", request=AddRowsRequest, sentence="Add rows that you paste, from a spreadsheet or one text a line.", undo="Undo.",
        example={"dataset": _EXAMPLE_ID, "text": "Where is my card?\tcard\nMy parcel is lost"})  # fmt: skip
def add_rows(context: Context, request: AddRowsRequest) -> Added:
    """Raises NothingPasted, BadValue, NotFound."""
    dataset = dataset_of(context, request.dataset)
    found = _read(request.text)
    if not found.rows:
        raise NothingPasted()
    rows = [new_row(dataset, row.question, row.answer, PASTED, number, row.cells) for number, row in enumerate(found.rows, 1)]
    return _added(context, dataset, rows, Sentence("added_rows", "Pasted {count:,} row(s)", {"count": len(rows)}), found.empty)


@action("keep-answer", request=KeepAnswerRequest, sentence="Keep an answer from a chat as an example to learn from, as it is or corrected.", undo="Undo.",
        example={"dataset": _EXAMPLE_ID, "question": "Where is my card?", "answer": "refund", "corrected": "card"})  # fmt: skip
def keep_answer(context: Context, request: KeepAnswerRequest) -> Added:
    """The row's source is 'chat'; what was answered before it was corrected stays with it."""
    dataset = dataset_of(context, request.dataset)
    corrected = (request.corrected or "").strip()
    answer = corrected or request.answer.strip()
    if not answer:
        raise BadValue(
            field="answer", value=Sentence("bad.empty", "empty"), why=Sentence("bad.no_answer", "an example needs an answer: write the right one")
        )
    changed = corrected != "" and corrected != request.answer.strip()
    cells = {"text": request.question.strip(), "answer": answer, **({"answered": request.answer} if changed else {})}
    cells |= {"model": request.model} if request.model else {}
    row = new_row(dataset, request.question, answer, CHAT, 1, cells)
    what = (
        Sentence("kept_corrected", "Kept a corrected answer from a chat", {})
        if changed
        else Sentence("kept_answer", "Kept a good answer from a chat", {})
    )
    return _added(context, dataset, [row], what)


def new_row(dataset: Dataset, question: str, answer: str | None, source: str, number: int, cells: dict[str, str]) -> NewExample:
    """A row as an import would have made it. Raises BadValue."""
    if not question.strip():
        raise BadValue(field="question", value=Sentence("bad.empty", "empty"), why=Sentence("bad.no_text", "a row needs a text"))
    if "\0" in question or "\0" in (answer or ""):
        raise BadValue(
            field="question", value=Sentence("bad.this_text", "this text"), why=Sentence("bad.nul", "it holds a NUL character, which no text has")
        )
    said = tidy_answer(answer, shape(dataset.shape).task) if answer else None
    turns = [{"role": "user", "content": question.strip()}, *([{"role": "assistant", "content": said}] if said else [])]
    return NewExample(canonical(turns), question.strip(), said, source, number, json.dumps(cells, ensure_ascii=False))


def _read(text: str) -> Pasted:
    import csv

    try:
        return pasted(text)
    except csv.Error as error:  # a NUL, or a quotation mark that never closes over a huge text
        raise BadValue(
            field="text",
            value=Sentence("bad.this_text", "this text"),
            why=Sentence("bad.cells", "its cells cannot be told apart ({error})", {"error": str(error)}),
        ) from error


def _added(context: Context, dataset: Dataset, rows: Sequence[NewExample], what: Sentence, empty: int = 0) -> Added:
    change = changing.add_rows(context.workshop.store, context.actor, dataset.id, rows, as_json(what))
    return Added(dataset.id, len(rows), sum(row.answer is None for row in rows), empty, change.number)
