"""Long documents: texts that the model cannot read whole become pieces, which stay on one side of the split and are answered together."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.data import dataset_of
from core.actions.registry import Context, Plan, action
from core.actions.template import ModelRequest, batches, row_of, wear_of
from core.data.cutting.kind import CUT_KIND
from core.data.cutting.rows import LongRow, piece_rows
from core.data.cutting.settings import ROWS_FILE, CutSettings, NothingTooLong
from core.data.replay import noting
from core.data.showing.protocol import Cut, CutUp, Wear
from core.errors import UserError
from core.sentence import Sentence
from storage import jobs, layouts
from storage.bulk.parting import write_longer
from storage.rows import LIVE, Dataset, Job

_EXAMPLE_ID = "abcdefghijklm"
_LOOKED, _LOOKED_CHARS = 25, 250_000  # of the long rows, for a plan: drawn by lot


class NoPiecesForTask(UserError):
    """Written answers do not belong to a part of the text."""

    sentence = (
        "Texts of this task are not split: which part of a text an answer comes from is not known, and its question may stand in one part only. "
        "Shorten the long texts to what the answer needs, or choose a model that reads more. Nothing was changed."
    )


class NoPiecesOfSummaries(UserError):
    """The summary of a whole is that of none of its parts."""

    sentence = (
        "Texts with a summary are not split for learning: the summary of a whole text is not that of one of its pieces. They need not be: when the "
        "model is put to the test or asked, a text that is too long is read in pieces and their summaries are put together. While learning, the middle "
        "of such a text is left out; choose a model that reads more to avoid that. Nothing was changed."
    )


_REFUSED: dict[str, type[NoPiecesForTask | NoPiecesOfSummaries]] = {"generation": NoPiecesForTask, "summarisation": NoPiecesOfSummaries}


@dataclass(frozen=True)
class _Look:
    """What cutting `looked` of the `rows` that may be too long gave."""

    rows: int
    looked: int
    documents: int
    pieces: int
    unplaced: int
    seconds: float

    @property
    def said(self) -> Sentence:
        if self.looked < self.rows:
            return self._about
        english = "{documents:,} long texts become {pieces:,} pieces, which stay together on one side of the split.{unplaced}"
        unplaced = Sentence(
            "template.documents_unplaced",
            " {values:,} values are written otherwise in their text and go with its first piece.",
            {"values": self.unplaced},
        )
        facts = {"documents": self.documents, "pieces": self.pieces, "unplaced": unplaced if self.unplaced else ""}
        return Sentence("template.documents", english, facts)

    @property
    def _about(self) -> Sentence:
        share = self.rows / self.looked
        facts = {
            "rows": self.rows, "looked": self.looked, "documents": round(self.documents * share), "pieces": round(self.pieces * share),
        }  # fmt: skip
        if not self.documents:
            english = (
                "Of {rows:,} texts that may be too long {looked:,}, drawn by lot, were looked at, and the model can read each of them whole. Those of "
                "the others that it cannot become pieces, which stay together on one side of the split."
            )
            return Sentence("template.documents_few", english, facts)
        english = (
            "About {documents:,} long texts become about {pieces:,} pieces, which stay together on one side of the split. {looked:,} of the {rows:,} "
            "texts that may be too long were looked at, drawn by lot."
        )
        return Sentence("template.documents_about", english, facts)


class SplitDocumentsRequest(ModelRequest):
    overlap: int = Field(32, ge=0, le=1_000, description="How much of the end of a piece the next one begins with, in tokens.")


def plan_split_documents(context: Context, request: SplitDocumentsRequest) -> Plan:
    dataset = dataset_of(context, request.dataset)
    wear, _ = wear_of(context, dataset, request)
    found = _looked(context, dataset, wear, request.overlap)
    return Plan(found.said, seconds=found.seconds, undo=Sentence("template.documents_undo", "Undo brings the long rows back."))


@action("split-documents", request=SplitDocumentsRequest, sentence="Split texts that are too long for the model into pieces that it can read.",
        undo="Undo brings the long rows back.", costs=True, plan=plan_split_documents, example={"dataset": _EXAMPLE_ID})  # fmt: skip
def split_documents(context: Context, request: SplitDocumentsRequest) -> Job:
    """Starts the job, or returns the one that is at it; its subject is the dataset. Raises NoPiecesForTask, NoPiecesOfSummaries, NothingTooLong."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    wear, _ = wear_of(context, dataset, request)
    if not _candidates(context, dataset, wear):
        raise NothingTooLong(max_length=wear.max_length)
    for job in jobs.of_project(store, dataset.project):
        if job.kind == CUT_KIND.name and job.subject == dataset.id and job.state in LIVE:
            return job
    settings = CutSettings(dataset=dataset.id, wear=wear, overlap=request.overlap, asked=noting("split-documents", request))

    def inputs(folder: Path) -> dict[str, str]:
        return {ROWS_FILE: write_longer(store, dataset.id, _chars(wear), folder / ROWS_FILE)}

    return context.workshop.supervisor.submit(
        CUT_KIND.name, settings, owner=context.actor, project=dataset.project, subject=dataset.id, inputs=inputs
    )


def _chars(wear: Wear) -> int:
    """A row with no more bytes than this has no more tokens than are read."""
    return wear.max_length - wear.layout.chars


def _candidates(context: Context, dataset: Dataset, wear: Wear) -> int:
    """How many rows may be too long. Raises NoPiecesForTask, NoPiecesOfSummaries."""
    if wear.task in _REFUSED:
        raise _REFUSED[wear.task]()
    return layouts.count_longer(context.workshop.store, dataset.id, _chars(wear))


def _looked(context: Context, dataset: Dataset, wear: Wear, overlap: int) -> _Look:
    """Raises NoPiecesForTask, NoPiecesOfSummaries; NothingTooLong where all that may be too long were looked at."""
    rows = _candidates(context, dataset, wear)
    drawn = layouts.longer_than(context.workshop.store, dataset.id, _chars(wear), _LOOKED)
    counted, looked = Counter[str](), 0
    context.workshop.showing.ask(Cut(wear=wear, rows=(), overlap=overlap))  # its child may have to start, which says nothing of how long a row takes
    began = time.monotonic()
    for batch in batches(drawn, _LOOKED_CHARS):
        cut = context.workshop.showing.ask(Cut(wear=wear, rows=batch, overlap=overlap))
        assert isinstance(cut, CutUp)
        for row, texts in zip(drawn[looked:], cut.pieces, strict=False):
            if len(texts) > 1:
                made, unplaced = piece_rows(wear.task, LongRow(row.position, "", row_of(row)), texts, dataset.id)
                counted.update(documents=1, pieces=len(made), unplaced=unplaced)
        looked += len(batch)
    if looked == rows and not counted["documents"]:
        raise NothingTooLong(max_length=wear.max_length)
    seconds = (time.monotonic() - began) * rows / looked
    return _Look(rows, looked, counted["documents"], counted["pieces"], counted["unplaced"], seconds)
