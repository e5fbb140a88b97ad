"""How a job reads on the screen: what it does, how far it is, how it ended."""

import json

from storage.rows import LIVE, Job, JobState
from ui.parts.notice import Notice
from ui.parts.part import Button
from ui.parts.progress import Progress
from ui.visit import Visit


def doing(visit: Visit, job: Job) -> str:
    """What a job is doing now, in the visitor's language."""
    words = visit.words
    if job.state is JobState.QUEUED:
        return words("work.queued")
    if job.state in (JobState.STOPPING, JobState.PAUSING):
        return words(f"work.{job.state.value}")
    key, _, english = (job.message or "").partition("|")
    return words.either(f"progress.{key}", english) if key else words("work.starting")


def left_of(visit: Visit, job: Job) -> str:
    """'' while nobody knows."""
    return visit.words("work.left", time=visit.words.time(job.seconds_left)) if job.seconds_left is not None else ""


def stop_button(visit: Visit, job: Job, text: str = "", kind: str = "plain") -> Button:
    """The frame does what it wishes, on every page."""
    return Button(text or visit.words("work.stop"), "stop-job", {"job": job.id}, kind)


def progress_of(visit: Visit, job: Job | None, stop: str = "") -> Progress | None:
    """With the button that stops it, until it was asked to; None where there is no job or it has ended."""
    if job is None or job.state not in LIVE:
        return None
    buttons = () if job.state is JobState.STOPPING else (stop_button(visit, job, stop),)
    return Progress(doing(visit, job), job.progress, left_of(visit, job), "", buttons)


def failure_of(visit: Visit, job: Job, *buttons: Button) -> Notice | None:
    """What went wrong in a job that failed, as its own sentence; None for every other job."""
    if job.state is not JobState.FAILED or not job.error:
        return None
    told = json.loads(job.error)
    sentence = visit.words.error_named(told.get("error", ""), told.get("sentence", ""), told.get("facts") or {})
    facts = "\n".join(f"{name} = {value}" for name, value in (told.get("facts") or {}).items())
    return Notice("bad", sentence, f"{told.get('error', '')}\n{facts}".strip(), visit.words("notice.details"), buttons)


def error_name(job: Job) -> str:
    return json.loads(job.error).get("error", "") if job.error else ""
