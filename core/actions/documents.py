"""Long documents: texts that the model cannot read whole become pieces, which stay on one side of the split and are answered together."""

import contextlib
from collections import Counter
from dataclasses import dataclass

from pydantic import Field

from core.actions.data import dataset_of
from core.actions.registry import Context, Plan, action
from core.actions.template import ModelRequest, batches, row_of, wear_of
from core.data.pieces import DOCUMENT, PIECE, fields_by_piece, piece_originals
from core.data.replay import noting
from core.data.showing.protocol import Cut, CutUp, Row, Wear
from core.data.split import SplitPlan, freeze
from core.errors import UserError
from core.sentence import Sentence, as_json
from core.tasks.base import Turn
from storage import datasets, layouts
from storage.bulk import splitting
from storage.bulk.parting import RowPiece, replace_by_pieces
from storage.canonical import canonical
from storage.errors import NoDates, NothingToSplit
from storage.rows import Change, Dataset

_EXAMPLE_ID = "abcdefghijklm"
_TASKS = ("classification", "extraction")
_MOST_ROWS = 5_000
_WINDOW = 500
_ALL = 1 << 62


class NoPiecesForTask(UserError):
    """Answers of this task do not belong to a part of the text."""

    sentence = (
        "Texts of this task cannot be split into pieces: which part of a text its answer comes from is not known. It can be done for sorting into "
        "categories and for pulling out fields. Shorten the long texts, or choose a model that reads more. Nothing was changed."
    )


class NothingTooLong(UserError):
    """Every row fits."""

    sentence = (
        "Every row of '{dataset}' fits into what is read at once ({max_length:,} word pieces), so there is nothing to split. Nothing was changed."
    )
    status = 409

    def __init__(self, *, dataset: str, max_length: int) -> None:
        super().__init__(dataset=dataset, max_length=max_length)


@dataclass(frozen=True)
class _Pieces:
    """What a split of the long rows gives. `unplaced` values stand in no piece as they are written; `more` long rows were left for the next time."""

    pieces: tuple[RowPiece, ...]
    documents: int
    unplaced: int
    more: bool


class SplitDocumentsRequest(ModelRequest):
    overlap: int = Field(32, ge=0, le=1_000, description="How much of the end of a piece the next one begins with, in tokens.")


def plan_split_documents(context: Context, request: SplitDocumentsRequest) -> Plan:
    dataset = dataset_of(context, request.dataset)
    wear, _ = wear_of(context, dataset, request)
    found = _cut(context, dataset, wear, request.overlap)
    return Plan(_told(found), undo=Sentence("template.documents_undo", "Undo brings the long rows back."))


@action("split-documents", request=SplitDocumentsRequest, sentence="Split texts that are too long for the model into pieces that it can read.",
        undo="Undo brings the long rows back.", costs=True, plan=plan_split_documents, example={"dataset": _EXAMPLE_ID})  # fmt: skip
def split_documents(context: Context, request: SplitDocumentsRequest) -> Change:
    """One change; the split that follows keeps a document's pieces on one side. Raises NoPiecesForTask, NothingTooLong."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    wear, _ = wear_of(context, dataset, request)
    found = _cut(context, dataset, wear, request.overlap)
    facts = {"documents": found.documents, "pieces": len(found.pieces), **noting("split-documents", request)}
    what = Sentence("change.pieces", "{documents:,} long texts were split into {pieces:,} pieces", facts)
    changed = replace_by_pieces(store, context.actor, dataset.id, found.pieces, (DOCUMENT, PIECE), as_json(what))
    latest = splitting.latest_split(store, dataset.id)
    plan = SplitPlan.model_validate_json(latest.plan) if latest is not None else SplitPlan()
    if plan.keep_together is None:
        plan = SplitPlan.model_validate({**plan.model_dump(), "keep_together": DOCUMENT})
    with contextlib.suppress(NothingToSplit, NoDates):  # the rows are changed; what cannot be dealt out now is told when it is split or trained
        freeze(store, dataset.id, plan, sealed_test=datasets.facts(store, dataset.id).sealed > 0)
    return changed


def _told(found: _Pieces) -> Sentence:
    english = "{documents:,} long texts become {pieces:,} pieces, which stay together on one side of the split.{unplaced}{more}"
    unplaced = Sentence(
        "template.documents_unplaced",
        " {values:,} values are written otherwise in their text and go with its first piece.",
        {"values": found.unplaced},
    )
    more = Sentence("template.documents_more", " More long texts are left: do it again for these.")
    facts = {"unplaced": unplaced if found.unplaced else "", "more": more if found.more else ""}
    return Sentence("template.documents", english, {"documents": found.documents, "pieces": len(found.pieces), **facts})


def _cut(context: Context, dataset: Dataset, wear: Wear, overlap: int) -> _Pieces:
    """Raises NoPiecesForTask, NothingTooLong."""
    if wear.task not in _TASKS:
        raise NoPiecesForTask()
    made: list[RowPiece] = []
    counted: Counter[str] = Counter()
    after, more = -1, False
    while rows := layouts.longer_than(context.workshop.store, dataset.id, wear.max_length - wear.layout.chars, after, _WINDOW):
        texts: list[tuple[str, ...]] = []
        for batch in batches(rows, _ALL):
            cut = context.workshop.showing.ask(Cut(wear=wear, rows=batch, overlap=overlap))
            assert isinstance(cut, CutUp)
            texts += cut.pieces
        for row, pieces in zip(rows, texts, strict=True):
            if len(pieces) > 1:
                counted["documents"] += 1
                answers, unplaced = _answers(wear.task, row_of(row), pieces)
                counted["unplaced"] += unplaced
                originals = piece_originals(row.original, f"{dataset.id}-{row.position}", len(pieces))
                made += [
                    RowPiece(row.position, _messages(row_of(row), piece, answer), original)
                    for piece, answer, original in zip(pieces, answers, originals, strict=True)
                ]
        after = rows[-1].position
        if counted["documents"] >= _MOST_ROWS:
            more = True
            break
    if not made:
        raise NothingTooLong(dataset=dataset.name, max_length=wear.max_length)
    return _Pieces(tuple(made), counted["documents"], counted["unplaced"], more)


def _answers(task: str, row: Row, pieces: tuple[str, ...]) -> tuple[list[str | None], int]:
    """What each piece is to answer: the document's category, or those of its fields that stand in it."""
    answer = next((turn.content for turn in reversed(row.turns) if turn.role == "assistant"), None)
    if answer is None or task == "classification":
        return [answer] * len(pieces), 0
    given, unplaced = fields_by_piece(answer, pieces)
    return [*given], unplaced


def _messages(row: Row, piece: str, answer: str | None) -> str:
    """The row's turns with a piece in place of its long text. What was said before stays with every piece."""
    asks = max(at for at, turn in enumerate(row.turns) if turn.role == "user")
    answers = [at for at, turn in enumerate(row.turns) if turn.role == "assistant"]
    turns: list[Turn] = []
    for at, turn in enumerate(row.turns):
        content = piece if at == asks else answer if answers and at == answers[-1] and answer is not None else turn.content
        turns.append(turn.model_copy(update={"content": content}))
    return canonical([turn.model_dump() for turn in turns])
