"""Jobs: what is at work in a project, and how one job goes."""

from pydantic import Field

from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.errors import NotFound
from storage import jobs
from storage.rows import Job, JobId

_EXAMPLE_ID = "abcdefghijklm"


class JobsRequest(Request):
    project: str = Field(description="The project.")


class JobRequest(Request):
    job: str = Field(description="The job.")


@action("jobs", request=JobsRequest, sentence="List a project's jobs, newest first: what is at work and how the others ended.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID})  # fmt: skip
def list_jobs(context: Context, request: JobsRequest) -> tuple[Job, ...]:
    return tuple(jobs.of_project(context.workshop.store, project_of(context, request.project).id))


@action("job-status", request=JobRequest, sentence="Say how a job goes: its state, how far it is, the time left, what went wrong.", scope=Scope.READ,
        example={"job": _EXAMPLE_ID})  # fmt: skip
def job_status(context: Context, request: JobRequest) -> Job:
    return job_of(context, request.job)


@action(
    "stop-job", request=JobRequest, sentence="Stop a job of any kind; what it saved is kept.", undo="Resume the job.", example={"job": _EXAMPLE_ID}
)
def stop_job(context: Context, request: JobRequest) -> Job:
    return context.workshop.supervisor.stop(job_of(context, request.job).id)


@action("resume-job", request=JobRequest, sentence="Go on with a job that was stopped, failed or lost, from what it had saved.", undo="Stop the job.",
        example={"job": _EXAMPLE_ID})  # fmt: skip
def resume_job(context: Context, request: JobRequest) -> Job:
    """Raises CannotResume."""
    return context.workshop.supervisor.resume(job_of(context, request.job).id)


def job_of(context: Context, id: str) -> Job:
    """The actor's own job. Raises NotFound."""
    found = jobs.get(context.workshop.store, context.actor, JobId(id))
    if found is None:
        raise NotFound(thing="job", id=id)
    return found
