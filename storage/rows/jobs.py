"""Jobs, and what trainings, evaluations and exports leave: runs with their curves, verdicts, votes, packages. Standard library only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.rows.base import DatasetId, JobId, OwnerId, PackageId, ProjectId, RunId, SplitId, VerdictId, VersionId, VoteId


class JobState(StrEnum):
    """Where a job is. Only `LIVE` states may still change."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSING = "pausing"
    DONE = "done"
    STOPPED = "stopped"
    PAUSED = "paused"  # its place is kept and it has no process; it goes on when it is resumed
    FAILED = "failed"
    LOST = "lost"  # its process is gone and it never said how it ended; it can be resumed


LIVE = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.STOPPING, JobState.PAUSING})


@dataclass(frozen=True)
class Job:
    """A row for a child process. `folder` is the absolute run folder; `error` is an ErrorEvent as JSON when it failed."""

    id: JobId
    owner: OwnerId
    project: ProjectId
    kind: str
    state: JobState
    folder: str
    subject: str
    progress: float | None
    message: str | None
    seconds_left: float | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def took_s(self) -> float | None:
        """Seconds from its start to its end, pauses included; None before."""
        return (self.ended_at - self.started_at).total_seconds() if self.started_at is not None and self.ended_at is not None else None


@dataclass(frozen=True)
class Run:
    """A recipe at work: `recipe` is its TOML text, `best_step` the step whose weights are kept."""

    id: RunId
    owner: OwnerId
    project: ProjectId
    dataset: DatasetId
    version: VersionId
    split: SplitId
    job: JobId
    name: str
    recipe: str
    best_step: int | None
    best_loss: float | None
    created_at: datetime


@dataclass(frozen=True)
class Point:
    """One value of a curve. (run, name, step) is the key: a step logged twice keeps its last value."""

    step: int
    name: str
    value: float


@dataclass(frozen=True)
class Verdict:
    """What an evaluation found: `document` is core.evaluation.verdict.VerdictDocument as JSON."""

    id: VerdictId
    owner: OwnerId
    project: ProjectId
    run: RunId
    job: JobId
    document: str
    created_at: datetime


@dataclass(frozen=True)
class Package:
    """An exported model: a zip in the home with its check (`certificate` as JSON). `state` is green, amber or red."""

    id: PackageId
    owner: OwnerId
    project: ProjectId
    run: RunId
    job: JobId
    name: str
    precision: str
    state: str
    path: str
    size_bytes: int
    sha256: str
    certificate: str
    created_at: datetime


@dataclass(frozen=True)
class JobAdvice:
    """A sentence of the coach. `facts` is JSON."""

    step: int
    key: str
    english: str
    facts: str


@dataclass(frozen=True)
class JobArtefact:
    """A finished file of a run folder (relative path)."""

    name: str
    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class JobResource:
    """A sample of what a child used."""

    rss_bytes: int
    cpu_seconds: float
    at: datetime | None = None


@dataclass(frozen=True)
class JobProgress:
    """`share` from 0 to 1, or None where it is unknown."""

    share: float | None
    message: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class BestPoint:
    """The step whose weights are kept."""

    step: int
    value: float


@dataclass(frozen=True)
class Vote:
    """What a person preferred of two answers to one question. `chosen` is 'left', 'right', 'both' or 'neither'; `blind`: names were hidden."""

    id: VoteId
    owner: OwnerId
    project: ProjectId
    question: str
    left_model: str
    left_answer: str
    right_model: str
    right_answer: str
    chosen: str
    blind: bool
    created_at: datetime
