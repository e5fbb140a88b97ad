"""What a graphics card does from the same recipe: short numbers, one attention call for all examples, the fused optimiser, packed weights."""

from pathlib import Path

import pytest
import torch

from core.models.load import load_base
from core.models.reference import ModelReference
from core.training import varlen
from core.training.attention import FLAT, Spans, _flat_attention, register
from core.training.batches import flat, padded
from core.training.keeping import kept_model
from core.training.layout import TOLERANCE, gradient
from core.training.precision import AGREES, wear
from tests.unit.methods_bench import SETTINGS, examples, opened
from tests.unit.training_bench import curve, job_in, recipe, rows, run_folder, said, tiny_model

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card here")

SIZES = {"hidden_size": 64, "intermediate_size": 128, "head_dim": 16}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "qwen3", "qwen3", **SIZES).folder


def cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(one.flatten().float(), other.flatten().float(), dim=0))


def test_flat_batches_give_the_gradients_of_padded_ones(base: Path):
    model = load_base(base).to("cuda")
    expected = gradient(model, padded(examples()).to("cuda"))
    register()
    model.set_attn_implementation(FLAT)
    found = gradient(model, flat(examples()).to("cuda"))
    assert (found - expected).norm() / expected.norm() <= TOLERANCE


@pytest.mark.parametrize("window", [None, 5])
def test_one_call_for_all_examples_gives_what_a_call_for_each_length_gives(window: int | None):
    torch.manual_seed(0)
    groups = ((0, 40, 4), (40, 73, 1), (73, 74, 1))
    parts = [torch.randn(1, heads, 74, 64, device="cuda", requires_grad=True) for heads in (8, 2, 2)]
    short = [part.detach().bfloat16().requires_grad_() for part in parts]
    assert varlen.takes(short[0], short[2], 0.0)
    expected, _ = _flat_attention(torch.nn.Module(), *parts, None, scaling=0.1, sliding_window=window, flat_spans=Spans(groups))
    found = varlen.attend(short[0], short[1], short[2], groups, 0.1, window)
    assert (found.float() - expected).abs().max() <= 0.05
    weight = torch.randn_like(expected)
    (expected * weight).sum().backward()
    (found.float() * weight).sum().backward()
    assert all(cosine(one.grad, other.grad) >= 0.99 for one, other in zip(parts, short, strict=True))


@pytest.mark.parametrize("setting", ["full", "lora", "dora", "qlora", "houlsby"])
def test_a_method_learns_in_short_numbers_what_it_learns_in_whole_ones(base: Path, setting: str):
    _, model = opened(base, *SETTINGS[setting])
    model.to("cuda")
    register()
    model.set_attn_implementation(FLAT)
    expected = gradient(model, flat(examples()).to("cuda"))
    wear(model)
    assert cosine(gradient(model, flat(examples()).to("cuda")), expected) >= AGREES


@pytest.mark.parametrize("setting", ["full", "lora", "qlora"])
def test_a_run_from_the_same_recipe_learns_in_short_numbers_and_says_so(base: Path, tmp_path: Path, setting: str):
    from core.training.job import main

    name, options = SETTINGS[setting]
    chosen = recipe(method=name, method_options=dict(options), num_train_epochs=4, evaluations=4)
    folder = run_folder(tmp_path / "run", ModelReference(name="qwen3", folder=base), chosen, rows(40))
    main(job_in(folder))
    losses = curve(folder, "eval_loss")
    assert losses[max(losses)] < losses[min(losses)]
    assert kept_model(folder) is not None
    assert any("bf16" in str(event) for event in said(folder))
