"""Arranges trainings with curves of their own, without training anything."""

from core.actions.registry import Context, perform
from core.training.recipe import Recipe
from storage import jobs, runs
from storage.rows import LOCAL_OWNER, DatasetId, JobState, Point, SplitId, VersionId


def run_with(workshop, project, name, losses, split="s", **changes):
    """A run that has ended, with a validation loss every ten steps."""
    folder = workshop.home.runs / f"{project}-{name.strip('=')}"
    folder.mkdir()
    job = jobs.create(workshop.store, LOCAL_OWNER, project, "train", folder=str(folder), subject="x")
    text = Recipe(task="classification", **changes).to_toml()
    run = runs.create(
        workshop.store, LOCAL_OWNER, project, dataset=DatasetId("d"), version=VersionId("v"), split=SplitId(split), job=job.id, name=name, recipe=text
    )
    points = [Point(10 * at, "eval_loss", loss) for at, loss in enumerate(losses, 1)]
    runs.add_points(workshop.store, run.id, [*points, Point(1, "loss", 3.0), Point(0, "fact.steps", 40.0)])
    jobs.set_state(workshop.store, job.id, JobState.RUNNING)
    jobs.set_state(workshop.store, job.id, JobState.DONE)
    return run, folder


def project_in(workshop):
    context = Context(workshop, LOCAL_OWNER)
    return context, perform(context, "create-project", {"name": "Curves"}).id
