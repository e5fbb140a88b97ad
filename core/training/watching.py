"""What a training tells beside its loss, for whoever reads the curves: facts of its rows once, and how it answered at each evaluation. Heavy: children only."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import torch

from core.jobs.events import MetricPoint
from core.training.batches import Batch
from core.training.coach.look import FACT
from core.training.encoding import Learned
from core.training.estimate import rounds_of
from core.training.presets import rate_of
from core.training.recipe import Recipe

ACCURACY, PIECES = "eval_accuracy", "eval_token_accuracy"
_SORTS = "classification"


class Answers:
    """Tallies one evaluation, from logits that are there anyway. The right tokens are shown as far as they were right, so an answer counts as right
    just where greedy writing would have written it."""

    def __init__(self) -> None:
        self._right = self._rows = self._right_pieces = self._pieces = 0

    def add(self, logits: torch.Tensor, batch: Batch) -> None:
        owners, said = batch.owners(), logits.argmax(dim=-1)
        rows = int(owners[-1]) + 1
        wrong = torch.zeros(rows, dtype=torch.long, device=owners.device).index_add_(0, owners, (said != batch.targets).long())
        self._right += int((wrong == 0).sum())
        self._rows += rows
        self._right_pieces += int((said == batch.targets).sum())
        self._pieces += len(batch.targets)

    def points(self, step: int, recipe: Recipe) -> Iterator[MetricPoint]:
        """The share of right answers, and the one by which the best is kept."""
        if self._rows and ACCURACY in (recipe.metric_for_best_model, ACCURACY if recipe.task == _SORTS else ""):
            yield MetricPoint(step, ACCURACY, self._right / self._rows)
        if self._rows and recipe.metric_for_best_model == PIECES:
            yield MetricPoint(step, PIECES, self._right_pieces / self._pieces)

    def score(self, recipe: Recipe) -> float:
        """By which the best is kept, the more the better; 0 where the loss alone decides."""
        if not self._rows or recipe.metric_for_best_model == "eval_loss":
            return 0.0
        return self._right / self._rows if recipe.metric_for_best_model == ACCURACY else self._right_pieces / self._pieces


def counts_answers(recipe: Recipe) -> bool:
    """Whether anybody asks how many answers were right."""
    return recipe.task == _SORTS or recipe.metric_for_best_model != "eval_loss"


def facts(recipe: Recipe, train: Sequence[Learned], validation_rows: int, *, parameters: int, steps: int) -> Iterator[MetricPoint]:
    """Counts and shares of the rows; `prior_loss` is the mean token loss of one who reads no text and guesses answers by how common they are."""
    known = {example.ids.tobytes() for example in train}
    told = {
        "train_rows": len(train),
        "train_copies": 1 - len(known) / len(train),
        "validation_rows": validation_rows,
        "steps": steps,
        "epochs": rounds_of(recipe, len(train)),
        "rate": recipe.learning_rate,
        "usual_rate": rate_of(recipe, parameters),
    }
    if recipe.task == _SORTS:
        answers = Counter(_answer(example) for example in train)
        learned = sum(int(example.learned[1:].sum()) for example in train)
        told |= {
            "majority": max(answers.values()) / len(train),
            "prior_loss": _entropy(answers) * len(train) / learned,
        }
    for name, value in told.items():
        yield MetricPoint(0, FACT + name, float(value))


def _answer(example: Learned) -> bytes:
    return bytes(example.ids[example.learned].tobytes())


def _entropy(counts: Counter[bytes]) -> float:
    """In nats."""
    total = sum(counts.values())
    return -sum(count / total * math.log(count / total) for count in counts.values())
