"""An archive that is not what it should be is refused, whatever it tries, and nothing of it stays."""

import hashlib
import io
import json
import shutil
import stat
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage import jobs, projects, runs
from storage.archive import restore_project, save_project
from storage.bulk.splitting import freeze_split, freeze_version
from storage.errors import BadArchive, StoreTooNew
from storage.rows import LOCAL_OWNER
from tests.unit.archive_bench import OTHER, whole_project
from tests.unit.store_rows import filled, open_store, parts_by_question, support_rows


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    with open_store(folder) as store:
        project, _ = whole_project(store)
        return save_project(store, LOCAL_OWNER, project.id, folder / "saved.zip")


def changed(saved: Path, target: Path, *, replace=None, add=None, manifest=None, drop=(), honest=False) -> Path:
    """The archive with members replaced or added; `honest` tells the manifest so."""
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
