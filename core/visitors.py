"""Hosted: what visitors brought is erased after a while, rows first, then files."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.workshop import Workshop
from storage import jobs, projects, uploads
from storage.rows import LIVE, LOCAL_OWNER, OwnerId

STOP_S = 30.0


def erase_visitors(workshop: Workshop, *, older_than_hours: float) -> int:
    """Erase every visitor whose newest project or upload is older than this, and say how many there were."""
    gone = projects.owners_since(workshop.store, datetime.now(UTC) - timedelta(hours=older_than_hours))
    for owner in gone:
        if owner != LOCAL_OWNER:
            _erase(workshop, owner)
    return len([owner for owner in gone if owner != LOCAL_OWNER])


def _erase(workshop: Workshop, owner: OwnerId) -> None:
    live = [job for project in projects.of_owner(workshop.store, owner) for job in jobs.of_project(workshop.store, project.id) if job.state in LIVE]
    for job in live:
        workshop.supervisor.stop(job.id)
    for job in live:
        workshop.supervisor.wait(job.id, STOP_S)
    files = [workshop.home.uploads / upload.id for upload in uploads.of_owner(workshop.store, owner)]
    left = projects.erase_owner(workshop.store, owner)
    for path in [*files, *map(Path, left.run_folders), *map(Path, left.packages)]:
        if workshop.home.root.resolve() not in path.resolve().parents:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
