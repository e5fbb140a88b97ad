"""Short numbers where the machine gains by them: the same learning, whole weights, and fp32 wherever the two would differ."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from core.models.load import load_base
from core.models.reference import ModelReference
from core.training import precision, varlen
from core.training.attention import FLAT, Spans, _flat_attention, register
from core.training.batches import flat, padded
from core.training.keeping import kept_model
from core.training.layout import gradient
from core.training.precision import AGREES, Machine, Precision, choose, gains, wear
from core.training.trainer import Interrupted
from tests.unit.methods_bench import SETTINGS, examples, opened
from tests.unit.training_bench import curve, job_in, recipe, rows, run_folder, said, tiny_model

UNITS, NO_UNITS, GPU = Machine("cpu", True), Machine("cpu", False), Machine("cuda", True)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "llama", "llama").folder


def test_a_gpu_with_units_always_gains_and_a_processor_only_with_a_large_model():
    assert gains(GPU, 64)
    assert gains(UNITS, 1024)
    assert not gains(UNITS, 256)
    assert not gains(NO_UNITS, 4096)
    assert not gains(Machine("cuda", False), 4096)


def test_where_nothing_is_gained_nothing_is_compared_and_nothing_said(base: Path):
    found = choose(load_base(base), padded(examples()), UNITS)
    assert found == Precision(is_mixed=False)
    assert found.told() is None


@pytest.mark.parametrize("setting", list(SETTINGS))
def test_every_method_learns_the_same_in_short_numbers(base: Path, monkeypatch: pytest.MonkeyPatch, setting: str):
    """Cosine of the whole gradient with that in fp32; the weights and the gradients themselves stay whole."""
    monkeypatch.setattr(precision, "_LEAST_HIDDEN", 1)
    _, model = opened(base, *SETTINGS[setting])
    found = choose(model.train(), padded(examples()), UNITS)
    assert found.is_mixed
    assert found.agreement is not None
    assert AGREES <= found.agreement <= 1.0001
    assert model.training
    assert {weight.dtype for weight in model.parameters() if weight.requires_grad} == {torch.float32}
    assert "bf16" in str(found.told())


def test_flat_batches_learn_the_same_in_short_numbers(base: Path):
    model = load_base(base)
    register()
    model.set_attn_implementation(FLAT)
    expected = gradient(model, flat(examples()))
    wear(model)
    assert torch.nn.functional.cosine_similarity(gradient(model, flat(examples())), expected, dim=0) >= AGREES


def test_a_model_that_would_learn_something_else_stays_whole_and_the_run_says_so(base: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precision, "_LEAST_HIDDEN", 1)
    monkeypatch.setattr(precision, "AGREES", 1.1)
    model = load_base(base)
    before = gradient(model, padded(examples()))
    found = choose(model, padded(examples()), UNITS)
    assert not found.is_mixed
    assert "fp32" in str(found.told())
    assert torch.equal(gradient(model, padded(examples())), before)


def test_a_copy_of_a_model_in_short_numbers_is_a_model_of_its_own(base: Path):
    model = load_base(base)
    wear(model)
    copied = deepcopy(model)
    with torch.no_grad():
        for weight in copied.parameters():
            weight.zero_()
        ids = torch.tensor([[7, 8, 9]])
        assert model(input_ids=ids).logits.abs().sum() > 0
        assert copied(input_ids=ids).logits.abs().sum() == 0
    assert not torch.is_autocast_enabled("cpu")


def test_an_interrupted_forward_leaves_nothing_switched_on(base: Path):
    model = load_base(base)
    wear(model)

    def stop(*_: object) -> None:
        raise Interrupted

    handle = model.model.layers[0].register_forward_hook(stop)
    with pytest.raises(Interrupted):
        model(input_ids=torch.tensor([[7, 8]]))
    assert not torch.is_autocast_enabled("cpu")
    handle.remove()
    assert model(input_ids=torch.tensor([[7, 8]])).logits.shape == (1, 2, 300)


def test_a_run_in_short_numbers_learns_says_so_and_keeps_whole_weights(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from safetensors.torch import load_file

    from core.training.job import main

    monkeypatch.setattr(precision, "_LEAST_HIDDEN", 1)
    monkeypatch.setattr(precision, "machine", lambda: UNITS)
    chosen = recipe(method="full", num_train_epochs=3, evaluations=3, learning_rate=1e-3)
    folder = run_folder(tmp_path / "run", ModelReference(name="llama", folder=base), chosen, rows(40))
    main(job_in(folder))
    losses = curve(folder, "eval_loss")
    assert losses[max(losses)] < losses[min(losses)]
    assert any("bf16" in str(event) for event in said(folder))
    kept = kept_model(folder)
    assert kept is not None
    assert {weight.dtype for weight in load_file(kept.folder / "model.safetensors").values()} == {torch.float32}


@pytest.mark.parametrize("window", [None, 4])
def test_the_one_call_for_all_examples_gets_what_the_calls_for_each_length_get(monkeypatch: pytest.MonkeyPatch, window: int | None):
    """torch's varlen attention runs on GPUs only: here a plain one stands for it, with the same arguments."""
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", plain_varlen)
    torch.manual_seed(0)
    groups = ((0, 6, 2), (6, 13, 1), (13, 14, 1))
    query, key, value = torch.randn(1, 4, 14, 8), torch.randn(1, 2, 14, 8), torch.randn(1, 2, 14, 8)
    found = varlen.attend(query, key, value, groups, 0.3, window)
    expected, _ = _flat_attention(torch.nn.Module(), query, key, value, None, scaling=0.3, sliding_window=window, flat_spans=Spans(groups))
    assert torch.allclose(found, expected, atol=1e-6)


def plain_varlen(q, k, v, starts, same, longest, also, *, scale, window_size, enable_gqa):
    assert window_size[1] == 0
    assert max(starts.diff().tolist()) == longest == also
    parts = []
    for begin, end in zip(starts.tolist(), same.tolist()[1:], strict=False):
        one = [part[begin:end].transpose(0, 1)[None] for part in (q, k, v)]
        distance = torch.arange(end - begin)[:, None] - torch.arange(end - begin)[None, :]
        mask = (distance >= 0) & ((distance <= window_size[0]) | (window_size[0] < 0))
        parts.append(scaled_dot_product_attention(*one, attn_mask=mask, scale=scale, enable_gqa=enable_gqa)[0].transpose(0, 1))
    return torch.cat(parts)
