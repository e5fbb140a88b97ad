"""Runs: a recipe at work, and its curves."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.ids import new_id
from storage.jobs import put_points
from storage.rows import DatasetId, JobId, OwnerId, Point, ProjectId, Run, RunId, SplitId, VersionId
from storage.store import Store
from storage.typed import now


def create(
    store: Store,
    owner: OwnerId,
    project: ProjectId,
    *,
    dataset: DatasetId,
    version: VersionId,
    split: SplitId,
    job: JobId,
    name: str,
    recipe: str,
    id: RunId | None = None,
) -> Run:
    """`recipe` is TOML. The job's row may come after."""
    id = id or RunId(new_id())
    values = [id, owner, project, dataset, version, split, job, name, recipe, now()]
    store.write(lambda connection: connection.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)", values))
    return store.read(Run, "SELECT * FROM run WHERE id = ?", [id])[0]


def get(store: Store, owner: OwnerId, id: RunId) -> Run | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Run, "SELECT * FROM run WHERE id = ? AND owner = ?", [id, owner])), None)


def of_project(store: Store, project: ProjectId) -> list[Run]:
    """Newest first."""
    return store.read(Run, "SELECT * FROM run WHERE project = ? ORDER BY created_at DESC, id", [project])


def of_job(store: Store, job: JobId) -> Run | None:
    """The run that a job works on."""
    return next(iter(store.read(Run, "SELECT * FROM run WHERE job = ?", [job])), None)


def points_after(store: Store, run: RunId, step: int = -1) -> list[Point]:
    """Oldest first. A step logged twice (after a resume) keeps its last value: (run, name, step) is the key."""
    sql = "SELECT step, name, value FROM point WHERE job = (SELECT job FROM run WHERE id = ?) AND step > ? ORDER BY step, name"
    return store.read(Point, sql, [run, step])


def add_points(store: Store, run: RunId, points: Sequence[Point]) -> None:
    """For values that come from elsewhere than a job's events. Raises RowMissing."""

    def add(connection: Connection) -> None:
        job = connection.execute("SELECT job FROM run WHERE id = ?", [run]).fetchall()
        if not job:
            raise RowMissing("run", run)
        put_points(connection, job[0][0], points)

    store.write(add)


def set_best(store: Store, run: RunId, step: int, loss: float) -> None:
    """The step whose weights are kept."""
    store.write(lambda connection: connection.execute("UPDATE run SET best_step = ?, best_loss = ? WHERE id = ?", [step, loss, run]))


def rename(store: Store, run: RunId, name: str) -> None:
    store.write(lambda connection: connection.execute("UPDATE run SET name = ? WHERE id = ?", [name, run]))
