"""Where a project stands: what the assistant looks up before it says anything."""

from dataclasses import dataclass

from core.actions.registry import Context
from storage import datasets, jobs, packages, projects, runs, verdicts
from storage.bulk import splitting
from storage.rows import LIVE, Dataset, Job, JobState, Package, Project, ProjectId, Run, Split, Verdict

TRAIN, EVALUATE, EXPORT, IMPORT = "train", "evaluate", "export", "import"


@dataclass(frozen=True)
class Standing:
    """The newest of each, None while there is none. `live` is the job at work, `lost` the newest run whose process is gone or was stopped."""

    project: Project
    dataset: Dataset | None
    split: Split | None
    run: Run | None
    run_job: Job | None
    verdict: Verdict | None
    package: Package | None
    live: Job | None

    @property
    def trained(self) -> bool:
        """There is a run with weights that were kept."""
        return (
            self.run is not None
            and self.run_job is not None
            and self.run_job.state in (JobState.DONE, JobState.STOPPED)
            and self.run.best_step is not None
        )


def standing(context: Context, project: ProjectId, run: str | None = None) -> Standing | None:
    """None when the actor has no such project. `run` is the one that is open on the screen; without it, the newest."""
    store = context.workshop.store
    found = projects.get(store, context.actor, project)
    if found is None:
        return None
    dataset = next(iter(datasets.of_project(store, project)), None)
    all_runs, all_jobs = runs.of_project(store, project), jobs.of_project(store, project)
    chosen = next((one for one in all_runs if one.id == run), next(iter(all_runs), None))
    live = [job for job in all_jobs if job.state in LIVE and job.kind in (TRAIN, EVALUATE, EXPORT, IMPORT)]
    return Standing(
        project=found,
        dataset=dataset,
        split=splitting.latest_split(store, dataset.id) if dataset else None,
        run=chosen,
        run_job=next((job for job in all_jobs if chosen and job.id == chosen.job), None),
        verdict=verdicts.latest(store, chosen.id) if chosen else None,
        package=packages.latest(store, chosen.id) if chosen else None,
        live=min(live, key=lambda job: (job.kind != TRAIN, job.state is JobState.QUEUED), default=None),
    )
