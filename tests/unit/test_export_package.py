"""The zip: reproducible, whole, and refused once a byte of it changed."""

import datetime
import json
import os
import zipfile
from pathlib import Path

import pytest

from core.export import kind
from core.export.card import card
from core.export.certificate import Certificate, Colour, Findings, Reason, Took
from core.export.package import PackageDamaged, package_reference, remove_files, unpacked, write_zip
from core.export.report import page
from core.export.settings import ExportSettings
from core.export.targets import target
from core.home import Home
from core.jobs.spec import JobSpec
from core.models.reference import Backend, ModelReference
from storage import packages
from storage.files import Manifest, sha256_of
from storage.rows import LOCAL_OWNER, Job, JobId, JobState, OwnerId, Package, PackageId, ProjectId, RunId
from storage.store import Store
from tests.unit.export_help import ORIGIN, settings_of

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)


def model_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "model.onnx.data").write_bytes(os.urandom(3_000_000))
    (folder / "genai_config.json").write_text("{}")
    (folder / "chat.py").write_text("# perché\n", encoding="utf-8")
    Manifest.write(folder)
    return folder


def packed(home: Home, folder: Path, name: str = "one") -> Package:
    path = home.prepare().packages / f"{name}.zip"
    write_zip(folder, path)
    return Package(
        PackageId(name), LOCAL_OWNER, ProjectId("p"), RunId("r"), JobId("j"), "Tickets", "int4", "green", str(path), path.stat().st_size, sha256_of(path), "{}", NOW
    )  # fmt: skip


def certificate(**changes: object) -> Certificate:
    reason = Reason(key="export.unreadable", english="The exported model did not load: {why}.", facts={"why": "<script>alert(1)</script>"})
    values = {
        "name": "Tickets <b>", "target": "cpu", "precision": "int4", "task": "classification", "base_model": "starter", "colour": Colour.RED,
        "reasons": (reason,), "findings": Findings(load_failure="x"), "checked_rows": 10, "test_rows": 20, "model_bytes": 1, "tuned_bytes": 2,
        "files": (), "took": Took(merge_s=1, build_s=2, check_s=3, parameters=4), "versions": {"torch": "2"}, "made_on": "2026-11-24",
    }  # fmt: skip
    return Certificate.model_validate(values | changes)


def test_equal_folders_give_equal_zips_whatever_their_files_times_and_order(tmp_path: Path) -> None:
    first = model_folder(tmp_path / "first")
    second = tmp_path / "second"
    second.mkdir()
    for file in sorted(first.iterdir(), reverse=True):
        (second / file.name).write_bytes(file.read_bytes())
        os.utime(second / file.name, (1, 1))
    write_zip(first, tmp_path / "a.zip")
    write_zip(second, tmp_path / "b.zip")
    assert sha256_of(tmp_path / "a.zip") == sha256_of(tmp_path / "b.zip")
    assert [member.filename for member in zipfile.ZipFile(tmp_path / "a.zip").infolist()] == sorted(file.name for file in first.iterdir())


def test_a_package_is_unpacked_once_and_loads_by_its_own_runtime(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    package = packed(home, model_folder(tmp_path / "model"))
    reference = package_reference(home, package)
    assert reference.backend is Backend.GENAI
    assert (reference.folder / "genai_config.json").read_text() == "{}"
    made = reference.folder.stat().st_ino
    assert package_reference(home, package).folder.stat().st_ino == made
    assert sorted(file.name for file in home.packages.iterdir()) == ["one.unpacked", "one.zip"]


def test_a_tampered_package_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    package = packed(home, model_folder(tmp_path / "model"))
    data = bytearray(Path(package.path).read_bytes())
    data[len(data) // 2] ^= 1
    Path(package.path).write_bytes(data)
    with pytest.raises(PackageDamaged, match="SHA-256"):
        unpacked(home, package)
    Path(package.path).unlink()
    with pytest.raises(PackageDamaged, match="missing"):
        unpacked(home, package)


def test_an_unpacked_file_that_changed_is_made_again_from_the_zip(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    package = packed(home, model_folder(tmp_path / "model"))
    (unpacked(home, package) / "genai_config.json").write_text('{"evil": 1}')
    assert (unpacked(home, package) / "genai_config.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "c:out.txt"])
def test_a_zip_with_an_unsafe_name_writes_nothing(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / "home").prepare()
    path = home.packages / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    good = packed(home, model_folder(tmp_path / "model"), "two")
    bad = Package(**{**good.__dict__, "id": PackageId("one"), "path": str(path), "sha256": sha256_of(path), "size_bytes": path.stat().st_size})
    with pytest.raises(PackageDamaged, match="unsafe"):
        unpacked(home, bad)
    assert not list(tmp_path.rglob("out.txt"))
    assert not (home.packages / "one.unpacked").exists()


def test_a_zip_whose_manifest_lies_is_refused(tmp_path: Path) -> None:
    home, folder = Home(tmp_path / "home"), model_folder(tmp_path / "model")
    (folder / "chat.py").write_text("import os")
    with pytest.raises(PackageDamaged, match=r"chat\.py is changed"):
        unpacked(home, packed(home, folder))


def test_unpacked_folders_go_with_their_zips(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first, second = packed(home, model_folder(tmp_path / "a"), "one"), packed(home, model_folder(tmp_path / "b"), "two")
    gone = unpacked(home, first)
    Path(first.path).unlink()  # as the deletion of a project does
    kept = unpacked(home, second)
    assert not gone.exists()
    remove_files(home, second)
    assert not kept.exists()
    assert not Path(second.path).exists()


def test_a_job_finished_twice_brings_one_package(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    folder = home.runs / "j"
    folder.mkdir()
    settings: ExportSettings = settings_of(ModelReference(name="m", folder=tmp_path))
    (folder / "spec.json").write_text(
        JobSpec(id="j", kind="export", main="core.export.job:main", settings=settings.model_dump(mode="json")).model_dump_json()
    )
    (folder / "certificate.json").write_text(certificate().model_dump_json())
    write_zip(model_folder(tmp_path / "model"), folder / "package.zip")
    job = Job(JobId("j"), OwnerId("local"), ProjectId("p"), "export", JobState.RUNNING, str(folder), "run1", 1.0, None, None, None, NOW, NOW, None)
    with Store.open(home.database) as store:
        kind.finish(store, job, folder)
        kind.finish(store, job, folder)
        (found,) = packages.of_project(store, ProjectId("p"))
    assert (found.state, found.run, Path(found.path)) == ("red", "run1", home.packages / "j.zip")
    assert sha256_of(Path(found.path)) == found.sha256
    assert not (folder / "package.zip").exists()


def test_a_kill_between_the_move_and_the_row_is_mended_by_the_next_finish(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    folder = home.runs / "j"
    folder.mkdir()
    settings = settings_of(ModelReference(name="m", folder=tmp_path))
    (folder / "spec.json").write_text(
        JobSpec(id="j", kind="export", main="core.export.job:main", settings=settings.model_dump(mode="json")).model_dump_json()
    )
    (folder / "certificate.json").write_text(certificate().model_dump_json())
    write_zip(model_folder(tmp_path / "model"), home.packages / "j.zip")
    job = Job(JobId("j"), OwnerId("local"), ProjectId("p"), "export", JobState.RUNNING, str(folder), "run1", 1.0, None, None, None, NOW, NOW, None)
    with Store.open(home.database) as store:
        kind.finish(store, job, folder)
        assert len(packages.of_project(store, ProjectId("p"))) == 1


def test_the_report_is_one_page_without_script_and_escapes_what_it_shows() -> None:
    html = page(certificate(), target("cpu", "int4")[1])
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "http" not in html.replace("http-equiv", "")


def test_the_card_says_where_the_model_comes_from_and_whose_terms_it_keeps() -> None:
    text = card(certificate(colour=Colour.GREEN), ORIGIN, labels=77)
    for said in (
        ORIGIN.dataset_hash,
        "version 1",
        "starter",
        "apache-2.0",
        "77 categories",
        "10 of 20 test rows",
        "recipe.toml",
        "onnxruntime-genai==",
    ):
        assert said in text
    assert json.loads(certificate().model_dump_json())["certificate_version"] == 1
