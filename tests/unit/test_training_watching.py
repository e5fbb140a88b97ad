"""What a training tells of its rows and answers is what a person would count."""

import math

import numpy
import pytest
import torch

from core.training.batches import flat, padded
from core.training.coach.look import FACT
from core.training.encoding import Learned
from core.training.watching import ACCURACY, Answers, facts
from tests.unit.training_bench import recipe


def example(text: list[int], answer: list[int]) -> Learned:
    ids = numpy.array([*text, *answer], dtype=numpy.int64)
    return Learned(ids, numpy.arange(len(ids)) >= len(text))


@pytest.mark.parametrize("layout", [flat, padded])
def test_an_answer_is_right_when_all_of_its_tokens_are(layout):
    batch = layout([example([7, 8], [20, 4]), example([7, 8, 9], [21, 22, 4]), example([6], [23, 4]), example([6, 6, 6, 6], [24, 25, 26, 4])])
    logits = torch.nn.functional.one_hot(batch.targets, 30).float()
    missed = batch.targets == 22  # the second answer begins right and goes on wrong
    logits[missed] = torch.nn.functional.one_hot(torch.tensor(5), 30).float()
    tally = Answers()
    tally.add(logits, batch)
    tally.add(torch.nn.functional.one_hot(batch.targets, 30).float(), batch)
    assert [(point.name, point.value) for point in tally.points(3, recipe())] == [(ACCURACY, 7 / 8)]
    assert list(Answers().points(3, recipe())) == []


def test_the_facts_of_the_rows_are_counted():
    rows = [example([7, 8], [20, 4]), example([7, 8], [20, 4]), example([9], [20, 4]), example([6], [21, 4])]
    told = {point.name.removeprefix(FACT): point.value for point in facts(recipe(), rows, 5, parameters=1000, steps=12)}
    assert (told["train_rows"], told["validation_rows"], told["steps"], told["epochs"]) == (4, 5, 12, 4)
    assert (told["train_copies"], told["majority"]) == (0.25, 0.75)
    guess = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))  # nats an answer, of two tokens each
    assert told["prior_loss"] == pytest.approx(guess / 2)
    assert "majority" not in {point.name.removeprefix(FACT) for point in facts(recipe(task="generation"), rows, 0, parameters=1000, steps=1)}
