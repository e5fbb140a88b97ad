"""Resident children: loaded once, at most so many, let go when idle or when room is needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.inference.loaded import ModelGone
from core.inference.pool import Inference
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn
from tests.unit.training_bench import tiny_model

ASKED = [Turn(role="user", content="Where is my card?")]
LONG = Constraint(regex="[a-z]{300,}")  # a random model would end, or write broken letters, when it likes


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[ModelReference]:
    folder = tmp_path_factory.mktemp("models")
    return [tiny_model(folder / str(seed), seed=seed, max_position_embeddings=4096) for seed in range(3)]


@pytest.fixture(scope="module")
def pool() -> Iterator[Inference]:
    inference = Inference(threads=1)
    yield inference
    inference.close()


def test_two_models_answer_side_by_side_and_a_third_takes_the_place_of_the_least_used(pool: Inference, models: list[ModelReference]) -> None:
    first, second = (pool.stream(model, ASKED, max_new_tokens=300, constraint=LONG) for model in models[:2])
    assert [next(stream) != "" for _ in range(3) for stream in (first, second)] == [True] * 6
    first.close()
    second.close()
    assert {model.folder for model in pool.loaded()} == {model.folder for model in models[:2]}
    pool.answer(models[1], ASKED, max_new_tokens=1)
    assert pool.answer(models[2], ASKED, constraint=Constraint(choices=("yes", "no"))) in ("yes", "no")
    assert {model.folder for model in pool.loaded()} == {model.folder for model in models[1:]}


def test_an_answer_that_is_closed_early_leaves_the_model_ready_for_the_next(pool: Inference, models: list[ModelReference]) -> None:
    stream = pool.stream(models[1], ASKED, max_new_tokens=3000, constraint=LONG)
    next(stream)
    stream.close()
    assert pool.answer(models[1], ASKED, constraint=Constraint(choices=("yes",))) == "yes"


def test_a_model_that_does_not_load_is_told_in_the_childs_own_sentence_and_is_not_kept(pool: Inference, tmp_path: Path) -> None:
    from core.models.load import ModelIncomplete

    with pytest.raises(ModelIncomplete, match=r"config\.json"):
        pool.answer(ModelReference(name="empty", folder=tmp_path), ASKED)
    assert tmp_path not in {model.folder for model in pool.loaded()}


def test_a_child_that_is_killed_is_told_and_loaded_anew(pool: Inference, models: list[ModelReference]) -> None:
    stream = pool.stream(models[1], ASKED, max_new_tokens=3000, constraint=LONG)
    next(stream)
    child = next(child for child in pool._children.values() if child.reference == models[1])
    child._process.kill()
    with pytest.raises(ModelGone, match="Ask again"):
        list(stream)
    assert pool.answer(models[1], ASKED, constraint=Constraint(choices=("yes",))) == "yes"


def test_evict_lets_go_of_what_is_idle_and_leaves_an_answer_alone(pool: Inference, models: list[ModelReference]) -> None:
    pool.answer(models[2], ASKED, max_new_tokens=1)
    stream = pool.stream(models[1], ASKED, max_new_tokens=20, constraint=LONG)
    next(stream)
    pool.evict()
    assert [model.folder for model in pool.loaded()] == [models[1].folder]
    list(stream)


def test_an_idle_model_is_let_go_by_itself_and_closing_ends_the_rest(models: list[ModelReference]) -> None:
    inference = Inference(idle_s=0.2, threads=1)
    try:
        inference.answer(models[0], ASKED, max_new_tokens=1)
        with inference._changed:
            assert inference._changed.wait_for(lambda: not inference._children, 20)
    finally:
        inference.close()
    assert inference._sweeper is not None
    assert not inference._sweeper.is_alive()
