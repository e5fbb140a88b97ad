"""What the tests of a search arrange: a run folder with a search's settings, and the job run in it without a supervisor."""

from pathlib import Path
from typing import Any

from core.jobs.handle import ChildJob
from core.jobs.spec import JobSpec
from core.models.reference import ModelReference
from core.search.ranges import Range
from core.search.record import Record, SearchSettings
from core.training.recipe import Recipe
from tests.unit.training_bench import job_in, recipe, run_folder

RATES = Range(name="learning_rate", low=1e-4, high=1e-2, log=True)
BATCHES = Range(name="per_device_train_batch_size", low=4, high=16, whole=True, among=(4, 8, 16))


def short_recipe(**changes: Any) -> Recipe:
    return recipe(**{"num_train_epochs": 3, "evaluations": 9, **changes})


def search_folder(folder: Path, base: ModelReference, chosen: Recipe, *, ranges: tuple[Range, ...] = (RATES, BATCHES), **given: Any) -> Path:
    """As the supervisor leaves it to the child."""
    run_folder(folder, base, chosen, given.pop("data", None))
    settings = SearchSettings(recipe=chosen, base=base, ranges=ranges, **{"trials": 5, **given})
    spec = JobSpec.of(folder).model_copy(update={"kind": "search", "main": "core.search.job:main", "settings": settings.model_dump(mode="json")})
    spec.save(folder)
    return folder


class StopsAfter(ChildJob):
    """A stop comes once so many trials stand in the record."""

    trials = 2

    def stop_requested(self) -> bool:
        return len(Record.of(self.folder).ended) >= self.trials


def searched(folder: Path) -> Record:
    """Run the search to its end."""
    from core.search.job import main

    job = job_in(folder)
    main(job)
    job.close()
    return Record.of(folder)
