"""What the tests of archives arrange: a project that holds something of everything."""

from storage import datasets, jobs, packages, projects, runs, verdicts
from storage.bulk.splitting import freeze_split, freeze_version
from storage.files import sha256_of
from storage.ids import new_id
from storage.rows import LOCAL_OWNER, JobArtefact, JobState, OwnerId, Point
from storage.store import Store
from tests.unit.store_rows import filled, first_example, messages, support_rows

OTHER = OwnerId("other")


def whole_project(store: Store):
    """With every kind of row, an edited row, a run folder and a package."""
    home = store.path.parent
    project, dataset = filled(store, support_rows(60), sealed=[("Sealed?", "label 0")])
    first = freeze_version(store, dataset)
    split = freeze_split(store, first.id, "{}", seed=0, validation_share=0.1, test_share=0.1)
    datasets.edit(store, LOCAL_OWNER, first_example(store, dataset), messages("Changed?", "label 9"))
    freeze_version(store, dataset)
    job_id, package_id = new_id(), new_id()
    folder = home / "runs" / job_id
    (folder / "model").mkdir(parents=True)
    (folder / "checkpoints").mkdir()
    (folder / "model" / "weights.bin").write_bytes(b"weights")
    (folder / "checkpoints" / "big.bin").write_bytes(b"left behind")
    job = jobs.create(store, LOCAL_OWNER, project.id, "train", folder=str(folder), subject=dataset, id=job_id)
    run = runs.create(store, LOCAL_OWNER, project.id, dataset=dataset, version=first.id, split=split.id, job=job.id, name="Run", recipe="")
    jobs.take(
        store, job.id, offset=9, state=JobState.RUNNING, points=[Point(1, "loss", 2.0)], artefacts=[JobArtefact("m", "model/weights.bin", "00", 7)]
    )
    verdicts.add(store, LOCAL_OWNER, project.id, run=run.id, job=job.id, document='{"a": 1}')
    (home / "packages").mkdir()
    path = home / "packages" / f"{package_id}.zip"
    path.write_bytes(b"package")
    packages.add(
        store,
        LOCAL_OWNER,
        project.id,
        run=run.id,
        job=job.id,
        name="n",
        precision="int4",
        state="green",
        path=str(path),
        size_bytes=7,
        sha256=sha256_of(path),
        certificate="{}",
        id=package_id,
    )
    projects.say(store, project.id, "you", "hello")
    return project, dataset
