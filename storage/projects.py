"""Projects, their conversation, and what goes with them when they are deleted."""

from collections.abc import Sequence
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import JobId, Leftovers, OwnerId, Project, ProjectContents, ProjectId, Said
from storage.store import Store
from storage.typed import now

# Tables whose rows name a dataset, a round of labelling, a job, a project.
_OF_DATASETS = (
    "example",
    "change",
    "mark",
    "saved_view",
    "checkup",
    "finding",
    "near",
    "layout",
    "label_round",
    "version",
    "split",
    "model_update",
)
_OF_ROUNDS = ("label_row", "label_given")
_OF_JOBS = ("point", "advice", "artefact", "resource", "queue")
_OF_PROJECT = ("dataset", "run", "verdict", "package", "job", "said", "vote")


def create(store: Store, owner: OwnerId, name: str) -> Project:
    """Names need not differ."""
    id = ProjectId(new_id())
    store.write(lambda connection: connection.execute("INSERT INTO project VALUES (?, ?, ?, NULL, ?)", [id, owner, name, now()]))
    return _one(store, id)


def of_owner(store: Store, owner: OwnerId) -> list[Project]:
    """Newest first."""
    return store.read(Project, "SELECT * FROM project WHERE owner = ? ORDER BY created_at DESC, id", [owner])


def get(store: Store, owner: OwnerId, id: ProjectId) -> Project | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Project, "SELECT * FROM project WHERE id = ? AND owner = ?", [id, owner])), None)


def rename(store: Store, id: ProjectId, name: str) -> Project:
    """Raises RowMissing."""
    store.write(lambda connection: connection.execute("UPDATE project SET name = ? WHERE id = ?", [name, id]))
    return _one(store, id)


def set_task(store: Store, id: ProjectId, task: str | None) -> Project:
    """Raises RowMissing."""
    store.write(lambda connection: connection.execute("UPDATE project SET task = ? WHERE id = ?", [task, id]))
    return _one(store, id)


def contents(store: Store, id: ProjectId) -> ProjectContents:
    """Counts, for the plan of a deletion."""
    sql = """
        SELECT (SELECT count(*) FROM dataset WHERE project = $1) AS datasets,
               (SELECT count(*) FROM example WHERE gone IS NULL AND dataset IN (SELECT id FROM dataset WHERE project = $1)) AS examples,
               (SELECT count(*) FROM version WHERE dataset IN (SELECT id FROM dataset WHERE project = $1)) AS versions,
               (SELECT count(*) FROM split WHERE dataset IN (SELECT id FROM dataset WHERE project = $1)) AS splits,
               (SELECT count(*) FROM run WHERE project = $1) AS runs, (SELECT count(*) FROM verdict WHERE project = $1) AS verdicts,
               (SELECT count(*) FROM package WHERE project = $1) AS packages, (SELECT count(*) FROM job WHERE project = $1) AS jobs,
               (SELECT count(*) FROM said WHERE project = $1) AS lines
    """
    return store.read(ProjectContents, sql, [id])[0]


def delete(store: Store, id: ProjectId) -> Leftovers:
    """Remove it and all rows that belong to it, the edit history too; returns the files that are left without a row. Jobs must have ended."""

    def remove(connection: Connection) -> Leftovers:
        folders = [row[0] for row in connection.execute("SELECT folder FROM job WHERE project = ?", [id]).fetchall()]
        packages = [row[0] for row in connection.execute("SELECT path FROM package WHERE project = ?", [id]).fetchall()]
        for (dataset,) in connection.execute("SELECT id FROM dataset WHERE project = ?", [id]).fetchall():
            delete_dataset_rows(connection, dataset)
        for table in _OF_JOBS:
            connection.execute(f"DELETE FROM {table} WHERE job IN (SELECT id FROM job WHERE project = ?)", [id])
        for table in _OF_PROJECT:
            connection.execute(f"DELETE FROM {table} WHERE project = ?", [id])
        connection.execute("DELETE FROM project WHERE id = ?", [id])
        return Leftovers(tuple(folders), tuple(packages))

    return store.write(remove)


def delete_dataset_rows(connection: Connection, dataset: str) -> None:
    """All that a dataset holds, and the dataset; used inside a write."""
    connection.execute("DELETE FROM split_row WHERE split IN (SELECT id FROM split WHERE dataset = ?)", [dataset])
    for table in _OF_ROUNDS:
        connection.execute(f"DELETE FROM {table} WHERE round IN (SELECT id FROM label_round WHERE dataset = ?)", [dataset])
    for table in _OF_DATASETS:
        connection.execute(f"DELETE FROM {table} WHERE dataset = ?", [dataset])
    connection.execute("DELETE FROM dataset WHERE id = ?", [dataset])


def delete_jobs(connection: Connection, jobs: Sequence[JobId]) -> None:
    """With what their children said; used inside a write."""
    for table, column in (*((table, "job") for table in _OF_JOBS), ("job", "id")):
        connection.execute(f"DELETE FROM {table} WHERE list_contains(?, {column})", [list(jobs)])


def erase_owner(store: Store, owner: OwnerId) -> Leftovers:
    """Remove all that belongs to an owner, uploads too (their files lie in uploads/<id>/, see uploads.of_owner before)."""

    def remove(connection: Connection) -> Leftovers:
        left = [delete(store, project.id) for project in of_owner(store, owner)]
        connection.execute("DELETE FROM upload WHERE owner = ?", [owner])
        return Leftovers(tuple(f for each in left for f in each.run_folders), tuple(p for each in left for p in each.packages))

    return store.write(remove)


def owners_since(store: Store, before: datetime) -> list[OwnerId]:
    """Owners whose every project and upload is older than `before` (with its zone): what a Space erases."""
    sql = """
        SELECT owner FROM (SELECT owner, created_at FROM project UNION ALL SELECT owner, created_at FROM upload)
        GROUP BY owner HAVING max(created_at) < ?
    """
    return [OwnerId(row[0]) for row in store.read(None, sql, [_plain(before)])]


def say(store: Store, project: ProjectId, speaker: str, text: str, plan: str | None = None) -> Said:
    """Add a line to the conversation. Raises RowMissing when the project is gone."""

    def add(connection: Connection) -> int:
        owner = connection.execute("SELECT owner FROM project WHERE id = ?", [project]).fetchall()
        if not owner:
            raise RowMissing("project", project)
        number = int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM said").fetchall()[0][0])
        connection.execute("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?)", [number, owner[0][0], project, speaker, text, plan, now()])
        return number

    number = store.write(add)
    return store.read(Said, "SELECT * FROM said WHERE id = ?", [number])[0]


def said(store: Store, project: ProjectId, after: int = 0) -> list[Said]:
    """Lines with a greater id than `after`, oldest first."""
    return store.read(Said, "SELECT * FROM said WHERE project = ? AND id > ? ORDER BY id", [project, after])


def _one(store: Store, id: ProjectId) -> Project:
    found = store.read(Project, "SELECT * FROM project WHERE id = ?", [id])
    if not found:
        raise RowMissing("project", id)
    return found[0]


def _plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
