"""Models that are brought up to date: a row each, which says how far its chain of jobs is."""

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import DatasetId, JobId, ModelUpdate, OwnerId, ProjectId, RunId, UpdateId, UpdateStage
from storage.store import Store
from storage.typed import now, rows_of


def create(store: Store, owner: OwnerId, project: ProjectId, *, dataset: DatasetId, run: RunId, file: str, told: str) -> ModelUpdate:
    """At its first stage, with no job yet. What the dataset gets from now on counts as the file's rows. Raises RowMissing."""

    def put(connection: Connection) -> ModelUpdate:
        found = connection.execute("SELECT last_position FROM dataset WHERE id = ?", [dataset]).fetchall()
        if not found:
            raise RowMissing("dataset", dataset)
        id, moment = UpdateId(new_id()), now()
        values = [id, owner, project, dataset, run, None, UpdateStage.READ.value, None, file, found[0][0] + 1, told, None, moment, moment]
        connection.execute(f"INSERT INTO model_update VALUES ({', '.join('?' * len(values))})", values)
        return _one(connection, id)

    return store.write(put)


def get(store: Store, owner: OwnerId, id: UpdateId) -> ModelUpdate | None:
    """None also when it is another owner's."""
    return next(iter(store.read(ModelUpdate, "SELECT * FROM model_update WHERE id = ? AND owner = ?", [id, owner])), None)


def of_project(store: Store, project: ProjectId) -> list[ModelUpdate]:
    """Newest first."""
    return store.read(ModelUpdate, "SELECT * FROM model_update WHERE project = ? ORDER BY created_at DESC, id", [project])


def of_job(store: Store, job: JobId) -> ModelUpdate | None:
    """The one whose stage this job is."""
    return next(iter(store.read(ModelUpdate, "SELECT * FROM model_update WHERE job = ?", [job])), None)


def going_on(store: Store) -> list[ModelUpdate]:
    """Of every owner: those that are not done, oldest first."""
    return store.read(ModelUpdate, "SELECT * FROM model_update WHERE stage <> 'done' ORDER BY created_at, id")


def begin_stage(store: Store, id: UpdateId, stage: UpdateStage, told: str | None = None) -> ModelUpdate:
    """Its job is not asked for yet; no error stands any more. `told` replaces what was known. Raises RowMissing."""
    sql = "UPDATE model_update SET stage = ?, stage_at = ?, job = NULL, error = NULL, told = coalesce(?, told) WHERE id = ?"
    return _changed(store, id, sql, [stage.value, now(), told, id])


def set_job(store: Store, id: UpdateId, job: JobId, new_run: RunId | None = None) -> ModelUpdate:
    """The job of its stage, and the training that it began; no error stands any more. Raises RowMissing."""
    return _changed(store, id, "UPDATE model_update SET job = ?, new_run = coalesce(?, new_run), error = NULL WHERE id = ?", [job, new_run, id])


def set_error(store: Store, id: UpdateId, error: str) -> ModelUpdate:
    """What keeps it from going on, an error as JSON. Raises RowMissing."""
    return _changed(store, id, "UPDATE model_update SET error = ? WHERE id = ?", [error, id])


def _changed(store: Store, id: UpdateId, sql: str, values: list[object]) -> ModelUpdate:
    def change(connection: Connection) -> ModelUpdate:
        connection.execute(sql, values)
        return _one(connection, id)

    return store.write(change)


def _one(connection: Connection, id: UpdateId) -> ModelUpdate:
    found = rows_of(ModelUpdate, connection.execute("SELECT * FROM model_update WHERE id = ?", [id]))
    if not found:
        raise RowMissing("update", id)
    return found[0]
