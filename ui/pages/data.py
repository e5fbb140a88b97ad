"""Data: bring a file, see what was understood of it, import it; then its sections, one at a time: rows, check-up, split and what follows."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.rows import Facts
from core.errors import UserError
from storage.rows import Job, JobState
from ui.pages import bring
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.pages.section import Section
from ui.pages.sectioned import SectionedPage
from ui.pages.sections.checkup import CheckupSection
from ui.pages.sections.label import LabelSection
from ui.pages.sections.rows import RowsSection
from ui.pages.sections.split import SplitSection
from ui.pages.sections.template import TemplateSection
from ui.pages.sections.versions import VersionsSection
from ui.pages.working import error_name, failure_of, progress_of
from ui.parts import bar, drop, facts, lead, notice, plan, preview, progress, views
from ui.parts.notice import told
from ui.parts.part import Button, Option
from ui.visit import Visit
from ui.words import Words

_LEAVABLE = ("BadRow", "BadRows")
_CHECKUP = "checkup"


class DataPage(SectionedPage):
    name: ClassVar[str] = "data"
    sections: ClassVar[tuple[Section, ...]] = (RowsSection(), CheckupSection(), SplitSection(), VersionsSection(), TemplateSection(), LabelSection())
    slots: ClassVar[Mapping[str, str]] = {
        "drop": "bring", "preview": "bring", "progress": "bring", "notice_bring": "bring", "plan_bring": "bring", "bar": "bring", "views": "bring",
    }  # fmt: skip

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "lead": lead.lead(), "notice_bring": notice.notice(), "plan_bring": plan.plan(), "progress": progress.progress(), "drop": drop.drop(),
            "preview": preview.preview(), "facts": facts.facts(), "bar": bar.bar(), "views": views.views(), **self.section_parts(),
        }  # fmt: skip

    def handlers(self) -> Mapping[str, Handler]:
        own: dict[str, Handler] = {"next": _next, "delete-dataset": _delete_dataset, "dataset": _dataset, "bring-more": _bring_more}
        return {**bring.HANDLERS, **own, **self.section_handlers()}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        if verb == "delete-dataset":
            return Outcome(done(visit, Desk(), "bring", "data.deleted", name=result.name), {"dataset": "", "view": ""})
        return super().approved(visit, desk, verb, result)

    def waits(self, visit: Visit) -> bool:
        """A check-up of rows that changed begins by itself, a moment after the one before it has ended."""
        last, view = visit.job(_CHECKUP), visit.findings
        if view is not None and view.running is not None:
            return True  # it may have begun since the visit's jobs were read
        if view is None or (last is not None and last.state in (JobState.FAILED, JobState.STOPPED)):
            return False
        return view.unasked and (view.document is None or view.stale)

    def settle(self, visit: Visit, desk: Desk) -> Desk | None:
        """An import that was asked for and has ended: its rows are dealt out as the default split says, so that nobody trains on the exam; and once
        more when the first check-up knows which rows are nearly the same, unless somebody dealt them out otherwise meanwhile."""
        job = next((job for job in visit.jobs if job.id == desk.importing), None)
        if job is not None and job.state is JobState.DONE:
            desk = desk.to(importing="", brought=None, bringing=False)
            try:
                split = visit.do("split", dataset=job.subject)
            except UserError as error:
                return desk.to(notice=told(visit, error), at="split")
            finished = done(visit, desk.to(settling=(job.subject, split.id)), "bring", "data.imported")
            return finished.to(notice=_with_bad_rows(visit, finished.notice, job))
        if desk.settling and _is_checked(visit, desk.settling[0]):
            dataset, split_id = desk.settling
            summary = visit.do("split-summary", dataset=dataset)
            if summary is not None and summary.split.id == split_id:
                visit.do("split", dataset=dataset)
            return desk.to(settling=())
        return super().settle(visit, desk)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"progress": progress_of(visit, visit.at_work("import")), **(self.opened(visit).growing(visit, desk) or {})}

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        return self.opened(visit).remember(visit, desk) if visit.dataset is not None else desk

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words, dataset = visit.words, visit.dataset
        importing, last = visit.at_work("import"), visit.job("import")
        shown: dict[str, Any] = {}
        if importing is not None:
            shown["progress"] = progress_of(visit, importing)
        elif desk.brought is not None:
            shown["preview"] = bring.preview_of(visit, desk.brought)
        elif dataset is None or desk.bringing:
            shown["drop"] = bring.drop_of(visit)
        if last is not None and desk.at != "bring" and (failed := failure_of(visit, last, *_mending(visit, desk, error_name(last)))):
            shown["notice_bring"] = _with_bad_rows(visit, failed, last)
        if dataset is None:
            state = "importing" if importing is not None else "check" if desk.brought is not None else "empty"
            return shown | {"lead": lead.Lead(words(f"data.{state}"), words(f"data.{state}_quiet"))}
        known = visit.facts
        assert known is not None
        section = self.opened(visit)
        shown["lead"] = section.lead(visit, desk) or _lead(visit, known)
        if desk.brought is None and importing is None:
            shown |= {"facts": _facts(visit, known), "bar": _bar(visit, known), "views": self._views(visit)}
            shown |= section.show(visit, desk)
        return shown

    def _views(self, visit: Visit) -> views.Views:
        words = visit.words
        sets = tuple(Option(known.id, known.name, words("frame.project_note", count=known.rows)) for known in visit.datasets)
        return self.tabs(
            visit,
            words("data.views"),
            lambda name: words(f"data.view.{name}"),
            datasets_label=words("data.datasets"),
            datasets=sets,
            dataset=visit.dataset.id if visit.dataset else "",
        )


def _with_bad_rows(visit: Visit, told_: notice.Notice | None, job: Job) -> notice.Notice | None:
    """With the list of the rows that the import could not use, where there is one."""
    try:
        visit.do("bad-rows", job=job.id, size=1)
    except UserError:
        return told_
    return told_ and dataclasses.replace(told_, link=f"/api/jobs/{job.id}/bad-rows", link_text=visit.words("data.bad_rows"))


def _is_checked(visit: Visit, dataset: str) -> bool:
    return any(job.kind == _CHECKUP and job.subject == dataset and job.state is JobState.DONE for job in visit.jobs)


def _lead(visit: Visit, known: Facts) -> lead.Lead:
    words, count = visit.words, len(known.notes) + (known.found or 0)
    sentence = _rows_said(words, known)
    if known.labels:
        sentence = words("data.lead_labels", rows=sentence, labels=words("data.categories", count=len(known.labels)))
    fine = "data.quiet_unchecked" if known.found is None else "data.quiet_fine"
    quiet = words("data.quiet_notes", count=count, file=known.dataset.name) if count else words(fine, file=known.dataset.name)
    return lead.Lead(sentence, quiet)


def _rows_said(words: Words, known: Facts) -> str:
    """How many rows of which kind; while some wait for their answer, how many have one."""
    rows, answered = known.facts.rows, known.facts.answered
    if answered < rows:
        return words("data.some_answered", texts=words("data.texts", count=rows), count=answered)
    kind = {"text_fields": "fields", "dialogue_summary": "summaries"}.get(known.dataset.shape, "questions")
    return words("data.texts" if known.labels else f"data.{kind}", count=rows)


def _facts(visit: Visit, known: Facts) -> list[facts.Fact]:
    words, split = visit.words, known.split
    shown = []
    if split is not None:
        whole = max(1, split.train + split.validation + split.test)
        shown = [
            facts.Fact(words("data.train"), words.number(split.train), words.percent(split.train / whole, 0), "training split"),
            facts.Fact(words("data.validation"), words.number(split.validation), words.percent(split.validation / whole, 0), "validation split"),
            facts.Fact(words("data.test"), words.number(split.test), words("data.opened", count=split.opened), "test split"),
        ]
    middle = known.facts.median_question_chars
    return [
        *shown,
        facts.Fact(
            words("data.length"), words("data.characters", count=middle), words("data.longest", count=known.facts.max_question_chars), "median length"
        ),
    ]


def _bar(visit: Visit, known: Facts) -> bar.Bar:
    words = visit.words
    return bar.Bar((
        Button(words("data.next"), "next", kind="primary", disabled=known.split is None),
        Button(words("data.bring_more"), "bring-more"),
        Button(words("data.delete"), "delete-dataset", {"dataset": known.dataset.id}, "link"),
    ))  # fmt: skip


def _mending(visit: Visit, desk: Desk, error: str) -> tuple[Button, ...]:
    if desk.brought is None or error not in _LEAVABLE:
        return ()
    return (Button(visit.words("data.leave_out"), "import-rest", kind="accent"),)


def _next(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "method"})


def _dataset(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(Desk(), {"dataset": text_of(values, "dataset", 64)})


def _bring_more(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(bringing=not desk.bringing))


def _delete_dataset(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("delete-dataset", dataset=text_of(values, "dataset", 64))
    return Outcome(desk)
