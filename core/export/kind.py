"""The kind of job that exports, and how its package comes into the store."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.export.certificate import Certificate
from core.export.settings import ExportSettings
from core.home import Home
from core.jobs.spec import JobSpec, Kind
from storage import packages
from storage.files import sha256_of, sync_folder
from storage.rows import Job, PackageId, RunId

if TYPE_CHECKING:
    from storage.store import Store

EXPORT = "export"
_PACKAGE_FILE, _CERTIFICATE_FILE, _SPEC_FILE = "package.zip", "certificate.json", "spec.json"


def finish(store: "Store", job: Job, folder: Path) -> None:
    """Move the zip into the home and add its row. Called twice it adds one: the package has the job's id, and the file is moved before the row is made."""
    if packages.of_job(store, job.id) is not None:
        return
    settings = ExportSettings.model_validate(JobSpec.model_validate_json((folder / _SPEC_FILE).read_text(encoding="utf-8")).settings)
    certificate = (folder / _CERTIFICATE_FILE).read_text(encoding="utf-8")
    home = Home(folder.parent.parent)
    path = home.packages / f"{job.id}.zip"
    home.packages.mkdir(parents=True, exist_ok=True)
    if (folder / _PACKAGE_FILE).is_file():
        os.replace(folder / _PACKAGE_FILE, path)
        sync_folder(home.packages)
    packages.add(
        store,
        job.owner,
        job.project,
        run=RunId(job.subject),
        job=job.id,
        name=settings.name,
        precision=settings.precision,
        state=Certificate.model_validate_json(certificate).colour.value,
        path=str(path),
        size_bytes=path.stat().st_size,
        sha256=sha256_of(path),
        certificate=certificate,
        id=PackageId(job.id),
    )


KINDS: tuple[Kind, ...] = (Kind(EXPORT, "core.export.job:main", finish),)
