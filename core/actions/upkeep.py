"""Upkeep of an installation: a backup of the database while the app runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from core.actions.project import project_of
from core.actions.registry import Context, Request, action
from core.errors import DiskFull, NotAllowed
from core.jobs.selftest import SelfTest
from storage import archive
from storage.errors import StoreFull
from storage.files import free_bytes
from storage.rows import Job


class BackupRequest(Request):
    """It takes no settings."""


@dataclass(frozen=True)
class BackupMade:
    """Where the copy lies and how large it is."""

    path: Path
    size_bytes: int


@action(
    "backup",
    request=BackupRequest,
    sentence="Copy the database into the backups folder while everything goes on.",
    undo="Delete the copy.",
    example={},
)
def backup(context: Context, request: BackupRequest) -> BackupMade:
    """All rows, runs, verdicts and conversations; models, packages and uploaded files lie beside the database and are not in it."""
    workshop = context.workshop
    if workshop.hosted:
        raise NotAllowed(what="copy the whole database")
    target = workshop.home.backups / f"bottega-{datetime.now(UTC):%Y%m%d-%H%M%S}.duckdb"
    try:
        archive.backup(workshop.store, target)
    except StoreFull as error:
        free = f"{free_bytes(workshop.home.root) / 1e6:,.0f} MB"
        raise DiskFull(needed=f"{workshop.home.database.stat().st_size / 1e6:,.0f} MB", free=free, place=str(workshop.home.backups)) from error
    return BackupMade(target, target.stat().st_size)


class SelfTestRequest(Request):
    project: str = Field(description="The project that the job stands in.")


@action("self-test", request=SelfTestRequest, sentence="Run a small job that counts to ten, to see that jobs work on this machine.", undo="Nothing is left of it.",
        example={"project": "abcdefghijklm"})  # fmt: skip
def self_test(context: Context, request: SelfTestRequest) -> Job:
    project = project_of(context, request.project)
    return context.workshop.supervisor.submit("selftest", SelfTest(), owner=context.actor, project=project.id, subject="count")
