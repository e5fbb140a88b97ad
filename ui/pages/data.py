"""Data: bring a file, see what was understood of it, import it, look at its rows and set aside the ones for the exam."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.rows import Facts
from core.errors import UserError
from storage.rows import Job, JobState
from ui.pages import bring, rows
from ui.pages.page import Desk, Handler, Outcome, Page, done, number_of, text_of
from ui.pages.working import error_name, failure_of, progress_of
from ui.parts import bar, drop, facts, findings, lead, notice, plan, preview, progress, settings, table
from ui.parts.notice import told
from ui.parts.part import Button, Option
from ui.visit import Visit

_LEAVABLE = ("BadRow", "BadRows")


class DataPage(Page):
    name: ClassVar[str] = "data"
    slots: ClassVar[Mapping[str, str]] = {
        "drop": "bring", "preview": "bring", "progress": "bring", "notice_bring": "bring", "plan_bring": "bring", "sealed": "bring", "bar": "bring",
        "settings": "split", "notice_split": "split", "table": "rows", "notice_rows": "rows", "findings": "rows",
    }  # fmt: skip

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "lead": lead.lead(),
            "notice_bring": notice.notice(),
            "progress": progress.progress(),
            "drop": drop.drop(),
            "preview": preview.preview(),
            "facts": facts.facts(),
            "findings": findings.findings(),
            "bar": bar.bar(),
            "plan_bring": plan.plan(),
            "notice_split": notice.notice(),
            "settings": settings.settings(),
            "sealed": drop.drop(),
            "notice_rows": notice.notice(),
            "table": table.table(),
        }

    def handlers(self) -> Mapping[str, Handler]:
        return {**bring.HANDLERS, **rows.HANDLERS, "split": _split, "next": _next, "delete-dataset": _delete_dataset}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        return Outcome(done(visit, Desk(), "bring", "data.deleted", name=result.name))

    def settle(self, visit: Visit, desk: Desk) -> Desk | None:
        """An import that was asked for and has ended: its rows are dealt out as the default split says, so that nobody trains on the exam."""
        job = next((job for job in visit.jobs if job.id == desk.importing), None)
        if job is None or job.state is not JobState.DONE:
            return None
        desk = desk.to(importing="", brought=None)
        try:
            visit.do("split", dataset=job.subject)
        except UserError as error:
            return desk.to(notice=told(visit, error), at="split")
        return done(visit, desk, "bring", "data.imported")

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        job = visit.at_work("import")
        return {"progress": progress_of(visit, job, _stop_button(visit, job))} if job else {}

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        return desk.to(rows=rows.known_of(visit))

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        return {"table": rows.table_of(visit, desk)}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words, dataset = visit.words, visit.dataset
        importing, last = visit.at_work("import"), visit.job("import")
        shown: dict[str, Any] = {}
        if importing is not None:
            shown["progress"] = progress_of(visit, importing, _stop_button(visit, importing))
        elif desk.brought is not None:
            shown["preview"] = bring.preview_of(visit, desk.brought)
        if last is not None and desk.at != "bring" and (failed := failure_of(visit, last, *_mending(visit, desk, error_name(last)))):
            shown["notice_bring"] = failed
        if dataset is None:
            state = "importing" if importing is not None else "check" if desk.brought is not None else "empty"
            shown["lead"] = lead.Lead(words(f"data.{state}"), words(f"data.{state}_quiet"))
            if importing is None and desk.brought is None:
                shown["drop"] = bring.drop_of(visit)
            return shown
        known = visit.facts
        assert known is not None
        shown |= {
            "lead": _lead(visit, known),
            "facts": _facts(visit, known),
            "findings": _findings(visit, known),
            "table": rows.table_of(visit, desk),
        }
        if desk.brought is None and importing is None:
            shown |= {"settings": _settings(visit, known), "sealed": bring.sealed_of(visit, known), "bar": _bar(visit, known)}
        return shown


def _stop_button(visit: Visit, job: Job) -> Button:
    return Button(visit.words("work.stop"), "stop-import", {"job": job.id})


def _lead(visit: Visit, known: Facts) -> lead.Lead:
    words, count = visit.words, len(known.notes)
    rows_said = words("data.texts" if known.labels else "data.questions", count=known.facts.rows)
    sentence = words("data.lead_labels", rows=rows_said, labels=words("data.categories", count=len(known.labels))) if known.labels else rows_said
    quiet = words("data.quiet_notes", count=count, file=known.dataset.name) if count else words("data.quiet_fine", file=known.dataset.name)
    return lead.Lead(sentence, quiet)


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


def _findings(visit: Visit, known: Facts) -> findings.Findings | None:
    if not known.notes:
        return None
    return findings.Findings("", tuple(findings.Finding("warn", visit.words.say(note)) for note in known.notes))


def _bar(visit: Visit, known: Facts) -> bar.Bar:
    words = visit.words
    return bar.Bar((
        Button(words("data.next"), "next", kind="primary", disabled=known.split is None),
        Button(words("data.delete"), "delete-dataset", {"dataset": known.dataset.id}, "link"),
    ))  # fmt: skip


def _settings(visit: Visit, known: Facts) -> settings.Settings:
    words = visit.words
    summary = visit.do("split-summary", dataset=known.dataset.id)
    plan_ = summary.plan if summary else None
    columns = (Option("", words("data.nothing")), *(Option(column, column) for column in known.dataset.columns))
    shares = [
        settings.Field(f"{part}_share", words(f"data.{part}_share"), _percent(plan_, f"{part}_share"), term=f"{part}_share, %", low=2, high=40)
        for part in ("validation", *(("test",) if not known.facts.sealed else ()))
    ]
    return settings.Settings(
        "split", words("data.split_title"), "split",
        (*shares, settings.Field("seed", words("data.seed"), plan_.seed if plan_ else 0, term="seed", help=words("data.seed_help"), low=0, high=2**31 - 1),
         settings.Field("stratify", words("data.stratify"), plan_.stratify if plan_ else True, "switch", "stratify"),
         settings.Field("keep_together", words("data.together"), (plan_.keep_together if plan_ else None) or "", "choice", "group", words("data.together_help"), options=columns)),
        quiet=words("data.split_quiet"), button=words("data.split_button"), values={"dataset": known.dataset.id},
    )  # fmt: skip


def _percent(plan_: Any, share: str) -> float:
    return round((getattr(plan_, share) if plan_ else 0.1) * 100, 2)


def _mending(visit: Visit, desk: Desk, error: str) -> tuple[Button, ...]:
    if desk.brought is None or error not in _LEAVABLE:
        return ()
    return (Button(visit.words("data.leave_out"), "import-rest", kind="accent"),)


def _split(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    shares: dict[str, Any] = {name: number_of(values, name) / 100 for name in ("validation_share", "test_share") if name in values}
    together, stratify = text_of(values, "keep_together"), values.get("stratify") is True
    visit.do(
        "split",
        dataset=text_of(values, "dataset", 64),
        seed=int(number_of(values, "seed")),
        keep_together=together or None,
        stratify=stratify,
        **shares,
    )
    return Outcome(done(visit, desk, "split", "data.split_done"))


def _next(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "method"})


def _delete_dataset(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("delete-dataset", dataset=text_of(values, "dataset", 64))
    return Outcome(desk)
