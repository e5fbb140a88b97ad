"""Versions: keep the rows as they stand under a name, see what two differ in, and lead any result back to its rows."""

from dataclasses import dataclass

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.registry import Context, Request, Scope, action
from core.errors import NotFound, UserError
from storage import datasets, packages, runs, verdicts
from storage.bulk import comparing, splitting, tracing
from storage.bulk import versions as kept
from storage.bulk.comparing import Kind, RowPair
from storage.bulk.tracing import TracedRow
from storage.errors import RowMissing
from storage.rows import Dataset, Package, PackageId, Part, Run, RunId, Split, Verdict, VerdictId, Version, VersionChanges, VersionId

_EXAMPLE_ID = "abcdefghijklm"


class OtherDatasetsVersion(UserError):
    """Rows of two datasets have nothing to do with each other."""

    sentence = "'{first}' and '{second}' are versions of two datasets, so their rows cannot be compared. Choose two versions of one dataset."

    def __init__(self, *, first: str, second: str) -> None:
        super().__init__(first=first, second=second)


@dataclass(frozen=True)
class RunName:
    """A training that used a version."""

    run: RunId
    name: str


@dataclass(frozen=True)
class VersionCard:
    """A version with what changed since the one before (None for the first), and what was made from it. `standing`: the rows are still just these."""

    version: Version
    since: VersionChanges | None
    runs: tuple[RunName, ...]
    splits: int
    standing: bool


@dataclass(frozen=True)
class Comparison:
    """What two versions differ in; `rows` are a page of it, `next` the position to go on after (None on the last page)."""

    before: Version
    after: Version
    changes: VersionChanges
    rows: tuple[RowPair, ...]
    next: int | None


@dataclass(frozen=True)
class Trace:
    """From a result back to its rows: each link is None where the thing that was asked about does not have it (any more)."""

    package: Package | None
    verdict: Verdict | None
    run: Run | None
    dataset: Dataset | None
    version: Version | None
    split: Split | None
    rows: tuple[TracedRow, ...]
    next: int | None


class FreezeRequest(DatasetRequest):
    name: str | None = Field(None, min_length=1, max_length=120, description="What the version is called; its number if left empty.")


class VersionRequest(Request):
    version: str = Field(description="The version.")


class NameVersionRequest(VersionRequest):
    name: str = Field(min_length=1, max_length=120, description="Its new name.")


class CompareRequest(Request):
    before: str = Field(description="The earlier version.")
    after: str = Field(description="The later version.")
    kind: Kind | None = Field(None, description="Only rows that were added, removed or changed.")
    after_position: int = Field(0, ge=0, description="Go on after this row.")
    size: int = Field(20, ge=1, le=500, description="How many rows at once.")


class TraceRequest(Request):
    thing: str = Field(description="A training, a verdict or a package.")
    part: Part | None = Field(None, description="Only rows of this part.")
    after_position: int = Field(0, ge=0, description="Go on after this row.")
    size: int = Field(20, ge=1, le=500, description="How many rows at once.")


def version_of(context: Context, id: str) -> Version:
    """The actor's own version. Raises NotFound."""
    found = kept.get_version(context.workshop.store, context.actor, VersionId(id))
    if found is None:
        raise NotFound(thing="version", id=id)
    return found


@action("versions", request=DatasetRequest, sentence="List a dataset's versions: what changed since the one before, and which trainings used it.",
        scope=Scope.READ, example={"dataset": _EXAMPLE_ID})  # fmt: skip
def list_versions(context: Context, request: DatasetRequest) -> tuple[VersionCard, ...]:
    """Newest first."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    found = kept.versions_of(store, dataset.id)
    used = runs.of_project(store, dataset.project)
    drawn = splitting.splits_of(store, dataset.id)
    standing = kept.standing_version(store, dataset.id)
    cards = []
    for index, version in enumerate(found):
        before = found[index + 1] if index + 1 < len(found) else None
        since = comparing.compare(store, before.id, version.id) if before is not None else None
        names = tuple(RunName(run.id, run.name) for run in used if run.version == version.id)
        splits = sum(split.version == version.id for split in drawn)
        cards.append(VersionCard(version, since, names, splits, standing is not None and standing.id == version.id))
    return tuple(cards)


@action("freeze", request=FreezeRequest, sentence="Keep the rows as they stand as a version, with a name.", undo="A version takes no room; it may stay.",
        example={"dataset": _EXAMPLE_ID, "name": "before masking"})  # fmt: skip
def freeze_rows(context: Context, request: FreezeRequest) -> Version:
    """The same rows are the same version, however often it is asked for; a name given later is its new one."""
    dataset = dataset_of(context, request.dataset)
    return kept.freeze_version(context.workshop.store, dataset.id, request.name.strip() or None if request.name is not None else None)


@action("name-version", request=NameVersionRequest, sentence="Give a version another name.", undo="Name it back.",
        example={"version": _EXAMPLE_ID, "name": "checked by Anna"})  # fmt: skip
def name_version(context: Context, request: NameVersionRequest) -> Version:
    return kept.name_version(context.workshop.store, version_of(context, request.version).id, request.name.strip() or request.name)


@action("compare-versions", request=CompareRequest, sentence="Say what two versions differ in, row by row.", scope=Scope.READ,
        example={"before": _EXAMPLE_ID, "after": _EXAMPLE_ID})  # fmt: skip
def compare_versions(context: Context, request: CompareRequest) -> Comparison:
    before, after, store = version_of(context, request.before), version_of(context, request.after), context.workshop.store
    try:
        changes = comparing.compare(store, before.id, after.id)
    except RowMissing as error:
        raise OtherDatasetsVersion(first=before.name, second=after.name) from error
    rows = comparing.pairs(store, before.id, after.id, kind=request.kind, after_position=request.after_position, size=request.size + 1)
    shown = tuple(rows[: request.size])
    return Comparison(before, after, changes, shown, shown[-1].position if len(rows) > request.size else None)


@action("trace", request=TraceRequest, sentence="Lead a training, a verdict or a package back to the rows that it was made from.", scope=Scope.READ,
        example={"thing": _EXAMPLE_ID})  # fmt: skip
def trace(context: Context, request: TraceRequest) -> Trace:
    package, verdict, run = _links(context, request.thing)
    store = context.workshop.store
    dataset = datasets.get(store, context.actor, run.dataset) if run is not None else None
    version = kept.get_version(store, context.actor, run.version) if run is not None else None
    split = splitting.get_split(store, context.actor, run.split) if run is not None else None
    rows: list[TracedRow] = []
    if split is not None and version is not None:
        rows = tracing.rows_of_split(store, split.id, part=request.part, after=request.after_position, size=request.size + 1)
    shown = tuple(rows[: request.size])
    return Trace(package, verdict, run, dataset, version, split, shown, shown[-1].position if len(rows) > request.size else None)


def _links(context: Context, id: str) -> tuple[Package | None, Verdict | None, Run | None]:
    """The thing and what it comes from. Raises NotFound."""
    store, actor = context.workshop.store, context.actor
    if (package := packages.get(store, actor, PackageId(id))) is not None:
        return package, None, runs.get(store, actor, package.run)
    if (verdict := verdicts.get(store, actor, VerdictId(id))) is not None:
        return None, verdict, runs.get(store, actor, verdict.run)
    if (run := runs.get(store, actor, RunId(id))) is not None:
        return None, None, run
    raise NotFound(thing="training, verdict or package", id=id)
