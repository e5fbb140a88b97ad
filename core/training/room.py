"""Where memory asks for it: a recipe with the same learning in less room. Smaller batches that are added up, then intermediate results worked out twice."""

from collections.abc import Callable, Iterator

from core.training.recipe import Recipe

_SMALLEST_USUAL = 4  # rows at once; below, a processor works far slower, so working things out twice comes first


def fitted(recipe: Recipe, needed_bytes: Callable[[Recipe], int], room_bytes: int) -> Recipe:
    """The first that fits of `recipe` and its sparing kin; the most sparing one where none does, since only a start can show."""
    found = recipe
    for found in (recipe, *sparing(recipe)):
        if needed_bytes(found) <= room_bytes:
            return found
    return found


def sparing(recipe: Recipe) -> Iterator[Recipe]:
    """Each needs less than the one before, and learns from the same rows in each correction."""
    for halved in _halved(recipe, _SMALLEST_USUAL):
        recipe = halved
        yield recipe
    if not recipe.activation_checkpointing:
        recipe = recipe.model_copy(update={"activation_checkpointing": True})
        yield recipe
    yield from _halved(recipe, 1)


def _halved(recipe: Recipe, least: int) -> Iterator[Recipe]:
    rows, times = recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps
    while rows % 2 == 0 and rows // 2 >= least:
        rows, times = rows // 2, times * 2
        yield recipe.model_copy(update={"per_device_train_batch_size": rows, "gradient_accumulation_steps": times})
