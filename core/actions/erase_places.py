"""Where a person can stand outside of the database: files of run folders, uploads, packages, what was saved or exported, copies of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.actions.registry import Context
from core.data.containers.archive import names_in
from core.data.export.kind import EXPORT_DATA
from core.data.export.settings import EXPORT_FILE
from core.data.searched import searched
from storage import erasing_copies, erasing_files, jobs, packages, projects, uploads
from storage.bulk import versions
from storage.erasing import RowMatch, TouchedRun
from storage.erasing_files import FileMatch
from storage.person import Person
from storage.person_files import names
from storage.rows import Package, Upload


@dataclass(frozen=True)
class FoundUpload:
    """`surely`: it names the text. Otherwise it could not be looked into; `goes` says that rows that hold the text came from a file of its name, so that
    it is deleted too."""

    upload: Upload
    surely: bool
    goes: bool = True


def files_with(context: Context, person: Person) -> list[FileMatch]:
    """Of run folders, and the logs that stand beside the database."""
    workshop = context.workshop
    folders = [
        Path(job.folder) for project in projects.of_owner(workshop.store, context.actor) for job in jobs.of_project(workshop.store, project.id)
    ]
    found = erasing_files.find_in_runs(workshop.store, folders, person, lambda paths: _searched(context, paths, person))
    logs = [] if workshop.hosted else sorted(workshop.home.root.glob("*.log"))
    return [*found, *(FileMatch(path, "") for path in logs if names(path, person))]


def exports_of(context: Context, rows: list[RowMatch]) -> list[Path]:
    """Exported versions of the datasets whose rows hold the text: packed, and quickly made again, so they go whole."""
    store, datasets = context.workshop.store, {row.dataset for row in rows}
    of_them = {version.id for dataset in datasets for version in versions.versions_of(store, dataset)}
    made = [job for project in projects.of_owner(store, context.actor) for job in jobs.of_project(store, project.id, EXPORT_DATA)]
    return [path for job in made if job.subject in of_them and (path := Path(job.folder) / EXPORT_FILE).is_file()]


def saved_of(context: Context) -> list[Path]:
    """Saved projects hold all rows; they are written anew each time a project is saved."""
    home, store = context.workshop.home, context.workshop.store
    return [path for project in projects.of_owner(store, context.actor) for path in home.packages.glob(f"*project-{project.id}.zip*")]


def uploads_with(context: Context, person: Person, rows: list[RowMatch]) -> list[FoundUpload]:
    """Those that name the text or are named so, and those that could not be looked into."""
    sources = {row.source for row in rows}
    here = [(upload, context.workshop.home.uploads / upload.id / upload.name) for upload in uploads.of_owner(context.workshop.store, context.actor)]
    named = {upload.id: names(path, person) if path.is_file() else False for upload, path in here}
    closed = [path for upload, path in here if named[upload.id] is None]
    within = dict(zip(closed, _searched(context, closed, person), strict=True))
    found = []
    for upload, path in here:
        inside = within.get(path, named[upload.id])
        if inside or person.is_in(upload.name):
            found.append(FoundUpload(upload, True))
        elif inside is None:
            goes = any(source.startswith(upload.name) for source in sources) or not sources.isdisjoint(names_in(path))
            found.append(FoundUpload(upload, False, goes))
    return found


def packages_with(context: Context, person: Person, learned: list[TouchedRun]) -> list[Package]:
    """Those of models that learned from the rows, and those whose own texts name the person."""
    store, runs = context.workshop.store, {run.run for run in learned}
    made = [each for project in projects.of_owner(store, context.actor) for each in packages.of_project(store, project.id)]
    others = [each for each in made if each.run not in runs and Path(each.path).is_file()]
    inside = dict(zip((each.id for each in others), _searched(context, [Path(each.path) for each in others], person), strict=True))
    return [each for each in made if each.run in runs or inside.get(each.id)]


def backups_with(context: Context, person: Person) -> list[Path]:
    """Copies of the whole database. On a server that many share they are not one person's to delete."""
    workshop = context.workshop
    return [] if workshop.hosted else erasing_copies.copies_that_hold(workshop.home.backups, person)


def _searched(context: Context, paths: Sequence[Path], person: Person) -> list[bool | None]:
    return searched([(path, path.name) for path in paths], person, limits=context.workshop.settings.limits)
