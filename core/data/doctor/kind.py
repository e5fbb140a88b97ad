"""The check-up as a kind of job: what the server does with what the child found."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.doctor.job import FINDINGS_FILE, NEAR_FILE, REPORT_FILE, CheckupSettings
from core.jobs.handle import SPEC_FILE
from core.jobs.spec import Kind
from storage import findings
from storage.rows import DatasetId

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store


def settings_of(folder: Path) -> CheckupSettings:
    spec = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
    return CheckupSettings.model_validate(spec["settings"])


def finish(store: "Store", job: "Job", folder: Path) -> None:
    """What was found replaces what the last check-up found, together with the job's end. Of a dataset that is gone meanwhile nothing is kept."""
    settings = settings_of(folder)
    document = (folder / REPORT_FILE).read_text(encoding="utf-8")
    findings.take(store, DatasetId(settings.dataset), job.id, settings.change, document, folder / FINDINGS_FILE, folder / NEAR_FILE)


def tidy(folder: Path) -> None:
    """Of a check-up that is over the store has all that counts."""
    for file in folder.glob("*.parquet"):
        file.unlink()
    for name in (REPORT_FILE, "own_cases.json"):
        (folder / name).unlink(missing_ok=True)


CHECKUP_KIND = Kind("checkup", "core.data.doctor.job:main", finish, exclusive=False, stop_grace_s=5.0)
KINDS: tuple[Kind, ...] = (CHECKUP_KIND,)
