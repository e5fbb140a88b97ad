"""A section of a page: its parts, what its buttons do, what it shows. It stands in the address as `view`, and means what a page means."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from storage.rows import Job
from ui.pages.page import Desk, Handler, Outcome
from ui.pages.working import failure_of
from ui.parts.lead import Lead
from ui.visit import Visit


class Section(ABC):
    """`name` is its view in the address, its slot for notices and plan cards, and the beginning of its parts' names. Acts are unique over the page."""

    name: ClassVar[str]

    @abstractmethod
    def layout(self) -> dict[str, gr.HTML]:
        """Make the parts, in the order in which they stand below the section's notice and plan card, which the page makes."""

    @abstractmethod
    def handlers(self) -> Mapping[str, Handler]:
        """What each act does."""

    @abstractmethod
    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        """The value of each part that shows something now. On the Data page there is a dataset, on the Train page perhaps no run yet."""

    def failure(self, visit: Visit, desk: Desk, job: Job | None) -> dict[str, Any]:
        """What went wrong in a job of this section, in its slot, unless something newer stands there."""
        failed = failure_of(visit, job) if job is not None and desk.at != self.name else None
        return {f"notice_{self.name}": failed} if failed is not None else {}

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        """The screen's first sentence while this section is open; None leaves the page's own."""
        return None

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        """The one part that a handler named in `Outcome.only`."""
        return {part: self.show(visit, desk).get(part)}

    def looks(self, part: str) -> tuple[str, ...]:
        """The parts that the acts which this part names in `data-looks` may touch; the handlers of such acts set `Outcome.only`."""
        return ()

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        """What grows while jobs go on, asked for at every tick: cheap. None: nothing of this section grows."""
        return None

    def waits(self, visit: Visit) -> bool:
        """As a page's: something is about to begin by itself."""
        return False

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        """What `show` found out and its parts need again."""
        return desk

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        """After a yes to a plan card; None where the verb is not this section's."""
        return None

    def settle(self, visit: Visit, desk: Desk) -> Desk | None:
        """Go on with what was asked for once a job has ended; None when there is nothing to do."""
        return None
