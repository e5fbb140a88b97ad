"""A project in one file: saved, restored elsewhere and here, refused when it is not what it should be."""

import json
import shutil
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import changes, datasets, jobs, packages, projects, rounds, runs, verdicts
from storage.archive import restore_project, save_project
from storage.bulk.splitting import freeze_split, freeze_version, latest_split, versions_of
from storage.bulk.versions import recomputed_hash
from storage.errors import BadArchive, RowMissing, StoreTooNew
from storage.files import sha256_of
from storage.ids import new_id
from storage.rows import LOCAL_OWNER, JobArtefact, JobState, OwnerId, Part, Point
from storage.store import Store
from tests.unit.store_rows import filled, first_example, messages, open_store, page, parts_by_question, support_rows

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


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    with open_store(folder) as store:
        project, _ = whole_project(store)
        return save_project(store, LOCAL_OWNER, project.id, folder / "saved.zip")


def changed(saved: Path, target: Path, *, replace=None, add=None, manifest=None, drop=(), honest=False) -> Path:
    """The archive with members replaced or added; `honest` tells the manifest so."""
    import hashlib

    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w") as new:
        members = {name: old.read(name) for name in old.namelist() if name not in drop} | (replace or {})
        told = json.loads(members.pop("manifest.json"))
        if honest:
            for name, data in {**(replace or {}), **(add or {})}.items():
                told["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        if manifest:
            manifest(told)
        for name, data in [*members.items(), *(add or {}).items()]:
            new.writestr(zipfile.ZipInfo(name), data)
        if "manifest.json" not in drop:
            new.writestr("manifest.json", json.dumps(told))
    return target


def refused(tmp_path: Path, archive: Path) -> BadArchive:
    with open_store(tmp_path / "there") as store:
        with pytest.raises(BadArchive) as error:
            restore_project(store, LOCAL_OWNER, archive)
        assert projects.of_owner(store, LOCAL_OWNER) == []
        assert store.read(None, "SELECT count(*) FROM example") == [(0,)]
    outside = {path.name for path in tmp_path.iterdir()} - {"there", "bad.zip"}
    assert not outside
    assert not list((tmp_path / "there" / "tmp").iterdir())
    return error.value


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "files/../../evil", "files\\..\\evil", "C:/evil", "files/con", "files/a\nb"])
def test_a_hostile_name_is_refused(tmp_path, saved, name):
    assert "unsafe name" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", add={name: b"evil"}, honest=True)).why


def test_a_link_is_refused(tmp_path, saved):
    shutil.copy(saved, tmp_path / "bad.zip")
    with zipfile.ZipFile(tmp_path / "bad.zip", "a") as archive:
        link = zipfile.ZipInfo("files/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "link" in refused(tmp_path, tmp_path / "bad.zip").why


def test_a_changed_file_is_refused(tmp_path, saved):
    weights = next(name for name in zipfile.ZipFile(saved).namelist() if name.endswith("weights.bin"))
    assert "SHA-256" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", replace={weights: b"WEIGHTS"})).why


def test_a_file_that_lies_about_its_size_is_refused(tmp_path, saved):
    def lie(told):
        next(iter(told["files"].values()))["size_bytes"] = 1

    assert "size" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", manifest=lie)).why


def test_an_unlisted_a_missing_and_a_foreign_file_are_refused(tmp_path, saved):
    assert "manifest" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", add={"files/extra": b"x"})).why
    assert "manifest" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", drop=("rows/said.parquet",))).why
    assert "no part" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", add={"server.json": b"x"}, honest=True)).why
    assert (
        "manifest"
        in refused(tmp_path, changed(saved, tmp_path / "bad.zip", drop=("manifest.json",), replace={"manifest.json": b'{"files": {}}'})).why
    )


def test_no_zip_and_half_a_zip_are_refused(tmp_path, saved):
    (tmp_path / "bad.zip").write_bytes(saved.read_bytes()[:5000])
    assert "readable zip" in refused(tmp_path, tmp_path / "bad.zip").why


def test_rows_that_were_changed_with_an_honest_manifest_are_refused(tmp_path, saved):
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    def with_rows(name: str, change) -> Path:
        table = pq.read_table(io.BytesIO(zipfile.ZipFile(saved).read(f"rows/{name}.parquet")))
        rows = table.to_pylist()
        change(rows)
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), buffer)
        return changed(saved, tmp_path / "bad.zip", replace={f"rows/{name}.parquet": buffer.getvalue()}, honest=True)

    assert "hashes differ" in refused(tmp_path, with_rows("example", lambda rows: rows[0].update(messages="[]"))).why
    assert "hashes differ" in refused(tmp_path, with_rows("version", lambda rows: rows[0].update(content_hash="00"))).why
    assert "unsafe name" in refused(tmp_path, with_rows("artefact", lambda rows: rows[0].update(path="../../etc/passwd"))).why
    assert "one project" in refused(tmp_path, with_rows("project", lambda rows: rows.append({**rows[0], "id": "second"}))).why
    assert "do not fit" in refused(tmp_path, changed(saved, tmp_path / "bad.zip", replace={"rows/said.parquet": b"PAR1"}, honest=True)).why


def test_an_archive_cannot_reach_another_projects_rows_or_folders(tmp_path, saved):
    """An id that the archive does not define, or that looks like a path, is given anew."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_store(tmp_path / "there") as store:
        victim, dataset = filled(store, support_rows(30))
        split = freeze_split(store, freeze_version(store, dataset).id, "{}", seed=0, validation_share=0.1, test_share=0.1)
        before = parts_by_question(store, split.id)
        members = {}
        for name, column, value in (("split_row", "split", split.id), ("job", "id", "../../evil"), ("run", "dataset", dataset)):
            table = pq.read_table(io.BytesIO(zipfile.ZipFile(saved).read(f"rows/{name}.parquet")))
            buffer = io.BytesIO()
            pq.write_table(pa.Table.from_pylist([{**row, column: value} for row in table.to_pylist()], schema=table.schema), buffer)
            members[f"rows/{name}.parquet"] = buffer.getvalue()
        restored = restore_project(store, OTHER, changed(saved, tmp_path / "odd.zip", replace=members, honest=True))
        assert parts_by_question(store, split.id) == before
        assert runs.of_project(store, restored.id)[0].dataset != dataset
        assert Path(jobs.of_project(store, restored.id)[0].folder).parent == tmp_path / "there" / "runs"
        assert projects.get(store, OTHER, victim.id) is None


def test_an_archive_of_a_newer_version_is_refused(tmp_path, saved):
    archive = changed(saved, tmp_path / "new.zip", manifest=lambda told: told.update(schema=999))
    with open_store(tmp_path / "there") as store, pytest.raises(StoreTooNew):
        restore_project(store, LOCAL_OWNER, archive)


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
        perhaps = (
            "mark",
            "saved_view",
            "checkup",
            "finding",
            "near",
            "layout",
            "label_round",
            "label_row",
            "label_given",
            "vote",
            "resource",
            "advice",
        )
        job = jobs.of_project(store, project.id)[0].id
        for table in perhaps:  # one row in each of the tables that `whole_project` leaves empty
            columns = store.read(None, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table])
            known = {"dataset": dataset, "project": project.id, "owner": LOCAL_OWNER, "job": job, "round": "round"}
            known |= {"id": "round"} if table == "label_round" else {}
            blank = {"VARCHAR": "x", "BOOLEAN": False, "TIMESTAMP": "2026-01-01", "VARCHAR[]": ["x"]}
            values = [known.get(name, blank.get(kind, 1)) for name, kind in columns]
            sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})"
            store.write(lambda connection, sql=sql, values=values: connection.execute(sql, values))
        projects.delete(store, project.id)
        tables = [name for (name,) in store.read(None, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary")]
        left = {table: store.read(None, f"SELECT count(*) FROM {table}")[0][0] for table in tables if table not in ("migration", "made_by", "upload")}
        assert set(left.values()) == {0}, left
        assert set(perhaps) < left.keys()
