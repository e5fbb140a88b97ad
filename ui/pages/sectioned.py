"""A page with sections: one is open at a time, as the address says in `view`; each owns its parts, its acts, its notice and its plan card."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import gradio as gr

from ui.pages.page import Desk, Handler, Outcome, Page, text_of
from ui.pages.section import Section
from ui.parts import notice, plan
from ui.parts.part import Option
from ui.parts.views import Views
from ui.visit import Visit


class SectionedPage(Page):
    """`sections` in the order of their tabs; the first one is open where the address names none. A page of this kind has the part 'views'."""

    sections: ClassVar[tuple[Section, ...]]

    def section_parts(self) -> dict[str, gr.HTML]:
        """All sections' parts, each section's below its own notice and plan card."""
        parts: dict[str, gr.HTML] = {}
        for section in self.sections:
            parts |= {f"notice_{section.name}": notice.notice(), f"plan_{section.name}": plan.plan(), **section.layout()}
        return parts

    def section_handlers(self) -> dict[str, Handler]:
        """What each section's acts do, and 'view', which opens one."""
        return {"view": _view, **{act: handler for section in self.sections for act, handler in section.handlers().items()}}

    def opened(self, visit: Visit) -> Section:
        """The section that the address names."""
        return next((section for section in self.sections if section.name == visit.place.view), self.sections[0])

    def tabs(self, visit: Visit, label: str, named: Callable[[str], str], **more: Any) -> Views:
        """The row of the sections; `named` gives the word for each."""
        names = tuple(Option(known.name, named(known.name)) for known in self.sections)
        return Views(label, names, self.opened(visit).name, **more)

    def slot_of(self, part: str) -> str:
        section = self._owner(part)
        return section.name if section is not None else super().slot_of(part)

    def told_slots(self) -> frozenset[str]:
        return super().told_slots() | {section.name for section in self.sections}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        outcomes = (section.approved(visit, desk, verb, result) for section in self.sections)
        return next((outcome for outcome in outcomes if outcome is not None), Outcome(desk))

    def waits(self, visit: Visit) -> bool:
        return self.opened(visit).waits(visit)

    def settle(self, visit: Visit, desk: Desk) -> Desk | None:
        settled = (section.settle(visit, desk) for section in self.sections)
        return next((found for found in settled if found is not None), None)

    def looks(self, part: str) -> tuple[str, ...]:
        section = self._owner(part)
        return section.looks(part) if section is not None else ()

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        section = self._owner(part)
        return section.show_only(visit, desk, part) if section is not None else super().show_only(visit, desk, part)

    def _owner(self, part: str) -> Section | None:
        begins = part.removeprefix("notice_").removeprefix("plan_").split("_")[0]
        return next((section for section in self.sections if begins == section.name), None)


def _view(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"view": text_of(values, "view", 20)})
