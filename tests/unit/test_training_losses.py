"""Losses: each against torch, on flat and padded batches, and cut into several batches a step."""

import copy
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from core.methods.base import method
from core.training.batches import flat, padded
from core.training.loss import logits_of
from core.training.losses.base import UnknownLoss, loss, loss_options_of, losses
from core.training.losses.contrastive import pair_term
from core.training.losses.own import OWN_FILE
from core.training.objective import Objective, answers_of
from core.training.recipe import BadRecipe, Recipe
from tests.unit.losses_bench import SEED_FORM, chosen, examples, gradient, model_in
from tests.unit.training_bench import recipe, tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("losses")
    tiny_model(made / "llama")
    (made / OWN_FILE).write_text(SEED_FORM)
    return made


ALL = sorted(losses())


def test_every_loss_stands_in_a_file_and_has_words():
    assert {"cross_entropy", "label_smoothing", "focal", "contrastive", "kl", "own"} <= set(ALL)
    for one in losses().values():
        assert one.label
        assert one.explanation.endswith(".")
        assert one.Options.model_json_schema()["properties"] is not None or one.name == "cross_entropy"


@pytest.mark.parametrize("name", ALL)
def test_flat_and_padded_batches_give_the_same_gradient(name, folder):
    ours, expected = (gradient(folder, chosen(name), [examples()], is_flat=is_flat) for is_flat in (True, False))
    assert float(expected.norm()) > 0
    assert float((ours - expected).norm() / expected.norm()) < 1e-5


@pytest.mark.parametrize("name", ["cross_entropy", "label_smoothing", "focal", "kl"])
def test_a_step_cut_into_batches_has_the_gradient_of_the_whole(name, folder):
    made = examples()
    whole, cut = (gradient(folder, chosen(name), parts, is_flat=True) for parts in ([made], [made[:1], made[1:3], made[3:]]))
    assert float((whole - cut).norm() / whole.norm()) < 1e-5


def test_a_term_on_pairs_weighs_by_the_learned_tokens_of_its_batch(folder):
    made = examples((0, 1, 0, 0, 1, 1))
    model = model_in(folder, is_flat=True)
    objective, plain = (Objective(model, chosen(name), folder, flat(made)) for name in ("contrastive", "cross_entropy"))
    with torch.no_grad():
        terms = [(objective(model, flat(part))[0] - plain(model, flat(part))[0]) / (9 * 0.5) for part in (made[:3], made[3:])]
        states = [model(**flat(part).inputs(), output_hidden_states=True).hidden_states[-1][0] for part in (made[:3], made[3:])]
    for term, state, part in zip(terms, states, (made[:3], made[3:]), strict=True):
        batch = flat(part)
        first = batch.predicts[0].nonzero().squeeze(1)[::3]
        assert float(term) == pytest.approx(float(pair_term(state[first], answers_of(batch, batch.owners()), 1.0)), rel=1e-4)


logits_and_targets = st.integers(0, 10_000).map(lambda seed: _drawn(seed))


def _drawn(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(7, 11, generator=random), torch.randint(0, 11, (7,), generator=random)


def token_losses(name: str, values, smoothing: float = 0.0, **options) -> torch.Tensor:
    one = loss(name)
    return one.token_losses(
        log_softmax(values[0], dim=-1),
        values[1],
        one.Options.model_validate({"smoothing": options["share"]} if "share" in options else options),
        smoothing,
    )


@given(logits_and_targets, st.sampled_from([0.0, 0.1, 0.3]))
@settings(max_examples=40, deadline=None)
def test_cross_entropy_and_smoothing_are_torch_s(values, smoothing):
    expected = cross_entropy(*values, reduction="none", label_smoothing=smoothing)
    assert torch.allclose(token_losses("cross_entropy", values, smoothing), expected, atol=1e-5)
    assert torch.allclose(token_losses("label_smoothing", values, share=smoothing), expected, atol=1e-5)


def test_smoothing_by_name_takes_the_recipe_s_share_where_it_says_none():
    values = _drawn(3)
    assert torch.equal(token_losses("label_smoothing", values, share=0.2), token_losses("label_smoothing", values, smoothing=0.2))
    assert torch.equal(token_losses("label_smoothing", values), token_losses("label_smoothing", values, smoothing=0.1))


@given(logits_and_targets, st.sampled_from([0.0, 0.2]))
@settings(max_examples=40, deadline=None)
def test_focal_with_gamma_0_is_cross_entropy_with_the_same_gradient(values, smoothing):
    found = []
    for name, options in (("focal", {"gamma": 0}), ("focal", {"gamma": 1e-9}), ("cross_entropy", {})):
        logits = values[0].clone().requires_grad_()
        losses_of = token_losses(name, (logits, values[1]), smoothing, **options)
        losses_of.sum().backward()
        found.append((losses_of.detach(), logits.grad))
    for ours in found[:2]:
        assert torch.allclose(ours[0], found[2][0], atol=1e-5)
        assert torch.allclose(ours[1], found[2][1], atol=1e-5)


@given(logits_and_targets, st.floats(0.1, 5))
@settings(max_examples=40, deadline=None)
def test_focal_is_the_paper_s(values, gamma):
    likely = torch.softmax(values[0], dim=-1)[torch.arange(7), values[1]]
    assert torch.allclose(token_losses("focal", values, gamma=gamma), -((1 - likely) ** gamma) * likely.log(), atol=1e-4)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_focal_has_a_gradient_where_the_model_is_certain(gamma):
    logits = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    token_losses("focal", (logits, torch.tensor([0])), gamma=gamma).sum().backward()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("is_flat", [True, False])
def test_kl_is_torch_s_and_0_at_the_start(is_flat, folder):
    model, batch = model_in(folder, is_flat=is_flat), (flat if is_flat else padded)(examples())
    before = log_softmax(logits_of(model, batch), dim=-1).detach()
    objective = Objective(model, chosen("kl", weight=0.7), folder, batch)
    learned, plain = objective(model, batch)
    assert float(learned) == pytest.approx(float(plain), rel=1e-6)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
        now = log_softmax(logits_of(model, batch), dim=-1)
        learned, plain = objective(model, batch)
    expected = 0.7 * float(kl_div(now, before, reduction="sum", log_target=True))
    assert expected > 0.01
    assert float(learned - plain) == pytest.approx(expected, rel=1e-4)


def test_kl_switches_an_adapter_off_and_copies_what_has_none(folder):
    batch = padded(examples())
    whole = Objective(model_in(folder, is_flat=False), chosen("kl"), folder, batch)
    assert "second copy" in str(whole.told())
    lora = method("lora")
    adapted = lora.apply(model_in(folder, is_flat=False), lora.Options())
    objective = Objective(adapted.train(), chosen("kl"), folder, batch)
    assert objective.told() is None
    (objective(adapted, batch)[0]).backward()
    assert adapted.training
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in adapted.parameters())


def test_the_pair_term_is_hadsell_s_on_vectors_of_length_1():
    pooled = torch.tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]])
    found = float(pair_term(pooled, torch.tensor([0, 0, 1]), 1.0))
    near = 2 - 2 * 2**-0.5
    assert found == pytest.approx(0.5 * 2 + 0.5 * (1 - near**0.5) ** 2, rel=1e-5)
    assert pair_term(pooled[:1], torch.tensor([0]), 1.0) is None
    same = torch.ones(3, 2, requires_grad=True)
    pair_term(same, torch.tensor([0, 0, 1]), 1.0).backward()
    assert torch.isfinite(same.grad).all()


def test_faults_in_the_choice_of_a_loss_are_named():
    with pytest.raises(UnknownLoss, match="cross_entropy, focal"):
        loss_options_of(recipe(loss="hinge"))
    with pytest.raises(BadRecipe, match=r"loss_options\.gamma"):
        loss_options_of(recipe(loss="focal", loss_options={"gamma": -1}))
    with pytest.raises(BadRecipe, match="classification"):
        loss_options_of(recipe(loss="contrastive", task="generation"))
    assert loss_options_of(Recipe.from_toml('task = "classification"\nlabel_smoothing_factor = 0.1')).model_dump() == {}


def test_the_answer_is_never_in_what_stands_for_a_text(folder):
    """Else a term on pairs would learn from the label instead of the text."""
    made = examples()
    changed = copy.deepcopy(made)
    for example in changed:
        example.ids[example.learned] += 40
    from core.training.objective import _pooled

    for is_flat, layout in ((True, flat), (False, padded)):
        model = model_in(folder, is_flat=is_flat)
        for pooling in ("end", "mean"):
            with torch.no_grad():
                one, other = (_pooled(model, layout(rows), pooling)[1] for rows in (made, changed))
            assert torch.allclose(one, other, atol=1e-6)
