"""What a person can do with exports, through the registry."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actions.export import NothingToExport, RedPackage
from core.actions.registry import Context, NeedsApproval, perform
from core.errors import NotFound
from core.export.architectures import CannotBuildArchitecture, CannotRenderPrompts
from core.export.certificate import Certificate, Colour
from core.export.package import PackageDamaged
from core.export.targets import UnknownTarget
from core.tasks.base import Turn, task
from storage import packages
from storage.files import Manifest, sha256_of
from storage.rows import JobState, OwnerId, Package
from tests.unit.export_workshop import Trained, trained

WAIT_S = 300


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    with trained(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture(scope="module")
def package(desk: Trained) -> Package:
    job = desk.approved("export", run=desk.run.id, precision="fp32")
    ended = desk.workshop.supervisor.wait(job.id, WAIT_S)
    assert ended.state is JobState.DONE, ended.error
    (found,) = desk.ask("packages", project=desk.project.id)
    return found


def test_an_export_tells_its_plan_first_and_says_that_the_time_is_estimated(desk: Trained) -> None:
    with pytest.raises(NeedsApproval) as asked:
        desk.ask("export", run=desk.run.id)
    plan = asked.value.plan
    assert "estimated" in str(plan.what)
    assert "Quick 1" in str(plan.what)
    assert plan.seconds
    assert plan.disk_bytes
    assert plan.undo is not None


def test_a_finished_export_is_a_package_with_its_report(desk: Trained, package: Package) -> None:
    certificate: Certificate = desk.ask("package", package=package.id)
    assert certificate.colour is Colour.GREEN
    assert package.state == "green"
    assert (package.precision, package.run, certificate.checked_rows) == ("fp32", desk.run.id, 8)
    assert sha256_of(Path(package.path)) == package.sha256
    assert [file.name for file in desk.workshop.home.packages.glob("*.zip")] == [f"{package.id}.zip"]
    with pytest.raises(NeedsApproval, match="as measured"):
        desk.ask("export", run=desk.run.id, precision="fp32")


def test_the_zip_holds_what_a_person_needs_and_nothing_of_this_machine(desk: Trained, package: Package) -> None:
    with zipfile.ZipFile(package.path) as archive:
        names = set(archive.namelist())
        texts = {name: archive.read(name) for name in names}
    assert names >= {
        "model.onnx", "model.onnx.data", "genai_config.json", "tokenizer.json", "tokenizer_config.json", "README.md", "certificate.json", "certificate.html",
        "recipe.toml", "requirements.txt", "olive-run.json", "labels.json", "chat.py", "chat.json", "manifest.json",
    }  # fmt: skip
    assert texts["requirements.txt"] == b"onnxruntime-genai==0.14.1\n"
    assert not any(str(desk.workshop.home.root).encode() in text for text in texts.values())
    hashed = {file.name: file.sha256 for file in Certificate.model_validate_json(texts["certificate.json"]).files}
    manifest = json.loads(texts["manifest.json"])["sha256"]
    assert hashed.items() <= manifest.items()
    assert set(manifest) == names - {"manifest.json"}


def test_a_package_answers_inside_the_app(desk: Trained, package: Package) -> None:
    from core.export.package import package_reference

    reference = package_reference(desk.workshop.home, package)
    assert Manifest.check(reference.folder) == []
    chosen = task("classification")
    constraint = chosen.constraint(["card_arrival", "top_up"])
    answer = desk.workshop.inference.answer(reference, [Turn(role="user", content="Where is my card?")], max_new_tokens=16, constraint=constraint)
    assert answer in ("card arrival", "top up")


def test_a_red_package_is_handed_out_on_an_explicit_choice_only(desk: Trained, package: Package) -> None:
    assert desk.ask("download", package=package.id).id == package.id
    packages.mark(desk.workshop.store, package.id, "red")
    with pytest.raises(RedPackage, match="red"):
        desk.ask("download", package=package.id)
    assert desk.ask("download", package=package.id, accept_red=True).path == package.path
    packages.mark(desk.workshop.store, package.id, "green")


def test_a_cut_package_is_not_handed_out(desk: Trained, package: Package) -> None:
    path = Path(package.path)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(PackageDamaged):
        desk.ask("download", package=package.id)
    path.write_bytes(data)


def test_another_owner_finds_neither_run_nor_package(desk: Trained, package: Package) -> None:
    stranger = Context(desk.workshop, OwnerId("stranger"))
    for verb, values in (("export", {"run": desk.run.id}), ("package", {"package": package.id}), ("download", {"package": package.id}),
                         ("delete-package", {"package": package.id}), ("packages", {"project": desk.project.id})):  # fmt: skip
        with pytest.raises(NotFound):
            perform(stranger, verb, values)


def test_what_cannot_be_exported_is_told_before_the_work(tmp_path: Path) -> None:
    with trained(tmp_path) as fresh:
        with pytest.raises(UnknownTarget):
            fresh.ask("export", run=fresh.run.id, precision="int3")
        config, template = fresh.model_folder / "config.json", fresh.model_folder / "chat_template.jinja"
        told = config.read_text()
        config.write_text(told.replace("LlamaForCausalLM", "BloomForCausalLM"))
        with pytest.raises(CannotBuildArchitecture, match="Bloom"):
            fresh.ask("export", run=fresh.run.id)
        config.write_text(told)
        template.unlink()
        with pytest.raises(CannotRenderPrompts):
            fresh.ask("export", run=fresh.run.id)
        (fresh.model_folder / "bottega.json").unlink()
        with pytest.raises(NothingToExport, match="Quick 1"):
            fresh.ask("export", run=fresh.run.id)


def test_a_deleted_package_takes_its_files_along_and_leaves_the_model(desk: Trained, package: Package) -> None:
    with pytest.raises(NeedsApproval) as asked:
        desk.ask("delete-package", package=package.id)
    assert any("trained model" in said for said in asked.value.plan.remains)
    desk.approved("delete-package", package=package.id)
    assert desk.ask("packages", project=desk.project.id) == ()
    assert list(desk.workshop.home.packages.iterdir()) == []
    assert Manifest.check(desk.model_folder) == []
