"""Packages: exported models, their files and their checks."""

from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import JobId, OwnerId, Package, PackageId, ProjectId, RunId
from storage.store import Store
from storage.typed import now


def add(
    store: Store,
    owner: OwnerId,
    project: ProjectId,
    *,
    run: RunId,
    job: JobId,
    name: str,
    precision: str,
    state: str,
    path: str,
    size_bytes: int,
    sha256: str,
    certificate: str,
    id: PackageId | None = None,
) -> Package:
    """`state` is green, amber or red; `path` is the zip; `certificate` is JSON."""
    id = id or PackageId(new_id())
    values = [id, owner, project, run, job, name, precision, state, path, size_bytes, sha256, certificate, now()]
    store.write(lambda connection: connection.execute("INSERT INTO package VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values))
    return store.read(Package, "SELECT * FROM package WHERE id = ?", [id])[0]


def get(store: Store, owner: OwnerId, id: PackageId) -> Package | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Package, "SELECT * FROM package WHERE id = ? AND owner = ?", [id, owner])), None)


def of_project(store: Store, project: ProjectId) -> list[Package]:
    """Newest first."""
    return store.read(Package, "SELECT * FROM package WHERE project = ? ORDER BY created_at DESC, id", [project])


def of_job(store: Store, job: JobId) -> Package | None:
    """The package that a job brought, so that a job finished twice adds one."""
    return next(iter(store.read(Package, "SELECT * FROM package WHERE job = ?", [job])), None)


def latest(store: Store, run: RunId) -> Package | None:
    """Of a run."""
    return next(iter(store.read(Package, "SELECT * FROM package WHERE run = ? ORDER BY created_at DESC LIMIT 1", [run])), None)


def mark(store: Store, id: PackageId, state: str) -> Package:
    """Raises RowMissing."""
    store.write(lambda connection: connection.execute("UPDATE package SET state = ? WHERE id = ?", [state, id]))
    found = store.read(Package, "SELECT * FROM package WHERE id = ?", [id])
    if not found:
        raise RowMissing("package", id)
    return found[0]


def delete(store: Store, id: PackageId) -> None:
    """The row; the caller removes the file."""
    store.write(lambda connection: connection.execute("DELETE FROM package WHERE id = ?", [id]))
