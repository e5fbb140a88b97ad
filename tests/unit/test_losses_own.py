"""A loss of one's own: what its file may say, what is found out about it, and what is refused in a sentence."""

from pathlib import Path

import pytest
import torch

from core.training.batches import flat
from core.training.losses.own import OWN_FILE, OwnLossFault, PairLoss, loaded
from core.training.objective import Objective
from tests.unit.losses_bench import SEED_FORM, TOKEN_FORM, chosen, examples, model_in
from tests.unit.training_bench import tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("losses")
    tiny_model(made / "llama")
    (made / OWN_FILE).write_text(SEED_FORM)
    return made


def test_the_seed_form_loads_as_written_and_takes_pairs(folder):
    module, takes = loaded(folder / OWN_FILE, "mine.py", "", {"margin": 1.5})
    assert (takes, module.margin) == (3, 1.5)
    one, other = torch.randn(8, 4), torch.randn(8, 4)
    equal = torch.tensor([True, False] * 4)
    distance = torch.nn.functional.pairwise_distance(one, other)
    expected = torch.where(equal, distance**2, (1.5 - distance).clamp_min(0) ** 2).mean()
    assert float(PairLoss(module, "mine.py")(one, other, equal)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("same", ["label", "(1 - label)"])
@pytest.mark.parametrize("keepdim", ["True", "False"])
def test_the_meaning_and_shape_of_a_pair_s_label_are_found_out(same, keepdim, tmp_path):
    text = SEED_FORM.replace("(1 - label) * distance", "SAME * distance").replace("+ label *", "+ (1 - SAME) *")
    (tmp_path / "mine.py").write_text(text.replace("SAME", same).replace("keepdim=True", f"keepdim={keepdim}"))
    module, _ = loaded(tmp_path / "mine.py", "mine.py", "", {})
    one, other, equal = torch.randn(5, 4), torch.randn(5, 4), torch.tensor([True, False, False, True, False])
    distance = torch.nn.functional.pairwise_distance(one, other)
    expected = torch.where(equal, distance**2, (1 - distance).clamp_min(0) ** 2).mean()
    assert float(PairLoss(module, "mine.py")(one, other, equal)) == pytest.approx(float(expected), rel=1e-5)


def test_a_file_s_own_token_loss_is_used_in_place_of_cross_entropy(folder, tmp_path):
    (tmp_path / OWN_FILE).write_text(TOKEN_FORM)
    model, batch = model_in(folder, is_flat=True), flat(examples())
    learned, plain = Objective(model, chosen("own"), tmp_path, batch)(model, batch)
    assert float(learned) == pytest.approx(float(plain), rel=1e-6)


FAULTS = {
    "shape": ("return torch.zeros(3) + logits.sum()", "shape"),
    "detached": ("return logits.detach().sum()", "gradient"),
    "infinite": ("return logits.sum() / 0", "infinity"),
    "constant": ("return logits.sum() * 0", "gradient"),
    "none": ("return None", "NoneType"),
    "raises": ("return logits @ targets", "called"),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_file_that_breaks_the_contract_is_refused_in_a_sentence(fault, folder, tmp_path):
    body, why = FAULTS[fault]
    (tmp_path / OWN_FILE).write_text(f"import torch\nclass Mine(torch.nn.Module):\n    def forward(self, logits, targets):\n        {body}\n")
    with pytest.raises(OwnLossFault, match=why):
        Objective(model_in(folder, is_flat=True), chosen("own"), tmp_path, flat(examples()))


@pytest.mark.parametrize(
    "text", ["class Mine(", "import nothing_of_that_name", "x = 1", TOKEN_FORM + SEED_FORM, SEED_FORM.replace("label):", "label, more):")]
)
def test_a_file_that_is_no_loss_is_refused_in_a_sentence(text, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(OwnLossFault, match="mine.py"):
        loaded(tmp_path / "mine.py", "mine.py", "", {})
