"""Train: the sections in which trainings are watched, compared, searched, queued and brought up to date."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from ui.pages.page import Desk, Handler
from ui.pages.section import Section
from ui.pages.sectioned import SectionedPage
from ui.pages.sections.compare import CompareSection
from ui.pages.sections.queue import QueueSection
from ui.pages.sections.run import RunSection
from ui.pages.sections.search import SearchSection
from ui.pages.sections.update import UpdateSection
from ui.parts import lead, views
from ui.visit import Visit


class TrainPage(SectionedPage):
    name: ClassVar[str] = "train"
    sections: ClassVar[tuple[Section, ...]] = (RunSection(), CompareSection(), SearchSection(), QueueSection(), UpdateSection())
    slots: ClassVar[Mapping[str, str]] = {"views": "run"}

    def layout(self) -> dict[str, gr.HTML]:
        return {"lead": lead.lead(), "views": views.views(), **self.section_parts()}

    def handlers(self) -> Mapping[str, Handler]:
        return self.section_handlers()

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        return self.opened(visit).remember(visit, desk)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        section = self.opened(visit)
        return {"lead": self._lead(visit, desk, section), **(section.growing(visit, desk) or {})}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        section, words = self.opened(visit), visit.words
        shown = {"lead": self._lead(visit, desk, section), **section.show(visit, desk)}
        return {"views": self.tabs(visit, words("train.views"), lambda name: words(f"train.view.{name}")), **shown} if visit.datasets else shown

    def _lead(self, visit: Visit, desk: Desk, section: Section) -> lead.Lead | None:
        """The section's own first sentence; that of the open training where it has none."""
        return section.lead(visit, desk) or self.sections[0].lead(visit, desk)
