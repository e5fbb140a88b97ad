"""When a training does not fit, what is proposed helps, changes just what it says, and can be taken with one click."""

import json
from collections.abc import Callable
from typing import Any

from core.models.installed import Shape
from core.training.estimate import estimate
from core.training.recipe import Recipe
from core.training.remedies import remedies
from tests.unit.training_bench import recipe

GB = 1 << 30
BIG = Shape("big", "llama", 1_200_000_000, 2048, 20, 49_152, 8192)


def needs(shape: Shape = BIG, row_tokens: float = 400.0) -> Callable[[Recipe], int]:
    def bytes_of(one: Recipe) -> int:
        return estimate(one, shape, train_rows=1000, row_tokens=row_tokens, probe=None, memory_free=0, disk_free=0).memory_bytes

    return bytes_of


def large(**changes: Any) -> Recipe:
    return recipe(**{"method": "full", "per_device_train_batch_size": 32, "max_length": 4096, "method_options": {}, **changes})


def test_what_fits_needs_no_remedy() -> None:
    assert remedies(large(), needs(), 10_000 * GB) == ()


def test_each_remedy_needs_less_and_its_changes_make_the_recipe_that_was_counted() -> None:
    needed, before = needs(), large()
    found = remedies(before, needed, 8 * GB)
    assert {one.name for one in found} == {"smaller_batch", "checkpointing", "lora", "shorter"}
    for one in found:
        changed = Recipe.of({**before.model_dump(), **json.loads(json.dumps(one.changes))})
        assert needed(changed) == one.memory_bytes < needed(before)
        assert one.fits is (one.memory_bytes <= 8 * GB)


def test_fewer_rows_at_once_learn_from_as_many_in_each_correction() -> None:
    found = next(one for one in remedies(large(), needs(), 8 * GB) if one.name == "smaller_batch")
    rows, times = found.changes["per_device_train_batch_size"], found.changes["gradient_accumulation_steps"]
    assert rows * times == 32


def test_what_would_not_help_is_not_proposed() -> None:
    """LoRA is there already, its intermediate results are worked out twice already, and short rows are a piece together anyway."""
    sparing = large(method="lora", activation_checkpointing=True, per_device_train_batch_size=2, max_length=128)
    assert [one.name for one in remedies(sparing, needs(row_tokens=100.0), GB)] == []
