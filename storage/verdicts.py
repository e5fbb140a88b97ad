"""Verdicts (what an evaluation found) and votes (what a person preferred of two answers)."""

from storage.ids import new_id
from storage.rows import JobId, OwnerId, ProjectId, RunId, Verdict, VerdictId, Vote, VoteId
from storage.store import Store
from storage.typed import now


def add(store: Store, owner: OwnerId, project: ProjectId, *, run: RunId, job: JobId, document: str, id: VerdictId | None = None) -> Verdict:
    """`document` is a VerdictDocument as JSON."""
    id = id or VerdictId(new_id())
    values = [id, owner, project, run, job, document, now()]
    store.write(lambda connection: connection.execute("INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?)", values))
    return store.read(Verdict, "SELECT * FROM verdict WHERE id = ?", [id])[0]


def get(store: Store, owner: OwnerId, id: VerdictId) -> Verdict | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Verdict, "SELECT * FROM verdict WHERE id = ? AND owner = ?", [id, owner])), None)


def of_project(store: Store, project: ProjectId) -> list[Verdict]:
    """Newest first."""
    return store.read(Verdict, "SELECT * FROM verdict WHERE project = ? ORDER BY created_at DESC, id", [project])


def of_job(store: Store, job: JobId) -> Verdict | None:
    """The verdict that a job brought, so that a job finished twice adds one."""
    return next(iter(store.read(Verdict, "SELECT * FROM verdict WHERE job = ?", [job])), None)


def latest(store: Store, run: RunId) -> Verdict | None:
    """Of a run."""
    return next(iter(store.read(Verdict, "SELECT * FROM verdict WHERE run = ? ORDER BY created_at DESC LIMIT 1", [run])), None)


def vote(
    store: Store,
    owner: OwnerId,
    project: ProjectId,
    *,
    question: str,
    left: tuple[str, str],
    right: tuple[str, str],
    chosen: str,
    blind: bool,
) -> Vote:
    """`left` and `right` are a model's name and its answer; `chosen` is 'left', 'right', 'both' or 'neither'."""
    id = VoteId(new_id())
    values = [id, owner, project, question, *left, *right, chosen, blind, now()]
    store.write(lambda connection: connection.execute("INSERT INTO vote VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values))
    return store.read(Vote, "SELECT * FROM vote WHERE id = ?", [id])[0]


def votes(store: Store, project: ProjectId) -> list[Vote]:
    """Newest first."""
    return store.read(Vote, "SELECT * FROM vote WHERE project = ? ORDER BY created_at DESC, id", [project])
