"""A project in one file: saved, restored elsewhere and here, deleted without a trace."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import changes, datasets, jobs, packages, projects, rounds, runs, verdicts
from storage.archive import restore_project, save_project
from storage.archive_old import _SHARED
from storage.archive_rows import TABLES
from storage.bulk.splitting import latest_split, versions_of
from storage.bulk.versions import recomputed_hash
from storage.errors import RowMissing
from storage.rows import LOCAL_OWNER, JobState, Part
from storage.store import Store
from tests.unit.archive_bench import OTHER, whole_project
from tests.unit.store_rows import filled, first_example, open_store, page, parts_by_question, support_rows


def told(store: Store, project) -> dict[str, object]:
    """All that must be equal after a round trip, without ids."""
    [dataset] = datasets.of_project(store, project)
    [run] = runs.of_project(store, project)
    return {
        "rows": [
            (row.position, row.content_hash, row.messages, row.original, row.sealed, row.edited) for row in page(store, dataset.id, size=99).examples
        ],
        "versions": [(version.number, version.content_hash, version.rows) for version in versions_of(store, dataset.id)],
        "recomputed": [recomputed_hash(store, version.id) for version in versions_of(store, dataset.id)],
        "split": [part for _, part in parts_by_question(store, latest_split(store, dataset.id).id)],
        "history": [(change.number, change.kind, change.what, change.actor) for change in changes.history(store, dataset.id)],
        "points": runs.points_after(store, run.id),
        "verdict": verdicts.latest(store, run.id).document,
        "package": Path(packages.latest(store, run.id).path).read_bytes(),
        "weights": (Path(jobs.find(store, run.job).folder) / "model" / "weights.bin").read_bytes(),
        "said": [line.text for line in projects.said(store, project)],
        "contents": projects.contents(store, project),
    }


def test_a_project_is_the_same_elsewhere_for_another_owner(tmp_path):
    with open_store(tmp_path / "here") as store:
        project, _ = whole_project(store)
        before = told(store, project.id)
        archive = save_project(store, LOCAL_OWNER, project.id, tmp_path / "saved.zip")
    with open_store(tmp_path / "there") as store:
        restored = restore_project(store, OTHER, archive)
        assert (restored.id, restored.owner, restored.name) == (project.id, OTHER, project.name)  # ids stay where they are free
        assert told(store, restored.id) == before
        [job] = jobs.of_project(store, restored.id)
        assert (job.state, job.owner) == (JobState.LOST, OTHER)
        assert not (Path(job.folder) / "checkpoints").exists()
        [dataset] = datasets.of_project(store, restored.id)
        example = first_example(store, dataset.id)
        assert datasets.get_example(store, OTHER, example) is not None
        assert changes.undo(store, OTHER, dataset.id).rows == 1
        assert not list((tmp_path / "there" / "tmp").iterdir())


def test_a_project_restored_beside_itself_is_a_second_one(tmp_path):
    with open_store(tmp_path) as store:
        project, dataset = whole_project(store)
        before = told(store, project.id)
        archive = save_project(store, LOCAL_OWNER, project.id, tmp_path / "saved.zip")
        restored = restore_project(store, LOCAL_OWNER, archive)
        assert restored.id != project.id
        assert told(store, restored.id) == told(store, project.id) == before
        [copy] = datasets.of_project(store, restored.id)
        assert copy.id != dataset
        ids = [row.id for source in (dataset, copy.id) for row in page(store, source, size=99).examples]
        assert len(set(ids)) == len(ids)
        assert jobs.of_project(store, restored.id)[0].subject == copy.id
        projects.delete(store, project.id)
        assert page(store, copy.id, part=Part.TEST, split=latest_split(store, copy.id).id).total == 1


def test_a_project_of_another_owner_is_not_saved(tmp_path):
    with open_store(tmp_path) as store:
        project, _ = filled(store, support_rows(3))
        with pytest.raises(RowMissing):
            save_project(store, OTHER, project.id, tmp_path / "saved.zip")
    assert not (tmp_path / "saved.zip").exists()


def test_files_outside_the_home_are_not_taken_along(tmp_path):
    (tmp_path / "secret").write_text("secret")
    with open_store(tmp_path / "home") as store:
        project, _ = filled(store, support_rows(3))
        (tmp_path / "home" / "secret").write_text("key")
        wanted = [tmp_path / "secret", tmp_path / "home" / "secret", tmp_path / "home" / "runs" / ".." / "secret"]
        archive = save_project(store, LOCAL_OWNER, project.id, tmp_path / "saved.zip", wanted)
    assert all(name.startswith(("rows/", "manifest.json")) for name in zipfile.ZipFile(archive).namelist())


def test_a_link_of_a_round_opens_the_round_that_it_was_made_for_and_no_copy(tmp_path):
    with open_store(tmp_path) as store:
        project, dataset = filled(store, [("Where?", None), ("When?", None)])
        made = rounds.create(
            store, LOCAL_OWNER, project.id, dataset, "Round", token_hash="hash", settings="{}", expires_at=datetime.now(UTC) + timedelta(days=1),
            twice_share=0, most=None, answered_too=False,
        )  # fmt: skip
        restored = restore_project(store, LOCAL_OWNER, save_project(store, LOCAL_OWNER, project.id, tmp_path / "saved.zip"))
        [copy] = rounds.of_dataset(store, datasets.of_project(store, restored.id)[0].id)
        assert (rounds.of_token(store, "hash").id, rounds.of_token(store, "hash").closed) == (made.id, False)
        assert (copy.closed, rounds.size(store, copy.id)) == (True, (2, 2))


def test_a_deleted_project_leaves_no_row_in_any_table(tmp_path):
    with open_store(tmp_path) as store:
        project, dataset = whole_project(store)
        known = {"project": project.id, "dataset": dataset, "owner": LOCAL_OWNER, "job": jobs.of_project(store, project.id)[0].id}
        for table in [name for name, rows in counted(store).items() if rows == 0]:  # so that a table that is new is not forgotten here
            put_a_row(store, table, known)
        assert all(counted(store).values())
        projects.delete(store, project.id)
        left = counted(store)
        assert set(left.values()) == {0}, left


def test_every_table_is_taken_along_or_is_no_projects_own(tmp_path):
    """Else a project that is saved today could not be restored once there is a next schema."""
    with open_store(tmp_path) as store:
        assert {name for (name,) in store.read(None, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary")} == TABLES.keys() | _SHARED


def counted(store: Store) -> dict[str, int]:
    """Rows of every table that may hold a project's."""
    names = [name for (name,) in store.read(None, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary")]
    return {name: store.read(None, f"SELECT count(*) FROM {name}")[0][0] for name in names if name not in ("migration", "made_by", "upload")}


def put_a_row(store: Store, table: str, known: dict[str, str]) -> None:
    columns = store.read(None, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table])
    blank = {"VARCHAR": "x", "BOOLEAN": False, "TIMESTAMP": "2026-01-01", "VARCHAR[]": ["x"]}
    values = [known.get(name, blank.get(kind, 1)) for name, kind in columns]
    store.write(lambda connection: connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values))
