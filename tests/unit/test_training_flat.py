"""Flat batches against padded ones, on real tiny models of several architectures."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.load import load_base
from core.training.attention import FLAT, Spans, register
from core.training.batches import by_tokens, flat, padded
from core.training.encoding import Learned
from core.training.layout import choose, gradient
from core.training.loss import logits_of, token_losses
from tests.unit.training_bench import ARCHITECTURES, tiny_model

LENGTHS = (5, 9, 9, 9, 14, 23, 40)  # equal ones together, some longer than the tiny models' sliding window of 16


def examples(lengths: tuple[int, ...] = LENGTHS, seed: int = 0) -> list[Learned]:
    import numpy

    random = numpy.random.default_rng(seed)
    made = []
    for length in lengths:
        learned = numpy.zeros(length, dtype=bool)
        learned[length // 2 :] = True
        made.append(Learned(random.integers(6, 260, length), learned))
    return made


def flat_model(folder: Path, architecture: str) -> torch.nn.Module:
    register()
    model = load_base(tiny_model(folder / architecture, architecture).folder)
    model.set_attn_implementation(FLAT)
    return model


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_flat_and_padded_batches_give_the_same_loss_and_gradient(architecture, tmp_path):
    model, chosen = flat_model(tmp_path, architecture), examples()
    ours = gradient(model, flat(chosen))
    loss = token_losses(logits_of(model, flat(chosen)), flat(chosen).targets)[1]
    model.set_attn_implementation("sdpa")
    expected = gradient(model, padded(chosen))
    expected_loss = token_losses(logits_of(model, padded(chosen)), padded(chosen).targets)[1]
    assert float((ours - expected).norm() / expected.norm()) < 1e-5
    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-6)


def test_the_loss_is_the_one_that_transformers_computes_for_padded_labels(tmp_path):
    model, chosen = load_base(tiny_model(tmp_path, "llama").folder), examples()
    batch = padded(chosen)
    labels = torch.full_like(batch.input_ids, -100)
    for row, example in enumerate(chosen):
        labels[row, : len(example.ids)] = torch.where(torch.from_numpy(example.learned), torch.from_numpy(example.ids), -100)
    expected = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=labels).loss.detach()
    ours = token_losses(logits_of(model, batch), batch.targets)[1] / len(batch.targets)
    assert float(ours) == pytest.approx(float(expected), rel=1e-6)


def test_examples_that_saw_each_other_would_change_the_gradient(tmp_path):
    """What laying end to end does without its own attention: so this comparison can tell right from wrong."""
    model, chosen = flat_model(tmp_path, "llama"), flat(examples())
    right = gradient(model, chosen)
    leaking = replace(chosen, spans=Spans(((0, chosen.tokens, 1),)), position_ids=torch.arange(chosen.tokens)[None])
    assert float((right - gradient(model, leaking)).norm() / right.norm()) > 1e-2


def test_an_example_does_not_see_its_neighbour(tmp_path):
    model = flat_model(tmp_path, "qwen3")
    one, other = examples((12, 20)), examples((12, 20), seed=1)
    with torch.no_grad():
        alone = logits_of(model, flat([one[0]]))
        beside = logits_of(model, flat([one[0], other[1]]))[: len(alone)]
    assert torch.allclose(alone, beside, atol=1e-5)


def test_a_model_that_takes_flat_batches_is_found_out(tmp_path):
    model = load_base(tiny_model(tmp_path, "llama").folder)
    layout = choose(model, examples())
    assert layout.is_flat
    assert layout.told() is None
    assert layout.difference is not None
    assert layout.difference < 1e-6
    assert model.config._attn_implementation == FLAT


def test_a_model_whose_attention_wants_more_trains_padded_and_says_so(tmp_path):
    """Gemma 2 caps its attention scores, which the quick attention function cannot do."""
    import transformers

    config = transformers.Gemma2Config(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                                       num_key_value_heads=2, head_dim=8, sliding_window=16, query_pre_attn_scalar=8)  # fmt: skip
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    layout = choose(model, examples())
    assert not layout.is_flat
    assert "gemma2" in str(layout.told())
    assert model.config._attn_implementation == "eager"


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_label_smoothing_is_torch_s(smoothing):
    logits, targets = torch.randn(7, 11), torch.randint(0, 11, (7,))
    ours, plain = token_losses(logits, targets, smoothing)
    assert float(ours) == pytest.approx(
        float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing)), rel=1e-6
    )
    assert float(plain) == pytest.approx(float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum")), rel=1e-6)


@given(st.lists(st.integers(2, 60), min_size=1, max_size=20), st.integers(1, 200))
@settings(max_examples=50, deadline=None)
def test_every_real_token_is_in_a_batch_once_and_filling_is_not_counted(lengths, budget):
    made = examples(tuple(lengths))
    assert flat(made).tokens == padded(made).tokens == sum(lengths)
    assert sorted(flat(made).targets.tolist()) == sorted(padded(made).targets.tolist())
    groups = list(by_tokens(made, budget))
    assert sum(len(group) for group in groups) == len(made)
    assert all(len(group) == 1 or sum(len(one.ids) for one in group) <= budget for group in groups)
