"""Control of what is at work: the queue with its order, stop, pause and going on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from core.actions.jobs import job_of
from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.actions.run import run_of
from core.errors import UserError
from core.jobs.refusals import CannotResume
from core.sentence import Sentence
from core.training.kind import TRAIN_KIND
from core.training.settings import ROWS_FILE
from storage import jobs, projects, runs
from storage.rows import LIVE, Job, JobId, JobState, Run

_EXAMPLE_ID = "abcdefghijklm"


class NothingToStop(UserError):
    """No job of the project is at work."""

    sentence = "Nothing of '{project}' is at work now, so there is nothing to stop."
    status = 409

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)


class StopRequest(Request):
    project: str = Field(description="The project whose job is to stop.")
    job: str | None = Field(None, description="The job; without it, the one that is at work.")


class RunToControl(Request):
    run: str = Field(description="The run.")


class ResumeRequest(Request):
    run: str = Field(description="The run to go on with.")


class QueueRequest(Request):
    project: str = Field(description="The project from which it is looked at; other projects of yours wait in the same queue.")


class MoveRequest(Request):
    job: str = Field(description="A job that waits.")
    to: Literal["up", "down"] = Field("up", description="One place nearer to its turn, or one further from it.")


@dataclass(frozen=True)
class Waiter:
    """A job that needs the machine for itself: it runs, waits for its turn, or is paused. `why` says what for; `run` is set for a training.
    `can_rise` and `can_fall` are about its place among one's own."""

    job: Job
    title: str
    project: str
    why: Sentence
    run: Run | None
    can_rise: bool
    can_fall: bool
    can_pause: bool


@action("stop", request=StopRequest, sentence="Stop what is at work; the best weights until then are kept.", undo="Resume the run.",
        example={"project": _EXAMPLE_ID})  # fmt: skip
def stop(context: Context, request: StopRequest) -> Job:
    """One that is paused has to be named."""
    project, store = project_of(context, request.project), context.workshop.store
    known = [job for job in jobs.of_project(store, project.id) if request.job in (None, job.id)]
    live = [job for job in known if job.state in LIVE or (job.state is JobState.PAUSED and request.job is not None)]
    if not live:
        raise NothingToStop(project=project.name)
    first = min(live, key=lambda job: (job.kind != TRAIN_KIND.name, job.state is JobState.QUEUED))
    return context.workshop.supervisor.stop(first.id)


@action("pause", request=RunToControl, sentence="Pause a training: its place is kept at once and the machine is free; it goes on exactly there.",
        undo="Resume the run.", example={"run": _EXAMPLE_ID})  # fmt: skip
def pause(context: Context, request: RunToControl) -> Job:
    """Raises CannotPause."""
    return context.workshop.supervisor.pause(run_of(context, request.run).job)


@action("resume", request=ResumeRequest, sentence="Go on with a run that was paused, stopped or lost, from its last whole checkpoint.", undo="Stop it.",
        example={"run": _EXAMPLE_ID})  # fmt: skip
def resume(context: Context, request: ResumeRequest) -> Job:
    """It waits for its turn as any other. Raises CannotResume."""
    job = context.workshop.supervisor.job(run_of(context, request.run).job)
    if not Path(job.folder, ROWS_FILE).is_file():
        raise CannotResume(state="gone")
    return context.workshop.supervisor.resume(job.id)


@action("queue", request=QueueRequest, sentence="List what runs, what waits for its turn and why, and what is paused.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID})  # fmt: skip
def queue(context: Context, request: QueueRequest) -> tuple[Waiter, ...]:
    """In the order in which they get their turn; the paused ones last. One training has the machine at a time."""
    project_of(context, request.project)
    store, supervisor = context.workshop.store, context.workshop.supervisor
    order, holder = supervisor.waiting(), supervisor.holder()
    found = [job for job in jobs.of_owner(store, context.actor, {*LIVE, JobState.PAUSED}) if supervisor.takes_turns(job.kind)]
    mine = sorted(found, key=lambda job: _place(job, order))
    waiting = [job.id for job in mine if job.id in order]
    named = {project.id: project.name for project in projects.of_owner(store, context.actor)}
    of_job = {job.id: runs.of_job(store, job.id) for job in mine}
    first = _name(next((job for job in mine if job.id == holder), None), of_job)
    return tuple(
        Waiter(
            job,
            _name(job, of_job),
            named.get(job.project, ""),
            _why(job, order, first, is_held=holder is not None),
            of_job[job.id],
            job.id in waiting[1:],
            job.id in waiting[:-1],
            job.kind == TRAIN_KIND.name and job.state in (JobState.QUEUED, JobState.RUNNING),
        )
        for job in mine
    )


@action("move-job", request=MoveRequest, sentence="Move a waiting job one place up or down in the queue.", undo="Move it back.",
        example={"job": _EXAMPLE_ID, "to": "up"})  # fmt: skip
def move_job(context: Context, request: MoveRequest) -> Job:
    """Among one's own: nobody passes another person's work. At the end of the queue nothing changes. Raises NotWaiting."""
    job, supervisor = job_of(context, request.job), context.workshop.supervisor
    mine = {one.id for one in jobs.of_owner(context.workshop.store, context.actor, {JobState.QUEUED}) if supervisor.takes_turns(one.kind)}
    order = [id for id in supervisor.waiting() if id in mine]
    at = order.index(job.id) if job.id in order else None
    other = at if at is None else at + (-1 if request.to == "up" else 1)
    if at is None or other is None:
        supervisor.swap(job.id, job.id)  # says why it has no place
    elif 0 <= other < len(order):
        supervisor.swap(job.id, order[other])
    return supervisor.job(job.id)


def _place(job: Job, order: tuple[JobId, ...]) -> tuple[int, int]:
    if job.state is JobState.PAUSED:
        return (2, 0)
    return (1, order.index(job.id)) if job.id in order else (0, 0)


def _name(job: Job | None, of_job: dict[JobId, Run | None]) -> str:
    """A training by its name, anything else by what it is; '' for another person's."""
    if job is None:
        return ""
    run = of_job[job.id]
    return run.name if run is not None else job.kind


def _why(job: Job, order: tuple[JobId, ...], first: str, *, is_held: bool) -> Sentence:
    if job.state is JobState.PAUSED:
        return Sentence("queue.paused", "Paused: it takes no memory and no time. It goes on exactly where it was.")
    if job.id not in order:
        return Sentence("queue.at_work", "It has the machine.")
    before = order.index(job.id)
    if not is_held:
        return Sentence("queue.starts", "It starts in a moment.")
    if not first:
        english = "It waits: somebody else's training has the machine, and {before:,} before it wait too. One trains at a time."
        return Sentence("queue.waits_for_other", english, {"before": before})
    if before == 0:
        english = "It is next: it waits until '{first}' has ended or is paused. One trains at a time, since two at once would be much slower."
        return Sentence("queue.next", english, {"first": first})
    english = "It waits until '{first}' and {before:,} more before it have ended or are paused. One trains at a time."
    return Sentence("queue.waits", english, {"first": first, "before": before})
