"""Passages of bottleneck adapters in the exported graph: real builds of a tiny model, asked beside what was trained."""

from pathlib import Path
from typing import Any

import numpy
import pytest

from core.export import graft, merge, onnx
from core.export.certificate import Certificate, Colour
from core.export.job import CERTIFICATE_FILE
from core.export.job import main as export
from core.export.steps import ExportFailed
from core.inference.base import load
from core.methods.base import Graft, method
from core.models.load import load_base, load_tokenizer
from core.models.reference import Backend, ModelReference
from core.tasks.base import Turn
from storage.files import Manifest
from tests.unit.export_help import job_in, settings_of, tiny_model

ASKED = (Turn(role="user", content="Where is my card?"),)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelReference:
    return tiny_model(tmp_path_factory.mktemp("graft") / "llama", "llama")


@pytest.fixture(autouse=True)
def quiet_olive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def passages(folder: Path, base: ModelReference, **options: Any) -> ModelReference:
    """A model whose passages do a lot: the way up is random, where a training starts it at zero."""
    import torch

    chosen = method("bottleneck")
    torch.manual_seed(5)
    model = chosen.apply(load_base(base.folder), chosen.Options.model_validate({"reduction_factor": 4, **options}))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.normal_(0, 0.3)
    folder.mkdir()
    chosen.save(model, folder)
    load_tokenizer(base.folder).save_pretrained(folder)
    Manifest.write(folder)
    return ModelReference(name="tiny passages", folder=folder, base=base.folder, method="bottleneck")


def built(tuned: ModelReference, precision: str, place: Path) -> ModelReference:
    merge.main(merge.MergeRequest(model=tuned, output=place / "merged").model_dump())
    request = onnx.BuildRequest(merged=place / "merged", cache=place / "cache", output=place / "package", target="cpu", precision=precision)
    onnx.main(request.model_dump())
    return ModelReference(name="package", folder=place / "package", backend=Backend.GENAI)


def numbers(model: ModelReference) -> numpy.ndarray:
    answering = load(model, 1)
    found: numpy.ndarray = answering.logits_of(answering.prompt_ids(ASKED))
    return found


@pytest.mark.parametrize(("kind", "middle"), [("pfeiffer", "relu"), ("houlsby", "silu"), ("houlsby", "tanh"), ("pfeiffer", "gelu")])
def test_the_grafted_graph_gives_the_tuned_models_own_numbers(tmp_path: Path, base: ModelReference, kind: str, middle: str) -> None:
    tuned = passages(tmp_path / "tuned", base, kind=kind, non_linearity=middle)
    package = built(tuned, "fp32", tmp_path)
    assert numpy.abs(numbers(package) - numbers(base)).max() <= 1e-4  # before: the base as it was
    graft.main(graft.GraftRequest(model=tuned, package=package.folder).model_dump())
    expected = numbers(tuned)
    assert numpy.abs(numbers(package) - expected).max() <= 1e-4
    assert numpy.abs(expected - numbers(base)).max() > 0.1


def test_a_small_package_gets_the_same_passages(tmp_path: Path, base: ModelReference) -> None:
    """int4 rounds the base's weights; what the passages change is the same."""
    tuned = passages(tmp_path / "tuned", base, kind="houlsby")
    package = built(tuned, "int4", tmp_path)
    before = numbers(package)
    graft.main(graft.GraftRequest(model=tuned, package=package.folder).model_dump())
    found, expected = (numbers(package) - before).ravel(), (numbers(tuned) - numbers(base)).ravel()
    assert found @ expected / numpy.linalg.norm(found) / numpy.linalg.norm(expected) >= 0.95


def test_a_graph_without_the_block_is_refused_since_it_would_answer_as_the_base() -> None:
    from onnx import helper

    part = numpy.zeros((2, 4), dtype="float32")
    one = Graft(0, "attention", part, part[:, 0], "relu", part.T, part[0])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], "/model/layers.0/other")], "empty", [], [])
    with pytest.raises(ExportFailed, match="attn/o_proj"):
        graft.put_in(graph, [one])


@pytest.mark.long
def test_a_whole_export_of_passages_is_green(tmp_path: Path, base: ModelReference) -> None:
    tuned = passages(tmp_path / "tuned", base, kind="houlsby")
    export(job_in(tmp_path / "job", settings_of(tuned)))
    certificate = Certificate.model_validate_json((tmp_path / "job" / CERTIFICATE_FILE).read_text(encoding="utf-8"))
    assert certificate.colour is Colour.GREEN, certificate.reasons
