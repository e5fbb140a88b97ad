"""Rows on their way out: a version as a file that others read and that comes back with the same hashes, and its download."""

import datetime
import re
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from pydantic import Field

from core.actions.data import dataset_of
from core.actions.jobs import job_of
from core.actions.registry import Context, Request, Scope, action
from core.data.export.base import data_format, formats
from core.data.export.kind import EXPORT_DATA
from core.data.export.rows import ROWS_FILE
from core.data.export.settings import EXPORT_FILE, ExportVersionSettings, Parts
from core.errors import NotFound, UserError
from core.jobs.spec import JobSpec
from storage.bulk import splitting, versions
from storage.bulk.writing import write_version
from storage.rows import Dataset, DatasetId, Job, JobState, Split, SplitId, Version, VersionId

_EXAMPLE_ID = "abcdefghijklm"


class NoSuchColumns(UserError):
    """Further columns were wanted that the original rows do not have."""

    sentence = "'{dataset}' has no column {missing}; its rows came with: {columns}. Choose some of these, or none. Nothing was written."
    status = 422

    def __init__(self, *, dataset: str, missing: str, columns: str) -> None:
        super().__init__(dataset=dataset, missing=missing, columns=columns)


class WhichVersion(UserError):
    """Neither a version nor a dataset was named."""

    sentence = "Say which version is to be exported, or which dataset, as it stands now. Nothing was written."
    status = 422

    def __init__(self) -> None:
        super().__init__()


class SplitOfAnother(UserError):
    """The split was drawn on another version."""

    sentence = "That split was drawn on another version than {version} of '{dataset}'. Choose a split of this version, or none. Nothing was written."
    status = 422

    def __init__(self, *, version: int, dataset: str) -> None:
        super().__init__(version=version, dataset=dataset)


class ExportNotReady(UserError):
    """The job is no export, has not ended, or its file is gone."""

    sentence = "There is no exported file to download from this job (it is {state}). Wait until it is done, or export the version again."
    status = 409

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


@dataclass(frozen=True)
class FormatCard:
    """A format, for a form."""

    name: str
    label: str


@dataclass(frozen=True)
class ExportedFile:
    """For a door to stream from disk; `name` is what the person's file is called."""

    path: str
    name: str
    size_bytes: int


class FormatsRequest(Request):
    pass


class ExportVersionRequest(Request):
    version: str | None = Field(None, description="The version; without it the dataset as it stands now, which becomes a version.")
    dataset: str | None = Field(None, description="The dataset, where no version is named.")
    format: str = Field("jsonl", description="What kind of file: jsonl (messages), alpaca, csv, parquet or datasets (a folder).")
    split: str | None = Field(None, description="The split whose parts are told; without it the version's newest, if it has one.")
    parts: Parts = Field(Parts.COLUMN, description="How the parts of the split are told apart: in a column, as a file each, or not at all.")
    columns: tuple[str, ...] = Field((), max_length=100, description="Further columns of the original rows that are written too, such as customer.")


class ExportRequest(Request):
    job: str = Field(description="The job that exported.")


@action(
    "data-formats", request=FormatsRequest, sentence="List what kinds of file a version of the data can be exported as.", scope=Scope.READ, example={}
)
def list_formats(context: Context, request: FormatsRequest) -> tuple[FormatCard, ...]:
    return tuple(FormatCard(kind.name, kind.label) for kind in formats().values())


@action("export-version", request=ExportVersionRequest, sentence="Export a version of the data as a file, with a card that says what is in it.",
        undo="Nothing was changed; the file goes with its project.", example={"version": _EXAMPLE_ID, "format": "csv"})  # fmt: skip
def export_version(context: Context, request: ExportVersionRequest) -> Job:
    """Starts the job; its subject is the version. Raises UnknownDataFormat, WhichVersion, NoSuchColumns, SplitOfAnother."""
    kind = data_format(request.format)
    dataset, version = _chosen(context, request)
    missing = [column for column in request.columns if column not in dataset.columns]
    if missing:
        raise NoSuchColumns(dataset=dataset.name, missing=", ".join(missing)[:200], columns=", ".join(dataset.columns)[:400])
    split = _split(context, request, dataset, version)
    settings = ExportVersionSettings(
        format=kind.name,
        parts=request.parts,
        further=tuple(dict.fromkeys(request.columns)),
        file=f"{re.sub(r'[^A-Za-z0-9._-]+', '-', dataset.name).strip('-.')[:60] or 'rows'}-v{version.number}-{kind.name}.zip",
        dataset=dataset.name,
        shape=dataset.shape,
        version=version.number,
        version_name=version.name if version.name != str(version.number) else "",
        content_hash=version.content_hash,
        rows=version.rows,
        split_seed=split.seed if split is not None else None,
        made_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
        made_with=f"Bottega {installed('bottega')}",
    )
    store = context.workshop.store

    def inputs(folder: Path) -> dict[str, str]:
        return {ROWS_FILE: write_version(store, version.id, folder / ROWS_FILE, split.id if split is not None else None)}

    return context.workshop.supervisor.submit(EXPORT_DATA, settings, owner=context.actor, project=dataset.project, subject=version.id, inputs=inputs)


@action("download-export", request=ExportRequest, sentence="Download an exported version.", scope=Scope.READ, example={"job": _EXAMPLE_ID})
def download_export(context: Context, request: ExportRequest) -> ExportedFile:
    """For the door to stream from disk. Raises ExportNotReady."""
    job = job_of(context, request.job)
    path = Path(job.folder) / EXPORT_FILE
    if job.kind != EXPORT_DATA or job.state is not JobState.DONE or not path.is_file():
        raise ExportNotReady(state=job.state.value)
    settings = ExportVersionSettings.model_validate(JobSpec.of(Path(job.folder)).settings)
    return ExportedFile(str(path), settings.file, path.stat().st_size)


def _chosen(context: Context, request: ExportVersionRequest) -> tuple[Dataset, Version]:
    store = context.workshop.store
    if request.version is not None:
        found = versions.get_version(store, context.actor, VersionId(request.version))
        if found is None:
            raise NotFound(thing="version", id=request.version)
        return dataset_of(context, found.dataset), found
    if request.dataset is None:
        raise WhichVersion
    dataset = dataset_of(context, request.dataset)
    return dataset, versions.freeze_version(store, DatasetId(dataset.id))


def _split(context: Context, request: ExportVersionRequest, dataset: Dataset, version: Version) -> Split | None:
    store = context.workshop.store
    if request.parts is Parts.NONE:
        return None
    if request.split is None:
        return next((split for split in splitting.splits_of(store, dataset.id) if split.version == version.id), None)
    found = splitting.get_split(store, context.actor, SplitId(request.split))
    if found is None:
        raise NotFound(thing="split", id=request.split)
    if found.version != version.id:
        raise SplitOfAnother(version=version.number, dataset=dataset.name)
    return found
