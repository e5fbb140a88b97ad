"""Splitting long texts as a kind of job: what the server does with the pieces that the child wrote."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.cutting.settings import PIECES_FILE, REPORT_FILE, ROWS_FILE, CutReport, CutSettings, LongTextsChanged
from core.data.pieces import DOCUMENT, PIECE
from core.data.split import SplitPlan, freeze
from core.errors import NotFound
from core.jobs.spec import JobSpec, Kind
from core.sentence import Sentence, as_json
from storage import datasets
from storage.bulk import splitting
from storage.bulk.parting import replace_by_pieces
from storage.errors import NoDates, NothingChanged, NothingToSplit
from storage.rows import DatasetId

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store


def report_of(folder: Path) -> CutReport | None:
    """None while the child has not finished."""
    path = folder / REPORT_FILE
    return CutReport.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def tidy(folder: Path) -> None:
    """Of a job that is done the store has the pieces."""
    for name in (ROWS_FILE, PIECES_FILE):
        (folder / name).unlink(missing_ok=True)


def finish(store: "Store", job: "Job", folder: Path) -> None:
    """One change; the split that follows keeps a document's pieces on one side. A long row that was changed meanwhile stays as it is.

    Raises NotFound, LongTextsChanged.
    """
    settings = CutSettings.model_validate(JobSpec.of(folder).settings)
    dataset = DatasetId(settings.dataset)
    if datasets.get(store, job.owner, dataset) is None:
        raise NotFound(thing="dataset", id=settings.dataset)  # deleted while its texts were split

    def what(documents: int, pieces: int) -> str:
        facts = {"documents": documents, "pieces": pieces, **settings.asked}
        return as_json(Sentence("change.pieces", "{documents:,} long texts were split into {pieces:,} pieces", facts))

    try:
        replace_by_pieces(store, job.owner, dataset, folder / PIECES_FILE, (DOCUMENT, PIECE), what)
    except NothingChanged as error:
        raise LongTextsChanged from error
    _split_again(store, dataset)


def _split_again(store: "Store", dataset: DatasetId) -> None:
    latest = splitting.latest_split(store, dataset)
    plan = SplitPlan.model_validate_json(latest.plan) if latest is not None else SplitPlan()
    if plan.keep_together is None:
        plan = SplitPlan.model_validate({**plan.model_dump(), "keep_together": DOCUMENT})
    with contextlib.suppress(NothingToSplit, NoDates):  # the rows are changed; what cannot be dealt out now is told when it is split or trained
        freeze(store, dataset, plan, sealed_test=datasets.facts(store, dataset).sealed > 0)


CUT_KIND = Kind("cut", "core.inference.cutting:main", finish, exclusive=False, stop_grace_s=5.0)
KINDS: tuple[Kind, ...] = (CUT_KIND,)
