"""The evaluation as the server sees it: its main and what becomes of its results. Nothing heavy."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.evaluation.settings import VERDICT_FILE
from core.jobs.spec import Kind
from storage import verdicts
from storage.rows import RunId

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store


def finish(store: "Store", job: "Job", folder: Path) -> None:
    """One verdict a job, however often it is called. The job's subject is the run."""
    if verdicts.of_job(store, job.id) is None:
        document = (folder / VERDICT_FILE).read_text(encoding="utf-8")
        verdicts.add(store, job.owner, job.project, run=RunId(job.subject), job=job.id, document=document)


EVALUATE_KIND = Kind(name="evaluate", main="core.evaluation.job:main", finish=finish)
KINDS: tuple[Kind, ...] = (EVALUATE_KIND,)
