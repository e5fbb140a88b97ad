"""Ids and the frozen rows that leave the store. Anyone may import this file; it needs the standard library only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

OwnerId = NewType("OwnerId", str)
ProjectId = NewType("ProjectId", str)
UploadId = NewType("UploadId", str)
DatasetId = NewType("DatasetId", str)
VersionId = NewType("VersionId", str)
SplitId = NewType("SplitId", str)
ExampleId = NewType("ExampleId", str)
RunId = NewType("RunId", str)
VerdictId = NewType("VerdictId", str)
PackageId = NewType("PackageId", str)
JobId = NewType("JobId", str)
VoteId = NewType("VoteId", str)

LOCAL_OWNER = OwnerId("local")


class Part(StrEnum):
    """The three sides of a split."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class JobState(StrEnum):
    """Where a job is. Only `LIVE` states may still change."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"  # its process is gone and it never said how it ended; it can be resumed


LIVE = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.STOPPING})


@dataclass(frozen=True)
class Project:
    """`task` is the name of a task in core/tasks, or None while nobody has chosen."""

    id: ProjectId
    owner: OwnerId
    name: str
    task: str | None
    created_at: datetime


@dataclass(frozen=True)
class Upload:
    """A file that a door took in; its bytes lie in the home under uploads/<id>/<name>."""

    id: UploadId
    owner: OwnerId
    name: str
    size_bytes: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True)
class Dataset:
    """`columns` are the columns of the original rows, in order; `rows` counts the examples that are not deleted."""

    id: DatasetId
    owner: OwnerId
    project: ProjectId
    name: str
    shape: str
    columns: tuple[str, ...]
    rows: int
    created_at: datetime


@dataclass(frozen=True)
class Example:
    """One row as it stands now. `messages` is canonical JSON: a list of {"role", "content"} (and further fields that the source had).

    `question` and `answer` are the last user turn and the last assistant turn (what the table shows and search reads); `answer` is None for a row
    without one.
    `sealed` rows came from a file that was imported as the test split. `row` counts from 1 within its source file.
    """

    id: ExampleId
    dataset: DatasetId
    position: int
    messages: str
    question: str
    answer: str | None
    content_hash: str
    source: str
    row: int
    original: str
    sealed: bool
    edited: bool
    part: Part | None = None


@dataclass(frozen=True)
class NewExample:
    """A row on its way into the store; the store adds id, position and hash."""

    messages: str
    question: str
    answer: str | None
    source: str
    row: int
    original: str
    sealed: bool = False


@dataclass(frozen=True)
class Page:
    """A window on the rows. `next` is the position to ask for after this page (None on the last), `total` the rows that match."""

    examples: tuple[Example, ...]
    next: int | None
    total: int


@dataclass(frozen=True)
class Edit:
    """One change of one row, with what it was. `before` and `after` are messages JSON; `after` is None for a deletion."""

    id: int
    dataset: DatasetId
    example: ExampleId
    actor: OwnerId
    at: datetime
    before: str
    after: str | None
    undone: bool


@dataclass(frozen=True)
class Version:
    """An immutable state of a dataset. `content_hash` covers the rows' hashes in order, so that equal content has an equal hash."""

    id: VersionId
    dataset: DatasetId
    number: int
    name: str
    rows: int
    content_hash: str
    created_at: datetime


@dataclass(frozen=True)
class Split:
    """A frozen split of a version. Counts are rows. `opened` counts how often the test rows were looked at by an evaluation."""

    id: SplitId
    version: VersionId
    seed: int
    plan: str
    train: int
    validation: int
    test: int
    opened: int
    created_at: datetime
    kept_out: int = 0  # rows in no part, because their question stands among the sealed test rows


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
class Said:
    """A line of the project's conversation. `plan` is a plan card as JSON when the assistant proposed something."""

    id: int
    project: ProjectId
    speaker: str
    text: str
    plan: str | None
    at: datetime


@dataclass(frozen=True)
class PartCount:
    """How many rows of a split's part have this answer."""

    part: Part
    label: str
    rows: int


@dataclass(frozen=True)
class DatasetFacts:
    """What is known of a dataset as it stands. `labels` counts distinct answers, `duplicates` the rows whose question stands in an earlier row."""

    rows: int
    answered: int
    labels: int
    sealed: int
    duplicates: int
    edited: int
    median_question_chars: int
    max_question_chars: int
    max_answer_chars: int


@dataclass(frozen=True)
class ProjectContents:
    """What a project holds, for the plan of its deletion. Uploads belong to their owner and are not counted."""

    datasets: int
    examples: int
    versions: int
    splits: int
    runs: int
    verdicts: int
    packages: int
    jobs: int
    lines: int


@dataclass(frozen=True)
class Leftovers:
    """Files that lost their rows: absolute run folders and package files, which the caller removes."""

    run_folders: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


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
