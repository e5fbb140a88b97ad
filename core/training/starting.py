"""Where a training starts that goes on from what another one kept. Heavy: children only."""

from pathlib import Path
from typing import Any

from core.methods.base import Method


def go_on_from(model: Any, method: Method, folder: Path) -> None:
    """Put what a run kept in `folder` into a model that was made ready to learn, its head for categories too. Raises CannotGoOn."""
    from core.models.head import plain_output

    with plain_output(model) as head:
        method.go_on(model, folder)
    if head is not None:
        head.go_on(folder)
