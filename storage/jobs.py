"""Jobs and what their children said. What an event says and how far the events were read commit together."""

from collections.abc import Collection, Sequence

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import (
    LIVE,
    BestPoint,
    DatasetId,
    Job,
    JobAdvice,
    JobArtefact,
    JobId,
    JobProgress,
    JobResource,
    JobState,
    OwnerId,
    Point,
    ProjectId,
    RunId,
)
from storage.store import Store
from storage.typed import now, rows_of

_LIVE = ", ".join(f"'{state.value}'" for state in sorted(LIVE))


def create(store: Store, owner: OwnerId, project: ProjectId, kind: str, *, folder: str, subject: str, id: JobId | None = None) -> Job:
    """Queued. `subject` says what it works on (an id)."""
    id = id or JobId(new_id())
    sql = "INSERT INTO job (id, owner, project, kind, state, folder, subject, events_offset, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)"
    values = [id, owner, project, kind, JobState.QUEUED.value, folder, subject, now()]
    store.write(lambda connection: connection.execute(sql, values))
    return find(store, id)


def get(store: Store, owner: OwnerId, id: JobId) -> Job | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Job, "SELECT * FROM job WHERE id = ? AND owner = ?", [id, owner])), None)


def find(store: Store, id: JobId) -> Job:
    """For the supervisor, which works for every owner. Raises RowMissing."""
    found = store.read(Job, "SELECT * FROM job WHERE id = ?", [id])
    if not found:
        raise RowMissing("job", id)
    return found[0]


def of_project(store: Store, project: ProjectId, kind: str | None = None) -> list[Job]:
    """Newest first."""
    return store.read(Job, "SELECT * FROM job WHERE project = ? AND (kind = ? OR ? IS NULL) ORDER BY created_at DESC, id", [project, kind, kind])


def of_dataset(store: Store, dataset: DatasetId) -> list[Job]:
    """Those whose subject is the dataset, a version of it, a run on it or an update of one. Newest first."""
    sql = """
        SELECT * FROM job WHERE subject = $1 OR subject IN (SELECT id FROM version WHERE dataset = $1) OR subject IN (SELECT id FROM run WHERE dataset = $1)
            OR subject IN (SELECT id FROM model_update WHERE dataset = $1) ORDER BY created_at DESC, id
    """
    return store.read(Job, sql, [dataset])


def of_owner(store: Store, owner: OwnerId, states: Collection[JobState]) -> list[Job]:
    """Of all projects, in these states, oldest first."""
    wanted = [state.value for state in states]
    return store.read(Job, "SELECT * FROM job WHERE owner = ? AND list_contains(?, state) ORDER BY created_at, id", [owner, wanted])


def live(store: Store) -> list[Job]:
    """Of every owner: queued, running and stopping ones, oldest first."""
    return store.read(Job, f"SELECT * FROM job WHERE state IN ({_LIVE}) ORDER BY created_at, id")


def set_state(store: Store, id: JobId, state: JobState, *, error: str | None = None) -> Job:
    """Times follow the state: running starts it, an end ends it, and a job that lives again (a resume) has no end and no error. Raises RowMissing."""
    return store.write(lambda connection: _set_state(connection, id, state, error))


def take(
    store: Store,
    id: JobId,
    *,
    offset: int,
    state: JobState | None = None,
    error: str | None = None,
    progress: JobProgress | None = None,
    best: BestPoint | None = None,
    points: Sequence[Point] = (),
    advice: Sequence[JobAdvice] = (),
    artefacts: Sequence[JobArtefact] = (),
    resources: Sequence[JobResource] = (),
) -> bool:
    """Take in what the events up to byte `offset` say; False when they were taken before (then nothing changes). Raises RowMissing.

    An end may be said at an offset that was reached already, since a kind finishes after its last event was read.
    """

    def take_in(connection: Connection) -> bool:
        reached = connection.execute("SELECT events_offset FROM job WHERE id = ?", [id]).fetchall()
        if not reached:
            raise RowMissing("job", id)
        if offset < reached[0][0] or (offset == reached[0][0] and state is None):
            return False
        connection.execute("UPDATE job SET events_offset = ? WHERE id = ?", [offset, id])
        if progress is not None:
            sql = "UPDATE job SET progress = ?, message = ?, seconds_left = ? WHERE id = ?"
            connection.execute(sql, [progress.share, progress.message, progress.seconds_left, id])
        put_points(connection, id, points)
        if best is not None:
            connection.execute("UPDATE run SET best_step = ?, best_loss = ? WHERE job = ?", [best.step, best.value, id])
        _put_rest(connection, id, advice, artefacts, resources)
        if state is not None:
            _set_state(connection, id, state, error)
        return True

    return store.write(take_in)


def offset(store: Store, id: JobId) -> int:
    """How many bytes of its events are in the store."""
    found = store.read(None, "SELECT events_offset FROM job WHERE id = ?", [id])
    return int(found[0][0]) if found else 0


def advice(store: Store, run: RunId) -> list[JobAdvice]:
    """What the coach said of a run, oldest first."""
    return store.read(JobAdvice, "SELECT * FROM advice WHERE job = (SELECT job FROM run WHERE id = ?) ORDER BY step, key", [run])


def artefacts(store: Store, id: JobId) -> list[JobArtefact]:
    """What a job announced."""
    return store.read(JobArtefact, "SELECT * FROM artefact WHERE job = ? ORDER BY name, path", [id])


def latest_resource(store: Store, id: JobId) -> JobResource | None:
    """The last sample."""
    return next(iter(store.read(JobResource, 'SELECT * FROM resource WHERE job = ? ORDER BY "at" DESC LIMIT 1', [id])), None)


def put_points(connection: Connection, job: JobId, points: Sequence[Point]) -> None:
    """Used inside a write. The last value of a (name, step) stays."""
    latest = {(point.name, point.step): point.value for point in points}
    if latest:
        names, steps, values = [k[0] for k in latest], [k[1] for k in latest], list(latest.values())
        sql = """
            INSERT INTO point SELECT ?, unnest(?::VARCHAR[]), unnest(?::BIGINT[]), unnest(?::DOUBLE[])
            ON CONFLICT (job, name, step) DO UPDATE SET value = excluded.value
        """
        connection.execute(sql, [job, names, steps, values])


def _put_rest(
    connection: Connection, id: JobId, advice: Sequence[JobAdvice], artefacts: Sequence[JobArtefact], resources: Sequence[JobResource]
) -> None:
    for said in advice:
        connection.execute("INSERT OR REPLACE INTO advice VALUES (?, ?, ?, ?, ?)", [id, said.step, said.key, said.english, said.facts])
    for file in artefacts:
        connection.execute("INSERT OR REPLACE INTO artefact VALUES (?, ?, ?, ?, ?)", [id, file.name, file.path, file.sha256, file.size_bytes])
    for sample in resources[-1:]:  # one a batch is enough for a chart
        connection.execute("INSERT INTO resource VALUES (?, ?, ?, ?)", [id, sample.rss_bytes, sample.cpu_seconds, now()])


def _set_state(connection: Connection, id: JobId, state: JobState, error: str | None) -> Job:
    if state is JobState.RUNNING:
        times, values = "started_at = coalesce(started_at, ?), ended_at = NULL", [now()]
    elif state in LIVE:
        times, values = "ended_at = NULL", []
    else:
        times, values = "ended_at = ?", [now()]
    connection.execute(f"UPDATE job SET state = ?, error = ?, {times} WHERE id = ?", [state.value, error, *values, id])
    found = rows_of(Job, connection.execute("SELECT * FROM job WHERE id = ?", [id]))
    if not found:
        raise RowMissing("job", id)
    return found[0]
