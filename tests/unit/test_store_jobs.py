"""Jobs, runs, points, verdicts, packages, votes, the conversation, uploads."""

import math

import pytest

from storage import jobs, packages, projects, runs, uploads, verdicts
from storage.errors import RowMissing
from storage.rows import (
    LOCAL_OWNER,
    BestPoint,
    DatasetId,
    JobAdvice,
    JobArtefact,
    JobProgress,
    JobResource,
    JobState,
    OwnerId,
    Point,
    SplitId,
    VersionId,
)
from tests.unit.store_rows import open_store

STRANGER = OwnerId("stranger")


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


def training(store):
    project = projects.create(store, LOCAL_OWNER, "P")
    job = jobs.create(store, LOCAL_OWNER, project.id, "train", folder=str(store.path.parent / "runs" / "x"), subject="x")
    run = runs.create(
        store, LOCAL_OWNER, project.id, dataset=DatasetId("d"), version=VersionId("v"), split=SplitId("s"), job=job.id, name="Run 1", recipe="a = 1"
    )
    return project, job, run


def test_events_and_the_offset_reached_are_kept_together(store):
    _, job, run = training(store)
    taken = jobs.take(
        store,
        job.id,
        offset=100,
        points=[Point(1, "loss", 2.0), Point(1, "eval_loss", math.nan), Point(2, "loss", math.inf)],
        state=JobState.RUNNING,
        progress=JobProgress(0.5, "training", 10.0),
        best=BestPoint(1, 0.3),
        advice=[JobAdvice(1, "rising", "It rises.", "{}")],
        artefacts=[JobArtefact("rows", "rows.parquet", "00", 3)],
        resources=[JobResource(10, 1.0), JobResource(20, 2.0)],
    )
    assert taken
    assert jobs.offset(store, job.id) == 100
    running = jobs.get(store, LOCAL_OWNER, job.id)
    assert (running.state, running.progress, running.message, running.seconds_left) == (JobState.RUNNING, 0.5, "training", 10.0)
    assert running.started_at is not None
    points = runs.points_after(store, run.id)
    assert [(point.step, point.name) for point in points] == [(1, "eval_loss"), (1, "loss"), (2, "loss")]
    assert math.isnan(points[0].value)
    assert math.isinf(points[2].value)
    assert (runs.get(store, LOCAL_OWNER, run.id).best_step, runs.get(store, LOCAL_OWNER, run.id).best_loss) == (1, 0.3)
    assert jobs.advice(store, run.id)[0].english == "It rises."
    assert jobs.artefacts(store, job.id)[0].path == "rows.parquet"
    assert jobs.latest_resource(store, job.id).rss_bytes == 20


def test_reading_events_twice_changes_nothing(store):
    _, job, run = training(store)
    assert jobs.take(store, job.id, offset=100, points=[Point(1, "loss", 2.0)])
    assert not jobs.take(store, job.id, offset=100, points=[Point(1, "loss", 9.0), Point(2, "loss", 9.0)])
    assert not jobs.take(store, job.id, offset=50, state=JobState.FAILED)
    assert runs.points_after(store, run.id) == [Point(1, "loss", 2.0)]


def test_an_end_may_be_said_at_an_offset_that_was_reached(store):
    _, job, _ = training(store)
    jobs.take(store, job.id, offset=100)
    assert jobs.take(store, job.id, offset=100, state=JobState.DONE)
    assert jobs.find(store, job.id).state is JobState.DONE


def test_a_step_that_is_logged_twice_keeps_its_last_value(store):
    _, job, run = training(store)
    jobs.take(store, job.id, offset=1, points=[Point(1, "loss", 2.0), Point(2, "loss", 3.0)])
    jobs.take(store, job.id, offset=2, points=[Point(2, "loss", 1.0), Point(2, "loss", 0.5), Point(3, "loss", 0.1)])
    assert runs.points_after(store, run.id) == [Point(1, "loss", 2.0), Point(2, "loss", 0.5), Point(3, "loss", 0.1)]
    assert runs.points_after(store, run.id, step=2) == [Point(3, "loss", 0.1)]
    runs.add_points(store, run.id, [Point(3, "loss", 0.2)])
    assert runs.points_after(store, run.id, step=2) == [Point(3, "loss", 0.2)]


def test_times_follow_the_state_of_a_job(store):
    _, job, _ = training(store)
    assert (job.state, job.started_at, job.ended_at) == (JobState.QUEUED, None, None)
    running = jobs.set_state(store, job.id, JobState.RUNNING)
    assert running.ended_at is None
    failed = jobs.set_state(store, job.id, JobState.FAILED, error='{"error": "X"}')
    assert (failed.error, failed.started_at) == ('{"error": "X"}', running.started_at)
    assert failed.ended_at >= failed.started_at
    again = jobs.set_state(store, job.id, JobState.QUEUED)
    assert (again.error, again.ended_at) == (None, None)
    with pytest.raises(RowMissing):
        jobs.set_state(store, "nowhere", JobState.DONE)
    with pytest.raises(RowMissing):
        jobs.take(store, "nowhere", offset=1)


def test_only_jobs_that_may_still_change_are_live(store):
    project, first, _ = training(store)
    others = [jobs.create(store, STRANGER, project.id, "import", folder="f", subject="s") for _ in JobState]
    for job, state in zip(others, JobState, strict=True):
        jobs.set_state(store, job.id, state)
    assert [job.state for job in jobs.live(store)] == [JobState.QUEUED, JobState.QUEUED, JobState.RUNNING, JobState.STOPPING, JobState.PAUSING]
    assert jobs.get(store, STRANGER, first.id) is None
    assert [job.id for job in jobs.of_project(store, project.id, "train")] == [first.id]


def test_verdicts_packages_and_votes_are_found_by_owner_run_and_job(store):
    project, job, run = training(store)
    verdict = verdicts.add(store, LOCAL_OWNER, project.id, run=run.id, job=job.id, document="{}")
    package = packages.add(
        store,
        LOCAL_OWNER,
        project.id,
        run=run.id,
        job=job.id,
        name="n",
        precision="int4",
        state="green",
        path="p",
        size_bytes=1,
        sha256="00",
        certificate="{}",
    )
    assert verdicts.get(store, LOCAL_OWNER, verdict.id) == verdicts.latest(store, run.id) == verdicts.of_job(store, job.id) == verdict
    assert packages.get(store, LOCAL_OWNER, package.id) == packages.latest(store, run.id) == packages.of_job(store, job.id) == package
    assert verdicts.get(store, STRANGER, verdict.id) is None
    assert packages.get(store, STRANGER, package.id) is None
    assert runs.get(store, STRANGER, run.id) is None
    assert runs.of_job(store, job.id) == run
    assert packages.mark(store, package.id, "red").state == "red"
    vote = verdicts.vote(store, LOCAL_OWNER, project.id, question="q", left=("base", "a"), right=("tuned", "b"), chosen="right", blind=True)
    assert verdicts.votes(store, project.id) == [vote]
    left = projects.delete(store, project.id)
    assert (left.run_folders, left.packages) == ((job.folder,), ("p",))
    assert store.read(None, "SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM vote) + (SELECT count(*) FROM package)") == [(0,)]


def test_the_conversation_is_read_on_from_where_one_was(store):
    project, _, _ = training(store)
    first = projects.say(store, project.id, "you", "hello")
    second = projects.say(store, project.id, "bottega", "I propose:", plan="{}")
    assert projects.said(store, project.id) == [first, second]
    assert projects.said(store, project.id, after=first.id) == [second]
    with pytest.raises(RowMissing):
        projects.say(store, "nowhere", "you", "hello")


def test_an_upload_belongs_to_its_owner(store):
    upload = uploads.add(store, LOCAL_OWNER, "rows.csv", 3, "00")
    assert uploads.get(store, LOCAL_OWNER, upload.id) == upload
    assert uploads.get(store, STRANGER, upload.id) is None
    uploads.delete(store, upload.id)
    assert uploads.of_owner(store, LOCAL_OWNER) == []


def test_a_projects_name_and_task_change(store):
    project, _, _ = training(store)
    assert projects.rename(store, project.id, "'; DROP TABLE project; --").name == "'; DROP TABLE project; --"
    assert projects.set_task(store, project.id, "classification").task == "classification"
    with pytest.raises(RowMissing):
        projects.rename(store, "nowhere", "x")
