"""What the tests of losses arrange: two files of one's own, a few examples, a tiny model, and the gradient of a step."""

from collections.abc import Sequence
from pathlib import Path

import torch

from core.models.load import load_base
from core.training.attention import FLAT, register
from core.training.batches import flat, padded
from core.training.encoding import Learned
from core.training.objective import Objective
from core.training.recipe import Recipe
from tests.unit.training_bench import recipe

SEED_FORM = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class CustomContrastiveLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        distance = F.pairwise_distance(output1, output2, keepdim=True)
        return torch.mean((1 - label) * distance.pow(2) + label * torch.clamp(self.margin - distance, min=0.0).pow(2))
"""
TOKEN_FORM = """
import torch

class Mine(torch.nn.Module):
    def forward(self, logits, targets):
        return torch.nn.functional.cross_entropy(logits, targets, reduction="none")
"""


def examples(answers: Sequence[int] = (0, 1, 0, 2, 1, 0)) -> list[Learned]:
    """Texts of several lengths with three tokens of answer each."""
    import numpy

    random = numpy.random.default_rng(0)
    made = []
    for number, answer in enumerate(answers):
        text = random.integers(6, 260, 5 + 3 * (number % 3))
        ids = numpy.concatenate([text, numpy.array([20 + answer, 30 + answer, 4])])
        made.append(Learned(ids, numpy.arange(len(ids)) >= len(text)))
    return made


def model_in(folder: Path, *, is_flat: bool) -> torch.nn.Module:
    register()
    model = load_base(folder / "llama")
    if is_flat:
        model.set_attn_implementation(FLAT)
    return model


def chosen(name: str, **options) -> Recipe:
    return recipe(loss=name, loss_options={"file": "mine.py", **options} if name == "own" else options)


def gradient(folder: Path, picked: Recipe, parts: Sequence[Sequence[Learned]], *, is_flat: bool) -> torch.Tensor:
    """Of a step whose examples come in these parts; the base is told apart from a model that has moved on."""
    model, layout = model_in(folder, is_flat=is_flat), flat if is_flat else padded
    objective = Objective(model, picked, folder, layout(parts[0]))
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    batches = [layout(part) for part in parts]
    for batch in batches:
        (objective(model, batch)[0] / sum(len(batch.targets) for batch in batches)).backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])
