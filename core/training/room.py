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
    for smaller in _smaller(recipe, _SMALLEST_USUAL):
        recipe = smaller
        yield recipe
    if not recipe.activation_checkpointing:
        recipe = recipe.model_copy(update={"activation_checkpointing": True})
        yield recipe
    yield from _smaller(recipe, 1)


def _smaller(recipe: Recipe, least: int) -> Iterator[Recipe]:
    rows, times = recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps
    while rows // (parts := _parts(rows)) >= least and parts > 1:
        rows, times = rows // parts, times * parts
        yield recipe.model_copy(update={"per_device_train_batch_size": rows, "gradient_accumulation_steps": times})


def _parts(rows: int) -> int:
    """In how few equal parts they can go: halves, for odd numbers thirds and so on, single rows for primes."""
    return next((parts for parts in range(2, rows + 1) if rows % parts == 0), 1)
