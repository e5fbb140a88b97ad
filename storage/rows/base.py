"""Projects, datasets, examples, conversations. Standard library only."""

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
class Version:
    """An immutable state of a dataset. `content_hash` covers the rows' hashes in order, so that equal content has an equal hash.

    `change` is the dataset's change that it stands for. From `erased` of its rows a person was erased: they count in `rows` and in the hash.
    """

    id: VersionId
    dataset: DatasetId
    number: int
    name: str
    rows: int
    content_hash: str
    created_at: datetime
    change: int = 0
    erased: int = 0


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
    kept_out: int = 0  # rows in no part: they hang together with rows of a later part, have no date, or their column names no part


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
