"""The import as a kind of job: what the server does with the rows that the child wrote."""

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.bulk_source import remove_parts
from core.data.job import ROWS_FILE, SUMMARY_FILE, ImportSettings, ImportSummary
from core.data.mapping import Mapping
from core.errors import NotFound
from core.jobs.handle import SPEC_FILE
from core.jobs.spec import JobSpec, Kind
from storage import datasets
from storage.bulk import importing, keys
from storage.errors import StorageError
from storage.rows import DatasetId

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store


def settings_of(folder: Path) -> ImportSettings:
    spec = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
    return ImportSettings.model_validate(spec["settings"])


def summary_of(folder: Path) -> ImportSummary | None:
    """None while the child has not finished."""
    path = folder / SUMMARY_FILE
    return ImportSummary.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def mapping_of(folder: Path) -> Mapping:
    """How the rows were read: as the import was told, or as its child guessed."""
    summary = summary_of(folder)
    return summary.mapping if summary is not None and summary.mapping is not None else settings_of(folder).mapping


def had(folder: Path, sha256: str) -> bool:
    """Whether this import was of a file with these very bytes."""
    return (folder / SPEC_FILE).is_file() and sha256 in JobSpec.of(folder).inputs.values()


def tidy(folder: Path) -> None:
    """Of an import that is done the store has the rows; only what it was told and what it found is worth keeping."""
    (folder / ROWS_FILE).unlink(missing_ok=True)
    remove_parts(folder)
    for upload in folder.glob("upload-*"):
        upload.unlink()


def finish(store: "Store", job: "Job", folder: Path) -> None:
    """The dataset and its rows appear together with the job's end: jobs calls this inside its own transaction."""
    settings, summary = settings_of(folder), summary_of(folder)
    assert summary is not None  # the child announced it before it said that it was done
    if settings.new:
        kind = (summary.mapping or settings.mapping).shape
        datasets.create(store, job.owner, job.project, settings.name, kind, summary.columns, id=DatasetId(settings.dataset))
    elif datasets.get(store, job.owner, DatasetId(settings.dataset)) is None:
        raise NotFound(thing="dataset", id=settings.dataset)  # deleted while its file was read
    dataset, rows = DatasetId(settings.dataset), folder / ROWS_FILE
    if summary.lines is not None:
        importing.import_lines(store, dataset, folder, summary.lines, source=settings.file, sealed=settings.sealed)
    elif summary.form is not None:
        importing.import_derived(store, dataset, rows, source=settings.file, form=summary.form, sealed=settings.sealed)
    else:
        importing.import_parquet(store, dataset, rows, sealed=settings.sealed)


def settle_rows(store: "Store", dataset: DatasetId) -> None:
    """Work out what is kept beside rows that came or changed, once these are safe. What this misses (the disk is full, the server ends) is made up for
    where it is needed, only slower."""
    with contextlib.suppress(StorageError, OSError):
        keys.fill_soon(store, dataset)


IMPORT_KIND = Kind("import", "core.data.job:main", finish, exclusive=False)
KINDS: tuple[Kind, ...] = (IMPORT_KIND,)
