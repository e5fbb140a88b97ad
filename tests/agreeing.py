"""A person who reads the plan that an action asks with, and says yes."""

from collections.abc import Mapping
from typing import Any

from core.actions.registry import Context, NeedsApproval, Plan, perform


def agreed(context: Context, verb: str, values: Mapping[str, Any]) -> tuple[Plan, Any]:
    """The plan, and what the action gave. Fails where it asks nothing."""
    try:
        perform(context, verb, values)
    except NeedsApproval as asked:
        return asked.plan, perform(context, verb, values, approval=asked.token)
    raise AssertionError(f"'{verb}' asked nothing before it began")


def done(context: Context, verb: str, values: Mapping[str, Any]) -> Any:
    """What the action gave, whether it asks first or not."""
    try:
        return perform(context, verb, values)
    except NeedsApproval as asked:
        return perform(context, verb, values, approval=asked.token)
