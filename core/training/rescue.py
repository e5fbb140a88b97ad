"""What would help a training that broke off: from its error to one change of its recipe."""

from core.sentence import Sentence
from core.training.coach import Proposal
from core.training.recipe import Recipe
from core.training.room import sparing


def rescue(error: str, recipe: Recipe) -> Proposal | None:
    """`error` is an error's class name. None where no change of the recipe would help."""
    if error == "LossNotFinite":
        rate = float(f"{recipe.learning_rate / 3:.2g}")
        english = "Train again with the learning rate {learning_rate:exact}"
        return Proposal("train", Sentence("rescue.rate_down", english, {"learning_rate": rate}), {"learning_rate": rate})
    if error == "OutOfMemory":
        return _smaller(recipe)
    return None


def _smaller(recipe: Recipe) -> Proposal | None:
    """The next recipe that learns the same with less."""
    found = next(sparing(recipe), None)
    if found is None:
        return None
    if found.activation_checkpointing is not recipe.activation_checkpointing:
        english = "Train again, working intermediate results out twice to need less memory"
        return Proposal("train", Sentence("rescue.checkpointing", english), found.changes_from(recipe))
    facts = {"rows": found.per_device_train_batch_size, "before": recipe.per_device_train_batch_size}
    english = "Train again with {rows:,} rows at once instead of {before:,}"
    return Proposal("train", Sentence("rescue.half_batch", english, facts), found.changes_from(recipe))
