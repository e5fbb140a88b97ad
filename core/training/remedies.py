"""What to do when a training does not fit into memory: changes of its recipe that make it need less, each with what it costs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.methods.base import Merge, method
from core.sentence import Sentence
from core.training.recipe import Recipe
from core.training.room import sparing

_SHORTEST = 128  # tokens; less cuts nearly every text
_WORTH = 0.97  # a change that leaves more than this share of the memory is none


@dataclass(frozen=True)
class Remedy:
    """`changes` are fields of the recipe, as edit-recipe takes them; `memory_bytes` is what the training then needs."""

    name: str
    said: Sentence
    changes: dict[str, Any]
    memory_bytes: int
    fits: bool


def remedies(recipe: Recipe, needed: Callable[[Recipe], int], room_bytes: int) -> tuple[Remedy, ...]:
    """Those that help, the mildest first; nothing for a recipe that fits. `needed` gives a recipe's bytes."""
    now = needed(recipe)
    if now <= room_bytes:
        return ()
    found = []
    for name, said, kin in (_less_at_once(recipe), _twice(recipe), _lora(recipe), _shorter(recipe)):
        best = next((one for one in kin if needed(one) <= room_bytes), kin[-1] if kin else recipe)
        bytes_then = needed(best)
        if bytes_then < _WORTH * now:
            found.append(Remedy(name, said, best.changes_from(recipe), bytes_then, bytes_then <= room_bytes))
    return tuple(found)


Candidate = tuple[str, Sentence, list[Recipe]]


def _less_at_once(recipe: Recipe) -> Candidate:
    english = "Fewer rows at once, added up before each correction: it learns the same, a little slower."
    usual = recipe.activation_checkpointing
    return "smaller_batch", Sentence("remedy.smaller_batch", english), [one for one in sparing(recipe) if one.activation_checkpointing is usual]


def _twice(recipe: Recipe) -> Candidate:
    english = "Work intermediate results out twice instead of keeping them: it learns the same, and takes about a third longer."
    kin = [] if recipe.activation_checkpointing else [recipe.model_copy(update={"activation_checkpointing": True})]
    return "checkpointing", Sentence("remedy.checkpointing", english), kin


def _lora(recipe: Recipe) -> Candidate:
    english = "Learn thin additions (LoRA) instead of the whole model: far less memory, and nearly as good on larger models."
    whole = method(recipe.method).merge is Merge.WHOLE
    return "lora", Sentence("remedy.lora", english), [recipe.model_copy(update={"method": "lora", "method_options": {}})] if whole else []


def _shorter(recipe: Recipe) -> Candidate:
    english = "Read less of each text (max_length): the middle of the long ones is cut out, so something may be missed."
    return "shorter", Sentence("remedy.shorter", english), list(_halves(recipe))


def _halves(recipe: Recipe) -> Iterator[Recipe]:
    while recipe.max_length // 2 >= _SHORTEST:
        recipe = recipe.model_copy(update={"max_length": recipe.max_length // 2})
        yield recipe
