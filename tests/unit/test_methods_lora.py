"""LoRA and full fine-tuning on a real tiny model: what is saved, loaded and merged answers as what was trained."""

import json
import subprocess
import sys

import pytest
import torch

from core.methods.adapter import UnknownLayer
from core.methods.base import Merge, method, methods
from core.models.load import load_base, load_model
from core.models.reference import ModelReference
from core.training.options import options_of
from core.training.recipe import BadRecipe
from tests.unit.training_bench import recipe, tiny_model

IDS = torch.tensor([[7, 40, 90, 12, 200, 33]])


def learned(base, name, **options):
    """A model of the method whose learned weights are not those of the start."""
    chosen = method(name)
    model = chosen.apply(load_base(base.folder), chosen.Options(**options))
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn_like(weight))
    return chosen, model.eval()


def logits(model):
    with torch.no_grad():
        return model(input_ids=IDS).logits


@pytest.mark.parametrize(
    "options", [{}, {"r": 4, "lora_alpha": 4, "use_rslora": True}, {"target_modules": ("q_proj", "v_proj"), "lora_dropout": 0.1}]
)
@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_a_merged_lora_answers_as_the_adapter_did(tmp_path, architecture, options):
    base = tiny_model(tmp_path / "base", architecture)
    chosen, model = learned(base, "lora", **options)
    folder = tmp_path / "adapter"
    chosen.save(model, folder)
    expected = logits(model)
    assert (expected - logits(load_base(base.folder))).abs().max() > 1e-3
    assert torch.allclose(logits(chosen.load(load_base(base.folder), folder)), expected, atol=1e-6)
    merged = load_model(ModelReference(name="tuned", folder=folder, base=base.folder, method="lora"))
    assert torch.allclose(logits(merged), expected, atol=2e-6)
    assert not [name for name, _ in merged.named_modules() if "lora" in name]


def test_lora_saves_only_what_it_learned_as_safetensors(tmp_path):
    chosen, model = learned(tiny_model(tmp_path / "base"), "lora", r=2)
    chosen.save(model, tmp_path / "adapter")
    names = {file.name for file in (tmp_path / "adapter").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt"))]
    assert json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())["r"] == 2


def test_a_layer_that_the_model_has_not_is_named_with_those_it_has(tmp_path):
    base = load_base(tiny_model(tmp_path).folder)
    chosen = method("lora")
    with pytest.raises(UnknownLayer) as caught:
        chosen.apply(base, chosen.Options(target_modules=("q_proj", "query")))
    assert caught.value.facts["wanted"] == "query"
    assert "q_proj" in str(caught.value)


def test_a_whole_model_is_kept_and_read_back_exactly(tmp_path):
    base = tiny_model(tmp_path / "base")
    chosen, model = learned(base, "full")
    chosen.save(model, tmp_path / "model")
    assert torch.equal(logits(chosen.merged(load_base(base.folder), tmp_path / "model")), logits(model))


def test_every_method_says_how_it_merges_and_what_can_be_set():
    assert {"full", "lora"} <= set(methods())
    for one in methods().values():
        assert isinstance(one.merge, Merge)
        assert one.Options().model_dump() is not None
        assert all(field.description for field in one.Options.model_fields.values())


def test_adalora_is_told_before_the_start_that_it_has_nothing_to_take_away():
    with pytest.raises(BadRecipe, match=r"target_r \(8\) must be smaller than init_r \(8\)"):
        options_of(recipe(method="adalora", method_options={"init_r": 8}))


def test_listing_the_methods_and_their_recipes_imports_nothing_heavy() -> None:
    """The web process does it for every person who opens the Method page."""
    code = (
        "import sys; from core.methods.base import methods; from core.training.losses.base import losses; import core.workshop, core.actions.train\n"
        "methods(), losses(); print([name for name in ('torch', 'transformers', 'peft', 'optuna', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
