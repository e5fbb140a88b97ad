"""Remedies: what to change when a training does not fit into this machine's memory."""

from dataclasses import replace

from core.actions.registry import Context, Scope, action
from core.actions.train import TrainRequest, checked, estimate_of, estimated
from core.training.recipe import Recipe
from core.training.remedies import Remedy, remedies


@action("remedies", request=TrainRequest, sentence="Say what to change when a training does not fit into memory.", scope=Scope.READ,
        example={"project": "abcdefghijklm", "preset": "quick"})  # fmt: skip
def list_remedies(context: Context, request: TrainRequest) -> tuple[Remedy, ...]:
    """None where it fits. A measured peak counts: what a change saves is taken off it."""
    asked = checked(context, request)
    found = estimate_of(context, asked).estimate
    beyond = found.memory_bytes - estimated(context, asked).memory_bytes

    def needed(recipe: Recipe) -> int:
        return max(0, estimated(context, replace(asked, recipe=recipe)).memory_bytes + beyond)

    return remedies(asked.recipe, needed, found.memory_free_bytes)
