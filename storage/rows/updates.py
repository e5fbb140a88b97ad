"""A model that is brought up to date with new rows. Standard library only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from storage.rows.base import DatasetId, JobId, OwnerId, ProjectId, RunId

UpdateId = NewType("UpdateId", str)


class UpdateStage(StrEnum):
    """What an update is at; each but the last is a job."""

    READ = "read"
    PREPARE = "prepare"
    TRAIN = "train"
    JUDGE = "judge"
    DONE = "done"


@dataclass(frozen=True)
class ModelUpdate:
    """`job` is the job of `stage`, None while it was not asked for; rows from position `first` on came with `file`. `told` and `error` are JSON."""

    id: UpdateId
    owner: OwnerId
    project: ProjectId
    dataset: DatasetId
    run: RunId
    new_run: RunId | None
    stage: UpdateStage
    job: JobId | None
    file: str
    first: int
    told: str
    error: str | None
    created_at: datetime
    stage_at: datetime
