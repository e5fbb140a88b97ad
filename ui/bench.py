"""What one page load of a visitor holds, and whose turn it is there."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from ui.pages.page import Desk

Shown = tuple[Desk, list[Any]]  # the desk afterwards, and the value of each output


class Bench:
    """The desk as the last thing done left it. What is pressed is done one after another, in the order in which it came: each starts from the desk
    that the one before left, and its answer leaves first."""

    def __init__(self) -> None:
        self._desk, self._turn = Desk(), asyncio.Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Bench":
        """Gradio copies a state's first value for each page load."""
        return Bench()

    @property
    def desk(self) -> Desk:
        return self._desk

    @property
    def busy(self) -> bool:
        return self._turn.locked()

    async def do(self, work: Callable[[Desk], Shown]) -> list[Any]:
        """What `work` shows; the desk that it makes is the next one's."""
        async with self._turn:
            self._desk, shown = await run_in_threadpool(work, self._desk)
            return shown
