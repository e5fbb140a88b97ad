"""The quick ways of training give what the usual ones give: LoRA in fewer passes, the loss without all logits at once, a step in pieces."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft.tuners.lora.layer import Linear

from core.methods.base import method
from core.methods.quick.lora import QuickLinear
from core.models.load import load_base
from core.training.batches import by_tokens, flat, padded
from core.training.layout import choose
from core.training.loss import logits_of, token_losses
from core.training.objective import Objective
from core.training.quick_loss import quick_sums, suits
from tests.unit.methods_bench import examples
from tests.unit.training_bench import recipe, tiny_model

CLOSE = 1e-5


def lora(folder: Path, **options: Any) -> Any:
    """As a training has it, its second matrix no longer zero."""
    chosen = method("lora")
    torch.manual_seed(0)
    model = chosen.apply(load_base(folder), chosen.Options.model_validate({"r": 4, "lora_alpha": 8, **options}))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    return model


def layers(model: Any, kind: type) -> list[Any]:
    return [module for module in model.modules() if type(module) is kind]


def as_peft_does(model: Any) -> Any:
    usual = deepcopy(model)
    for module in layers(usual, QuickLinear):
        module.__class__ = Linear
    return usual


def learned(model: Any, batch: Any) -> torch.Tensor:
    """The gradient of all that learns, in one vector."""
    model.zero_grad(set_to_none=True)
    token_losses(logits_of(model, batch), batch.targets)[0].backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.requires_grad])


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gemma3"])
def test_quick_lora_learns_what_pefts_own_layer_learns(tmp_path: Path, architecture: str) -> None:
    model = lora(tiny_model(tmp_path, architecture).folder, use_rslora=True)
    usual, batch = as_peft_does(model), padded(examples())
    assert layers(model, QuickLinear)
    assert not layers(usual, QuickLinear)
    assert far(logits_of(model, batch), logits_of(usual, batch)) < CLOSE
    assert far(learned(model, batch), learned(usual, batch)) < CLOSE


def test_a_quick_layer_switched_off_is_the_base_and_a_copy_of_it_is_its_own(tmp_path: Path) -> None:
    folder, batch = tiny_model(tmp_path).folder, padded(examples())
    model = lora(folder)
    with model.disable_adapter():
        assert torch.equal(logits_of(model, batch), logits_of(load_base(folder), batch))
    copy, before = deepcopy(model), logits_of(model, batch)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_A" in name:
                weight.zero_()
    assert torch.equal(logits_of(copy, batch), before)
    assert not torch.equal(logits_of(model, batch), before)


@pytest.mark.parametrize("options", [{"use_dora": True}, {"lora_dropout": 0.1}])
def test_what_the_quick_layer_does_not_know_stays_with_peft(tmp_path: Path, options: dict[str, Any]) -> None:
    assert not layers(lora(tiny_model(tmp_path).folder, **options), QuickLinear)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("learns", ["all", "adapter"])
def test_the_quick_loss_is_the_usual_one_with_its_gradients(tmp_path: Path, learns: str, smoothing: float) -> None:
    folder = tiny_model(tmp_path).folder  # its words' vectors and its output layer are the same weights: both ways back add up
    model, batch = load_base(folder) if learns == "all" else lora(folder), padded(examples())
    usual = token_losses(logits_of(model, batch), batch.targets, smoothing)
    quick = quick_sums(model, batch, smoothing)
    assert [float(value.detach()) for value in quick] == pytest.approx([float(value.detach()) for value in usual], rel=1e-6)
    found = [torch.autograd.grad(sums[0], [w for w in model.parameters() if w.requires_grad]) for sums in (quick, usual)]
    assert all(far(one, other) < CLOSE for one, other in zip(*found, strict=True) if float(other.norm()) > 0)
    assert suits(model, batch)
    assert "forward" not in vars(model.get_output_embeddings())


def test_a_model_that_scales_its_logits_keeps_the_usual_loss(tmp_path: Path) -> None:
    model = load_base(tiny_model(tmp_path, "granite").folder)
    assert not suits(model, padded(examples()))
    assert all(weight.grad is None for weight in model.parameters())


def test_a_step_in_pieces_learns_what_the_whole_padded_batch_does(tmp_path: Path) -> None:
    model, rows = lora(tiny_model(tmp_path).folder), examples()
    whole = learned(model, padded(rows))
    assert choose(model, rows).is_flat
    objective = Objective(model, recipe(), tmp_path, flat(rows))
    model.zero_grad(set_to_none=True)
    pieces = [flat(group) for group in by_tokens(rows, 40)]
    assert len(pieces) > 2
    for piece in pieces:
        objective(model, piece)[0].backward()
    found = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.requires_grad])
    assert far(found, whole) < CLOSE


def test_a_loss_that_compares_examples_gets_its_batch_whole(tmp_path: Path) -> None:
    model, sample = load_base(tiny_model(tmp_path).folder), padded(examples())
    assert Objective(model, recipe(), tmp_path, sample).takes_pieces
    assert not Objective(model, recipe(loss="contrastive"), tmp_path, sample).takes_pieces


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_equal_lengths_in_one_call_attend_as_each_alone(counts: list[int], seed: int) -> None:
    from core.training.attention import Spans, _flat_attention

    generator = torch.Generator().manual_seed(seed)
    groups, end = [], 0
    for length, count in enumerate(counts, 1):
        groups.append((end, end + length * count, count))
        end += length * count
    q, k, v = (torch.randn(1, heads, end, 4, generator=generator) for heads in (4, 2, 2))
    module = torch.nn.Module()
    together = _flat_attention(module, q, k, v, None, flat_spans=Spans(tuple(groups)))[0]
    alone = [(at, at + (b - a) // n, 1) for a, b, n in groups for at in range(a, b, (b - a) // n)]
    assert torch.allclose(together, _flat_attention(module, q, k, v, None, flat_spans=Spans(tuple(alone)))[0], atol=1e-6)
