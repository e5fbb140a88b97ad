"""What would help a training that broke off: from its error to one change of its recipe."""

from core.sentence import Sentence
from core.training.coach import Proposal
from core.training.recipe import Recipe


def rescue(error: str, recipe: Recipe) -> Proposal | None:
    """`error` is an error's class name. None where no change of the recipe would help."""
    if error == "LossNotFinite":
        rate = float(f"{recipe.learning_rate / 3:.2g}")
        english = "Train again with the learning rate {learning_rate:.1e}"
        return Proposal("train", Sentence("rescue.rate_down", english, {"learning_rate": rate}), {"learning_rate": rate})
    if error == "OutOfMemory":
        return _smaller(recipe)
    return None


def _smaller(recipe: Recipe) -> Proposal | None:
    """The corrections stay as they are: half the rows at once, twice as often before each. At one row intermediate results are worked out twice."""
    rows = recipe.per_device_train_batch_size
    if rows > 1:
        half = rows // 2
        changes = {"per_device_train_batch_size": half, "gradient_accumulation_steps": recipe.gradient_accumulation_steps * -(-rows // half)}
        return Proposal(
            "train",
            Sentence("rescue.half_batch", "Train again with {rows:,} rows at once instead of {before:,}", {"rows": half, "before": rows}),
            changes,
        )
    if not recipe.activation_checkpointing:
        english = "Train again, working intermediate results out twice to need less memory"
        return Proposal("train", Sentence("rescue.checkpointing", english), {"activation_checkpointing": True})
    return None
