"""What the jobs of a dataset left in their run folders, and how it goes with the dataset."""

from dataclasses import dataclass
from pathlib import Path

from core.actions.project import remove_within
from core.actions.registry import Context
from core.data.doctor.kind import CHECKUP_KIND
from core.errors import UserError
from core.evaluation.kind import EVALUATE_KIND
from core.evaluation.settings import ANSWERS_FILE
from core.export.kind import EXPORT
from core.search.kind import SEARCH_KIND
from core.training.kind import PROBE_KIND, TRAIN_KIND
from storage import jobs
from storage.rows import LIVE, Dataset, Job

# Their folders stay, with the model, the curves, the verdict; all other jobs of a dataset have nothing that outlives it.
_STAY = frozenset({TRAIN_KIND.name, EVALUATE_KIND.name, EXPORT, SEARCH_KIND.name, PROBE_KIND.name})


class DatasetBusy(UserError):
    """A job reads its rows, or brings more."""

    sentence = "A job is still at work with '{dataset}'. Stop it or wait for it, then delete. Nothing was changed."
    status = 409

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


@dataclass(frozen=True)
class DatasetFiles:
    """`jobs` go whole, with their folders (`whole`); `copies` are files of rows in the folders of others."""

    jobs: tuple[Job, ...]
    whole: tuple[Path, ...]
    copies: tuple[Path, ...]


def files_of(context: Context, dataset: Dataset) -> DatasetFiles:
    store = context.workshop.store
    known = jobs.of_dataset(store, dataset.id)
    going = tuple(job for job in known if job.kind not in _STAY)
    staying = [*(job for job in known if job.kind in _STAY), *jobs.of_project(store, dataset.project, PROBE_KIND.name)]
    copies = [file for job in staying for file in sorted(Path(job.folder).rglob("*.parquet")) if file.name != ANSWERS_FILE]
    return DatasetFiles(going, tuple(Path(job.folder) for job in going if Path(job.folder).is_dir()), tuple(dict.fromkeys(copies)))


def settle(context: Context, dataset: Dataset) -> None:
    """Nothing is at work with it afterwards: a check-up, which began by itself, is stopped. Raises DatasetBusy."""
    store, supervisor = context.workshop.store, context.workshop.supervisor
    live = [job for job in jobs.of_dataset(store, dataset.id) if job.state in LIVE]
    live += [job for job in jobs.of_project(store, dataset.project, PROBE_KIND.name) if job.state in LIVE]
    if any(job.kind != CHECKUP_KIND.name for job in live):
        raise DatasetBusy(dataset=dataset.name)
    for job in live:
        supervisor.stop(job.id)
    if any(supervisor.wait(job.id, CHECKUP_KIND.stop_grace_s + 5).state in LIVE for job in live):
        raise DatasetBusy(dataset=dataset.name)


def remove(context: Context, files: DatasetFiles) -> None:
    runs = context.workshop.home.runs
    for path in (*files.whole, *files.copies):
        remove_within(path, runs)
