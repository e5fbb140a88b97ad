"""Evaluate: is it really better? The verdict's sentence first, then how sure it is, what would help, single answers, and two models side by side."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.evaluate import VerdictCard, VerdictView
from core.actions.run import RunSummary
from ui.pages import answer_list, side_by_side
from ui.pages.page import Desk, Handler, Outcome, Page, Stream, text_of
from ui.pages.working import failure_of, progress_of
from ui.parts import answers, bar, chat, findings, lead, notice, plan, progress, runs, verdict
from ui.parts.part import Button
from ui.visit import Visit


class EvaluatePage(Page):
    name: ClassVar[str] = "evaluate"
    slots: ClassVar[Mapping[str, str]] = {
        "bar": "evaluate", "progress": "evaluate", "runs": "evaluate", "notice_evaluate": "evaluate", "plan_evaluate": "evaluate", "findings": "evaluate",
        "verdict": "evaluate", "answers": "answers", "notice_answers": "answers", "chat": "chat", "notice_chat": "chat",
    }  # fmt: skip

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "lead": lead.lead(),
            "notice_evaluate": notice.notice(),
            "progress": progress.progress(),
            "verdict": verdict.verdict(),
            "findings": findings.findings(),
            "plan_evaluate": plan.plan(),
            "bar": bar.bar(),
            "notice_answers": notice.notice(),
            "answers": answers.answers(),
            "notice_chat": notice.notice(),
            "chat": chat.chat(),
            "runs": runs.runs(),
        }

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "evaluate": _evaluate, "to-train": _to_train, "to-export": _to_export, "open-verdict": _open, **answer_list.HANDLERS, **side_by_side.HANDLERS,
        }  # fmt: skip

    def streams(self) -> Mapping[str, Stream]:
        return {"chat": side_by_side.stream}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        return Outcome(desk.to(answers_offset=0), {"verdict": "", "run": result.subject})

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"progress": progress_of(visit, visit.at_work("evaluate"))}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words, run = visit.words, trained(visit)
        if run is None:
            to = Button(words("evaluate.to_train"), "to-train", kind="primary")
            return {"lead": lead.Lead(words("evaluate.empty"), words("evaluate.empty_quiet")), "bar": bar.Bar((to,))}
        known: tuple[VerdictCard, ...] = visit.do("verdicts", project=run.run.project)
        shown: dict[str, Any] = {"chat": side_by_side.chat_of(visit, desk, run.run.id)}
        working, last = visit.at_work("evaluate"), visit.job("evaluate")
        if working is not None:
            shown["progress"] = progress_of(visit, working)
        elif last is not None and desk.notice is None and last.subject == run.run.id and (failed := failure_of(visit, last)):
            shown["notice_evaluate"] = failed
        card = _chosen(visit, known, run.run.id)
        if card is None:
            shown["lead"] = lead.Lead(words("evaluate.asking" if working else "evaluate.lead"), words("evaluate.quiet", run=run.run.name))
        else:
            found: VerdictView = visit.do("verdict", verdict=card.verdict)
            shown |= {"lead": _lead(visit, found), "verdict": answer_list.verdict_of(visit, found), "findings": _findings(visit, found)}
            shown["answers"] = answer_list.answers_of(visit, desk, found)
        if working is None and desk.plan is None:
            shown["bar"] = _bar(visit, run, card is not None)
        if len(known) > 1:
            shown["runs"] = _verdicts(visit, known, card)
        return shown


def trained(visit: Visit) -> RunSummary | None:
    """The open run; the newest one that has kept weights when the address names none."""
    found = visit.runs
    if visit.place.run is not None:
        return next((one for one in found if one.run.id == visit.place.run), None)
    return next((one for one in found if one.run.best_step is not None), None)


def _chosen(visit: Visit, known: tuple[VerdictCard, ...], run: str) -> VerdictCard | None:
    wished = visit.place.verdict
    return next((card for card in known if card.verdict == wished), None) or next((card for card in known if card.run == run), None)


def _lead(visit: Visit, found: VerdictView) -> lead.Lead:
    words, document = visit.words, found.document
    level = {"better": "good", "worse": "bad"}.get(document.outcome.value, "")
    beside = " ".join(words.say(line.sentence()) for line in document.beside[:2])
    return lead.Lead(words.say(document.headline.sentence()), beside, level, document.headline.term)


def _findings(visit: Visit, found: VerdictView) -> findings.Findings | None:
    document, words = found.document, visit.words
    items = [findings.Finding("calm", words.say(line.sentence()), line.term) for line in document.advice]
    items += [findings.Finding("warn", words.say(line.sentence()), line.term) for line in (*document.not_measured, *document.beside[2:])]
    return findings.Findings(words("evaluate.helps"), tuple(items)) if items else None


def _bar(visit: Visit, run: RunSummary, judged: bool) -> bar.Bar:
    words, again = visit.words, {"run": run.run.id}
    if not judged:
        return bar.Bar((Button(words("evaluate.ask"), "evaluate", again, "primary"),), words("evaluate.ask_note"))
    return bar.Bar((Button(words("evaluate.to_export"), "to-export", again, "primary"), Button(words("evaluate.again"), "evaluate", again, "plain")))


def _verdicts(visit: Visit, known: tuple[VerdictCard, ...], chosen: VerdictCard | None) -> runs.Runs:
    words = visit.words
    items = tuple(
        runs.Item(
            card.run_name,
            words.say(card.headline),
            card is chosen,
            (Button(words("train.open"), "open-verdict", {"verdict": card.verdict, "run": card.run}),),
        )
        for card in known
    )
    return runs.Runs(words("evaluate.verdicts"), words("evaluate.verdicts_count", count=len(known)), items)


def _evaluate(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Asks first: what comes back is the plan card."""
    visit.do("evaluate", run=text_of(values, "run", 64))
    return Outcome(desk)


def _open(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(answers_offset=0), {"verdict": text_of(values, "verdict", 64), "run": text_of(values, "run", 64)})


def _to_train(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "train"})


def _to_export(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "export", "run": text_of(values, "run", 64)})
