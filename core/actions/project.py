"""Projects: make, list, rename, delete, save to one file and bring back from one."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.registry import Context, Plan, Request, Scope, action
from core.data.doctor.kind import CHECKUP_KIND
from core.data.kind import IMPORT_KIND, tidy
from core.errors import NotFound, UserError
from core.sentence import Sentence
from storage import archive, jobs, projects
from storage.errors import BadArchive, StoreTooNew
from storage.rows import LIVE, JobState, Project, ProjectContents, ProjectId, UploadId


class JobsRunning(UserError):
    """A project whose jobs still run cannot be deleted or saved."""

    sentence = "A job of '{project}' is still at work. Stop it or wait for it, then try again. Nothing was changed."
    status = 409

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)


class BadProjectFile(UserError):
    """What was to be restored is no saved project, or not a whole one."""

    sentence = "{file} is no saved project that can be restored: {why}. Choose the file that 'save project' wrote. Nothing was restored."

    def __init__(self, *, file: str, why: str) -> None:
        super().__init__(file=file, why=why)


@dataclass(frozen=True)
class ProjectSummary:
    """A project with what it holds."""

    project: ProjectId
    name: str
    task: str | None
    created_at: str
    contents: ProjectContents


@dataclass(frozen=True)
class Deleted:
    """What was removed."""

    name: str
    contents: ProjectContents


@dataclass(frozen=True)
class SavedProject:
    """A file in the home for the door to stream."""

    name: str
    path: Path
    size_bytes: int


class CreateProjectRequest(Request):
    name: str = Field(min_length=1, max_length=120, description="What the project is called.")


class ProjectsRequest(Request):
    pass


class ProjectRequest(Request):
    project: str = Field(description="The project.")


class RenameProjectRequest(ProjectRequest):
    name: str = Field(min_length=1, max_length=120, description="Its new name.")


class RestoreProjectRequest(Request):
    upload: str = Field(description="A file that 'save project' wrote.")


def project_of(context: Context, id: str) -> Project:
    """The actor's own project. Raises NotFound."""
    found = projects.get(context.workshop.store, context.actor, ProjectId(id))
    if found is None:
        raise NotFound(thing="project", id=id)
    return found


@action("create-project", request=CreateProjectRequest, sentence="Start a new project.", undo="Delete the project.", example={"name": "Support desk"})
def create_project(context: Context, request: CreateProjectRequest) -> Project:
    return projects.create(context.workshop.store, context.actor, request.name.strip() or request.name)


@action("projects", request=ProjectsRequest, sentence="List your projects and what they hold.", scope=Scope.READ, example={})
def list_projects(context: Context, request: ProjectsRequest) -> tuple[ProjectSummary, ...]:
    store = context.workshop.store
    return tuple(
        ProjectSummary(found.id, found.name, found.task, found.created_at.isoformat(), projects.contents(store, found.id))
        for found in projects.of_owner(store, context.actor)
    )


@action("rename-project", request=RenameProjectRequest, sentence="Give a project another name.", undo="Rename it back.",
        example={"project": "abcdefghijklm", "name": "Support desk 2"})  # fmt: skip
def rename_project(context: Context, request: RenameProjectRequest) -> Project:
    return projects.rename(context.workshop.store, project_of(context, request.project).id, request.name.strip() or request.name)


def plan_deletion(context: Context, request: ProjectRequest) -> Plan:
    project = project_of(context, request.project)
    held = projects.contents(context.workshop.store, project.id)
    goes = [f"{count:,} {thing}" for count, thing in (
        (held.datasets, "dataset(s)"), (held.examples, "row(s) with their history"), (held.splits, "split(s)"),
        (held.runs, "run(s) with their models"),
        (held.verdicts, "verdict(s)"), (held.packages, "package(s)"), (held.lines, "line(s) of conversation")) if count]  # fmt: skip
    remains = ("files that you downloaded", "the files that you uploaded", "your other projects")
    return Plan(
        Sentence("delete_project", "Delete the project '{name}' with all that it holds.", {"name": project.name}), goes=tuple(goes), remains=remains
    )


@action("delete-project", request=ProjectRequest, sentence="Delete a project with its data, runs, verdicts and packages.", destroys=True,
        plan=plan_deletion, example={"project": "abcdefghijklm"})  # fmt: skip
def delete_project(context: Context, request: ProjectRequest) -> Deleted:
    store, home = context.workshop.store, context.workshop.home
    with context.workshop.checkup_turn:  # none begins by itself in between
        project = _at_rest(context, request.project)
        held = projects.contents(store, project.id)
        left = projects.delete(store, project.id)
    # Rows first: what a crash leaves here is a folder that nobody names, not a row whose files are gone.
    for folder in left.run_folders:
        remove_within(Path(folder), home.runs)
    for package in left.packages:
        remove_within(Path(package), home.packages)
    return Deleted(project.name, held)


@action("save-project", request=ProjectRequest, sentence="Save a project to one file that another Bottega can restore.", scope=Scope.READ,
        example={"project": "abcdefghijklm"})  # fmt: skip
def save_project(context: Context, request: ProjectRequest) -> SavedProject:
    project = _at_rest(context, request.project)
    home = context.workshop.home
    for job in jobs.of_project(context.workshop.store, project.id, IMPORT_KIND.name):
        if job.state is JobState.DONE:
            tidy(Path(job.folder))
    target = home.packages / f"project-{project.id}.zip"
    target.unlink(missing_ok=True)
    archive.save_project(context.workshop.store, context.actor, project.id, target)
    safe = "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in project.name).strip() or "project"
    return SavedProject(f"{safe}.bottega.zip", target, target.stat().st_size)


@action("restore-project", request=RestoreProjectRequest, sentence="Bring back a project from a saved file.", undo="Delete the restored project.",
        example={"upload": "abcdefghijklm"})  # fmt: skip
def restore_project(context: Context, request: RestoreProjectRequest) -> Project:
    path = context.workshop.upload_path(context.actor, UploadId(request.upload))
    try:
        return archive.restore_project(context.workshop.store, context.actor, path)
    except (BadArchive, StoreTooNew) as error:
        why = error.why if isinstance(error, BadArchive) else "a newer Bottega saved it"
        raise BadProjectFile(file=path.name, why=why) from error


def _at_rest(context: Context, id: str) -> Project:
    project = project_of(context, id)
    for job in jobs.of_project(context.workshop.store, project.id, CHECKUP_KIND.name):
        if job.state in LIVE:  # it began by itself, so nobody is to be asked
            context.workshop.supervisor.stop(job.id)
            context.workshop.supervisor.wait(job.id, CHECKUP_KIND.stop_grace_s)
    if any(job.state in LIVE for job in jobs.of_project(context.workshop.store, project.id)):
        raise JobsRunning(project=project.name)
    return project


def remove_within(path: Path, below: Path) -> None:
    """Only what lies in its own place of the home: a stored path is data, not an order."""
    if below.resolve() not in path.resolve().parents:
        return
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
