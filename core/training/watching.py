"""What a training tells beside its loss, for whoever reads the curves: facts of its rows once, and how it answered at each evaluation. Heavy: children only."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import torch

from core.jobs.events import MetricPoint
from core.training.batches import Batch
from core.training.coach.look import FACT
from core.training.encoding import Learned
from core.training.presets import usual_rate
from core.training.recipe import Recipe

ACCURACY, VARIETY = "eval_accuracy", "eval_variety"
_SORTS = "classification"


class Answers:
    """Tallies one evaluation of a task that sorts, from logits that are there anyway. The right tokens are shown as far as they were right, so an
    answer counts as right just where greedy writing would have written it."""

    def __init__(self) -> None:
        self._right = self._rows = 0
        self._begun: Counter[int] = Counter()
        self._wanted: Counter[int] = Counter()

    def add(self, logits: torch.Tensor, batch: Batch) -> None:
        owners, said = batch.owners(), logits.argmax(dim=-1)
        rows = int(owners[-1]) + 1
        wrong = torch.zeros(rows, dtype=torch.long, device=owners.device).index_add_(0, owners, (said != batch.targets).long())
        first = torch.ones_like(owners, dtype=torch.bool)
        first[1:] = owners[1:] != owners[:-1]
        self._right += int((wrong == 0).sum())
        self._rows += rows
        self._begun.update(said[first].tolist())
        self._wanted.update(batch.targets[first].tolist())

    def points(self, step: int) -> Iterator[MetricPoint]:
        """The share of right answers; how many kinds of beginnings it writes, against how many there are (1: as many)."""
        if self._rows:
            yield MetricPoint(step, ACCURACY, self._right / self._rows)
        if len(self._wanted) > 1:
            yield MetricPoint(step, VARIETY, math.exp(_entropy(self._begun) - _entropy(self._wanted)))


def facts(recipe: Recipe, train: Sequence[Learned], validation: Sequence[Learned], *, parameters: int, steps: int) -> Iterator[MetricPoint]:
    """Counts and shares of the rows; `prior_loss` is the mean token loss of one who reads no text and guesses answers by how common they are."""
    known = Counter(_whole(example) for example in train)
    told = {
        "train_rows": len(train),
        "train_copies": 1 - len(known) / len(train),
        "validation_rows": len(validation),
        "validation_seen": sum(_whole(example) in known for example in validation) / len(validation) if validation else 0.0,
        "steps": steps,
        "epochs": recipe.num_train_epochs,
        "rate": recipe.learning_rate,
        "usual_rate": usual_rate(recipe.method, parameters),
    }
    if recipe.task == _SORTS:
        answers = Counter(_answer(example) for example in train)
        learned = sum(int(example.learned[1:].sum()) for example in train)
        told |= {
            "answers": len(answers),
            "majority": max(answers.values()) / len(train),
            "prior_loss": _entropy(answers) * len(train) / learned,
        }
    for name, value in told.items():
        yield MetricPoint(0, FACT + name, float(value))


def _whole(example: Learned) -> bytes:
    return bytes(example.ids.tobytes())


def _answer(example: Learned) -> bytes:
    return bytes(example.ids[example.learned].tobytes())


def _entropy(counts: Counter[int] | Counter[bytes]) -> float:
    """In nats."""
    total = sum(counts.values())
    return -sum(count / total * math.log(count / total) for count in counts.values())
