"""The doctor: look through a dataset's rows, show what was found, compare with the person's own cases."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.registry import Context, Scope, action
from core.data.cutting import kind as cutting
from core.data.cutting.kind import CUT_KIND
from core.data.doctor.base import Check, check, checks
from core.data.doctor.job import OWN_CASES_FILE, ROWS_FILE, CheckupSettings
from core.data.doctor.kind import CHECKUP_KIND, settings_of, tidy
from core.data.doctor.report import CheckLine, CheckupDocument
from core.data.kind import IMPORT_KIND
from core.data.shapes.base import shape
from core.errors import UserError
from core.models import installed
from core.training.recipe import Recipe
from storage import findings as kept
from storage import jobs, runs
from storage.bulk import splitting, writing
from storage.errors import StorageError
from storage.files import sha256_of
from storage.rows import LIVE, Dataset, DatasetId, Found, Job, JobId, JobState

if TYPE_CHECKING:
    from core.workshop import Workshop

_EXAMPLE_ID = "abcdefghijklm"
MOST_ROWS_UNASKED = 200_000  # a larger set is looked through when somebody asks
_MOST_CASES, _MOST_CHARS = 500, 200_000


class NothingToCheck(UserError):
    """A dataset without rows."""

    sentence = "'{dataset}' has no rows to look through. Import some first. Nothing was started."

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


@dataclass(frozen=True)
class MendCard:
    """A button of a check. `how` is a storage way of mending."""

    name: str
    label: str
    how: str


@dataclass(frozen=True)
class CheckCard:
    """A check as it is declared, with its line of the newest check-up (None where there is none)."""

    name: str
    label: str
    why: str
    term: str
    mends: tuple[MendCard, ...]
    line: CheckLine | None


@dataclass(frozen=True)
class FindingsView:
    """The newest check-up. `document` is None before the first; `stale`: the rows or their split are others by now. `unasked`: it starts by itself."""

    dataset: Dataset
    document: CheckupDocument | None
    checks: tuple[CheckCard, ...]
    stale: bool
    running: Job | None
    unasked: bool


@dataclass(frozen=True)
class FoundRows:
    """Findings of one check, bundle by bundle. `next` is the offset to ask for after them, None on the last page."""

    found: tuple[Found, ...]
    next: int | None
    total: int


class CheckupRequest(DatasetRequest):
    model: str | None = Field(None, max_length=120, description="The model whose way of reading counts; without it that of the latest training.")


class FindingRowsRequest(DatasetRequest):
    check: str = Field(max_length=80, description="The check.")
    bundle: int | None = Field(None, description="Only this one finding of the check.")
    offset: int = Field(0, ge=0, description="Show the findings after so many.")
    size: int = Field(50, ge=1, le=500, description="How many at once.")


class OwnCasesRequest(DatasetRequest):
    text: str = Field(max_length=_MOST_CHARS, description="A few texts of your own work, one a paragraph; nothing to forget them.")


@action("checkup", request=CheckupRequest, sentence="Look through all rows of a dataset for what is worth mending.", example={"dataset": _EXAMPLE_ID})
def checkup(context: Context, request: CheckupRequest) -> Job:
    """Starts the job, or returns the one that is at it. Raises NothingToCheck, and ModelNotHere for a model that was named."""
    dataset = dataset_of(context, request.dataset)
    with context.workshop.checkup_turn:
        return running(context, dataset) or _start(context, dataset, request.model, own_cases(context, dataset))


@action(
    "findings",
    request=DatasetRequest,
    sentence="Show what the newest check-up of a dataset found.",
    scope=Scope.READ,
    example={"dataset": _EXAMPLE_ID},
)
def findings(context: Context, request: DatasetRequest) -> FindingsView:
    dataset = dataset_of(context, request.dataset)
    busy = running(
        context, dataset
    )  # before its report: one that ends in between must not leave the report of the one before it, with nothing running
    document = document_of(context, dataset)
    return FindingsView(
        dataset, document, tuple(_card(known, document) for known in checks().values()), document is not None and _is_stale(context, dataset, document),
        busy, dataset.rows <= MOST_ROWS_UNASKED,
    )  # fmt: skip


@action("finding-rows", request=FindingRowsRequest, sentence="Show the rows that one check found.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID, "check": "near-duplicates"})  # fmt: skip
def finding_rows(context: Context, request: FindingRowsRequest) -> FoundRows:
    """Rows that were changed since the check-up are not among them. Raises UnknownCheck."""
    dataset, chosen, store = dataset_of(context, request.dataset), check(request.check), context.workshop.store
    total = kept.count(store, dataset.id, chosen.name, request.bundle)
    found = kept.of_check(store, dataset.id, chosen.name, bundle=request.bundle, limit=request.size, offset=request.offset)
    upto = request.offset + len(found)
    return FoundRows(tuple(found), upto if upto < total else None, total)


@action("own-cases", request=OwnCasesRequest, sentence="Give a few texts of your own work, to see how like them the rows are.", undo="Give none.",
        example={"dataset": _EXAMPLE_ID, "text": "My parcel is late and nobody answers."})  # fmt: skip
def set_own_cases(context: Context, request: OwnCasesRequest) -> Job:
    """Starts a check-up that compares with them; they are kept with its report until others are given."""
    dataset = dataset_of(context, request.dataset)
    cases = tuple(case for piece in request.text.split("\n\n" if "\n\n" in request.text.strip() else "\n") if (case := piece.strip()))
    with context.workshop.checkup_turn:
        busy = running(context, dataset)
        if busy is not None:
            context.workshop.supervisor.stop(busy.id)
        return _start(context, dataset, None, cases[:_MOST_CASES])


def ensure_checkup(context: Context, dataset_id: str) -> Job | None:
    """After a change of rows or of their split: look through them again unless the set is large, or somebody is at it (then again once that has ended).

    Never raises for what a check-up meets: the change is done, and nobody asked for one.
    """
    try:
        with context.workshop.checkup_turn:
            dataset = dataset_of(context, dataset_id)
            if not 0 < dataset.rows <= MOST_ROWS_UNASKED or running(context, dataset) is not None:
                return None
            document = document_of(context, dataset)
            if (document is not None and not _is_stale(context, dataset, document)) or _given_up(context, dataset):
                return None
            return _start(context, dataset, None, own_cases(context, dataset))
    except (UserError, StorageError, OSError):  # also a folder that somebody removed, and a full disk
        return None


def after_job(workshop: "Workshop", job_id: JobId) -> None:
    """For the supervisor, with each job that has ended: an import, a check-up in whose time the rows changed, long texts that were split."""
    try:
        job = jobs.find(workshop.store, job_id)
    except StorageError:
        return
    if job.kind in (IMPORT_KIND.name, CHECKUP_KIND.name, CUT_KIND.name) and job.state is JobState.DONE:
        if job.kind == CUT_KIND.name:
            cutting.tidy(Path(job.folder))
        workshop.behind(ensure_checkup, Context(workshop, job.owner), job.subject)
        workshop.settle(DatasetId(job.subject))


def running(context: Context, dataset: Dataset) -> Job | None:
    """The check-up of a dataset that runs or waits to."""
    return next((job for job in _checkups(context, dataset) if job.state in LIVE), None)


def document_of(context: Context, dataset: Dataset) -> CheckupDocument | None:
    """What the newest check-up said."""
    latest = kept.latest(context.workshop.store, dataset.id)
    return CheckupDocument.model_validate_json(latest.document) if latest is not None else None


def things_found(context: Context, dataset: Dataset) -> int | None:
    """How many checks of the newest check-up found something; None before the first."""
    document = document_of(context, dataset)
    return None if document is None else sum(line.state == "found" for line in document.checks)


def own_cases(context: Context, dataset: Dataset) -> tuple[str, ...]:
    """Those that were given last: of a check-up that has not ended they lie in its folder."""
    for job in _checkups(context, dataset):
        file = Path(job.folder) / OWN_CASES_FILE
        if job.state is not JobState.DONE and file.is_file():
            return tuple(json.loads(file.read_text(encoding="utf-8")))
        break
    document = document_of(context, dataset)
    return document.own_cases if document is not None else ()


def _checkups(context: Context, dataset: Dataset) -> list[Job]:
    """Newest first."""
    return [job for job in jobs.of_project(context.workshop.store, dataset.project, CHECKUP_KIND.name) if job.subject == dataset.id]


def _is_stale(context: Context, dataset: Dataset, document: CheckupDocument) -> bool:
    store = context.workshop.store
    split = splitting.latest_split(store, dataset.id)
    return kept.changed_since(store, dataset.id, document.change) or document.split != (split.id if split else None)


def _given_up(context: Context, dataset: Dataset) -> bool:
    """The newest one, of the rows as they stand, was stopped or failed: it does not begin again by itself."""
    newest = next(iter(_checkups(context, dataset)), None)
    if newest is None or newest.state is JobState.DONE:
        return False
    return not kept.changed_since(context.workshop.store, dataset.id, settings_of(Path(newest.folder)).change)


def _start(context: Context, dataset: Dataset, model: str | None, cases: tuple[str, ...]) -> Job:
    if not dataset.rows:
        raise NothingToCheck(dataset=dataset.name)
    store = context.workshop.store
    for job in _checkups(context, dataset):
        if job.state not in LIVE:
            tidy(Path(job.folder))
    split = splitting.latest_split(store, dataset.id)
    name, tokenizer, context_tokens = _reader(context, dataset, model)
    settings = CheckupSettings(
        dataset=dataset.id, change=kept.change_of(store, dataset.id), labelled=shape(dataset.shape).task == "classification",
        split=split.id if split else None, model=name, tokenizer=str(tokenizer) if tokenizer else None, context_tokens=context_tokens,
    )  # fmt: skip

    def inputs(folder: Path) -> dict[str, str]:
        (folder / OWN_CASES_FILE).write_text(json.dumps(cases, ensure_ascii=False), encoding="utf-8")
        rows = writing.write_current(store, dataset.id, folder / ROWS_FILE)
        return {ROWS_FILE: rows, OWN_CASES_FILE: sha256_of(folder / OWN_CASES_FILE)}

    return context.workshop.supervisor.submit(
        CHECKUP_KIND.name, settings, owner=context.actor, project=dataset.project, subject=dataset.id, inputs=inputs
    )


def _reader(context: Context, dataset: Dataset, model: str | None) -> tuple[str | None, Path | None, int | None]:
    """Whose reading counts: the model that was named, that of the latest training, or the starter. Its name, its tokenizer, how much it reads."""
    named = model
    if named is None:
        latest = next(iter(runs.of_project(context.workshop.store, dataset.project)), None)
        named = Recipe.from_toml(latest.recipe).base_model if latest is not None else installed.STARTER
    try:
        reference = installed.find(named, context.workshop.home)
        tokenizer, most = reference.folder / "tokenizer.json", installed.shape_of(reference).context
    except UserError:
        if model is not None:
            raise
        return None, None, None
    return (named, tokenizer, most) if tokenizer.is_file() else (named, None, None)


def _card(known: Check, document: CheckupDocument | None) -> CheckCard:
    mends = tuple(MendCard(mend.name, mend.label, mend.how.value) for mend in known.mends)
    return CheckCard(known.name, known.label, known.why, known.term, mends, document.line(known.name) if document is not None else None)
