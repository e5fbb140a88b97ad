"""Deleting a dataset takes the copies of its rows with it, and says what stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actions.dataset_files import DatasetBusy
from core.actions.registry import Context
from core.home import Home
from core.workshop import Workshop
from storage import datasets, jobs, runs
from storage.bulk.splitting import freeze_split
from storage.bulk.versions import freeze_version
from storage.rows import LOCAL_OWNER, JobState, ProjectId
from tests.agreeing import agreed
from tests.unit.store_rows import filled, support_rows


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path / "home"), kinds=()) as workshop:
        yield Context(workshop, LOCAL_OWNER)


def left_by(context: Context, project: ProjectId, kind: str, subject: str, *files: str, state: JobState = JobState.DONE) -> Path:
    """The run folder of a job, with these files in it."""
    store, folder = context.workshop.store, context.workshop.home.runs / f"{kind}-{subject}"
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("the rows")
    job = jobs.create(store, LOCAL_OWNER, project, kind, folder=str(folder), subject=subject)
    jobs.set_state(store, job.id, state)
    return folder


def remaining(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_folders_of_its_jobs_go_models_stay_and_their_copies_of_rows_go(context: Context) -> None:
    store = context.workshop.store
    project, dataset = filled(store, support_rows(20))
    _, other = filled(store, support_rows(20))
    version = freeze_version(store, dataset)
    split = freeze_split(store, version.id, "{}", seed=0, validation_share=0.1, test_share=0.1)
    run = runs.create(
        store, LOCAL_OWNER, project.id, dataset=dataset, version=version.id, split=split.id, job=jobs.JobId("x"), name="First", recipe=""
    )
    going = [
        left_by(context, project.id, "import", dataset, "rows.parquet", "upload-x", "bad_rows.csv"),
        left_by(context, project.id, "checkup", dataset, "rows.parquet", "findings.parquet", "own_cases.json"),
        left_by(context, project.id, "suggest", dataset, "sample.parquet"),
        left_by(context, project.id, "export-data", version.id, "export.zip"),
    ]
    trained = left_by(context, project.id, "train", run.id, "rows.parquet", "model/model.safetensors", "events.jsonl")
    evaluated = left_by(context, project.id, "evaluate", run.id, "rows.parquet", "answers.parquet", "verdict.json")
    measured = left_by(context, project.id, "probe", "a fingerprint", "rows.parquet", "probe.json")
    kept = left_by(context, project.id, "import", other, "rows.parquet")
    plan, _ = agreed(context, "delete-dataset", {"dataset": dataset})
    assert {said.key: said.facts.get("count") for said in plan.goes} == {
        "delete_data.rows": 20, "delete_data.kept": None, "delete_data.jobs": 4, "delete_data.copies": 3,
    }  # fmt: skip
    assert not any(folder.exists() for folder in going)
    assert remaining(trained) == {"model/model.safetensors", "events.jsonl"}
    assert remaining(evaluated) == {"answers.parquet", "verdict.json"}
    assert remaining(measured) == {"probe.json"}
    assert remaining(kept) == {"rows.parquet"}
    assert [job.kind for job in jobs.of_project(store, project.id) if job.subject == dataset] == []
    assert [job.subject for job in jobs.of_project(store, project.id, "train")] == [run.id]


def test_it_is_not_deleted_under_a_job_that_is_at_work_with_it(context: Context) -> None:
    store = context.workshop.store
    project, dataset = filled(store, support_rows(5))
    folder = left_by(context, project.id, "import", dataset, "rows.parquet", state=JobState.RUNNING)
    with pytest.raises(DatasetBusy):
        agreed(context, "delete-dataset", {"dataset": dataset})
    assert remaining(folder) == {"rows.parquet"}
    assert datasets.get(store, LOCAL_OWNER, dataset) is not None
