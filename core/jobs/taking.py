"""From what a child said to what the store keeps: events in, typed rows out, and a kind's own ending in one transaction with the job's."""

import json
import traceback
import uuid
from collections.abc import Sequence
from pathlib import Path

from core.errors import Unexpected, UserError
from core.jobs.events import Advice, Artefact, Best, Event, MetricPoint, Progress, Resource, to_line
from core.jobs.failures import failure, told
from core.jobs.handle import LOG_FILE
from core.jobs.spec import Kind
from storage import jobs
from storage.rows import BestPoint, Job, JobAdvice, JobArtefact, JobId, JobProgress, JobResource, JobState, Point
from storage.store import Store


def take(store: Store, job: JobId, said: Sequence[Event], offset: int) -> bool:
    """What these events say, together with the offset behind them. False when they were taken before."""
    points, advice, artefacts, resources = [], [], [], []
    progress: JobProgress | None = None
    best: BestPoint | None = None
    for event in said:
        match event:
            case MetricPoint():
                points.append(Point(event.step, event.name, event.value))
            case Progress():
                progress = JobProgress(event.share, f"{event.message}|{event.english or event.message}", event.seconds_left)
            case Best():
                best = BestPoint(event.step, event.value)
            case Advice():
                advice.append(JobAdvice(event.step, event.key, event.english, json.dumps(event.facts, ensure_ascii=False)))
            case Artefact():
                artefacts.append(JobArtefact(event.name, event.path, event.sha256, event.size_bytes))
            case Resource():
                resources.append(JobResource(event.rss_bytes, event.cpu_seconds))
    return jobs.take(store, job, offset=offset, progress=progress, best=best, points=points, advice=advice, artefacts=artefacts, resources=resources)


def finish(store: Store, job: Job, kind: Kind, offset: int) -> None:
    """The kind takes its results in, and the job is done: both or neither, so that a server that dies in between does it once, not twice."""

    def both(_: object) -> None:
        if kind.finish is not None:
            kind.finish(store, job, Path(job.folder))
        jobs.take(store, job.id, offset=offset, state=JobState.DONE, progress=JobProgress(1.0, "done|Done", 0.0))

    try:
        store.write(both)
    except UserError as error:
        jobs.take(store, job.id, offset=offset, state=JobState.FAILED, error=as_json(error))
    except Exception as error:  # noqa: BLE001 - a kind's ending is another part's code; the one tailer must outlive its faults
        jobs.take(
            store,
            job.id,
            offset=offset,
            state=JobState.FAILED,
            error=as_json(told(error, place=Path(job.folder)) or _logged(error, Path(job.folder))),
        )


def as_json(error: UserError) -> str:
    """As a Failure event: what Job.error holds."""
    return to_line(failure(error)).strip()


def _logged(error: Exception, folder: Path) -> Unexpected:
    reference = uuid.uuid4().hex[:8]
    with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
        log.write(f"{reference}\n{''.join(traceback.format_exception(error))}")
    return Unexpected(reference=reference, log=LOG_FILE)
