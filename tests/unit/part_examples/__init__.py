"""A plausible value for every part of the screen: what the tests render, and what a person may look at in one page."""

from collections.abc import Callable
from typing import Any

from tests.unit.part_examples import data, dealing, frame, judging, labelling, searching, training
from tests.unit.part_examples.example import Example
from ui.parts.part import shown

EXAMPLES: dict[str, Example] = {
    **frame.EXAMPLES,
    **data.EXAMPLES,
    **dealing.EXAMPLES,
    **labelling.EXAMPLES,
    **training.EXAMPLES,
    **judging.EXAMPLES,
    **searching.EXAMPLES,
}


def as_shown(value: Any) -> Any:
    return [shown(one) for one in value] if isinstance(value, list) else shown(value)


def with_every_text(value: Any, text: Callable[[], str]) -> Any:
    """The same JSON with each of its strings replaced."""
    if isinstance(value, str):
        return text()
    if isinstance(value, dict):
        return {key: with_every_text(item, text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_every_text(item, text) for item in value]
    return value
