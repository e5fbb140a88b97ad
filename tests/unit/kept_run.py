"""A run as a training leaves it, without training."""

from collections.abc import Callable
from pathlib import Path

from core.actions.registry import Context
from core.jobs.handle import SPEC_FILE
from core.jobs.spec import JobSpec
from core.models.reference import ModelReference
from core.training.recipe import Recipe
from core.training.settings import TrainSettings
from storage import jobs, runs
from storage.ids import new_id
from storage.rows import Dataset, JobId, JobState, Run, Split


def kept_run(
    context: Context,
    dataset: Dataset,
    split: Split,
    recipe: Recipe,
    base: ModelReference,
    keep: Callable[[Path], object] | None,
    *,
    name: str = "Quick 1",
) -> Run:
    """Its job has ended well. `keep` writes the model into the folder that it is given, which is not there yet; None: no model was kept."""
    store, job = context.workshop.store, JobId(new_id())
    folder = context.workshop.home.runs / job
    folder.mkdir()
    if keep is not None:
        keep(folder / "model")
    settings = TrainSettings(name=name, recipe=recipe, base=base).model_dump(mode="json")
    spec = JobSpec(id=job, kind="train", main="core.training.job:main", settings=settings)
    (folder / SPEC_FILE).write_text(spec.model_dump_json(), encoding="utf-8")
    made = runs.create(
        store, context.actor, dataset.project, dataset=dataset.id, version=split.version, split=split.id, job=job, name=name, recipe=recipe.to_toml()
    )
    jobs.create(store, context.actor, dataset.project, "train", folder=str(folder), subject=made.id, id=job)
    jobs.set_state(store, job, JobState.DONE)
    return made
