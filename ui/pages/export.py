"""Export: where it is to run and how exact, the build with its check, what the check found in plain words, the download."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.sentence import Sentence
from storage.rows import Package
from ui.pages.evaluate import trained
from ui.pages.page import Desk, Handler, Outcome, Page, done, text_of
from ui.pages.working import failure_of, progress_of
from ui.parts import bar, certificate, choice, lead, notice, plan, progress
from ui.parts.part import Button, Option
from ui.visit import Visit

TARGETS = ("cpu",)
PRECISIONS = ("int4", "fp32")


class ExportPage(Page):
    name: ClassVar[str] = "export"
    slots: ClassVar[Mapping[str, str]] = {
        "target": "export", "precision": "export", "bar": "export", "progress": "export", "notice_export": "export", "plan_export": "export",
        "packages": "packages", "notice_packages": "packages", "plan_packages": "packages",
    }  # fmt: skip

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "lead": lead.lead(),
            "notice_export": notice.notice(),
            "notice_packages": notice.notice(),
            "plan_packages": plan.plan(),
            "packages": certificate.certificate(),
            "target": choice.choice(),
            "precision": choice.choice(),
            "progress": progress.progress(),
            "plan_export": plan.plan(),
            "bar": bar.bar(),
        }

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "target": _chosen, "precision": _chosen, "export": _export, "accept-red": _accept_red, "delete-package": _delete,
            "ask-package": _ask, "to-train": _to_train,
        }  # fmt: skip

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        if verb == "delete-package":
            return Outcome(done(visit, desk, "packages", "export.deleted", name=result.name))
        return Outcome(desk)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"progress": progress_of(visit, visit.at_work("export"))}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words, run = visit.words, trained(visit)
        made: tuple[Package, ...] = visit.do("packages", project=visit.project.project) if visit.project else ()
        if run is None and not made:
            to = Button(words("evaluate.to_train"), "to-train", kind="primary")
            return {"lead": lead.Lead(words("export.empty"), words("export.empty_quiet")), "bar": bar.Bar((to,))}
        working, last = visit.at_work("export"), visit.job("export")
        shown: dict[str, Any] = {"lead": _lead(visit, made, working is not None)}
        shown["packages"] = [_certificate(visit, desk, one, first=i == 0 and working is None) for i, one in enumerate(made)]
        if working is not None:
            shown["progress"] = progress_of(visit, working)
        elif run is not None:
            shown |= {"target": _targets(visit, desk), "precision": _precisions(visit, desk)}
            if desk.plan is None:
                build = Button(words("export.build"), "export", {"run": run.run.id}, "plain" if made else "primary")
                shown["bar"] = bar.Bar((build,), words("export.of_run", run=run.run.name))
        if last is not None and desk.notice is None and (failed := failure_of(visit, last)):
            shown["notice_export"] = failed
        return shown


def _lead(visit: Visit, made: tuple[Package, ...], working: bool) -> lead.Lead:
    words = visit.words
    if working:
        return lead.Lead(words("export.working"), words("export.working_quiet"))
    if made:
        return lead.Lead(words(f"export.lead_{made[0].state}"), words("export.lead_quiet", name=made[0].name, size=words.size(made[0].size_bytes)))
    return lead.Lead(words("export.lead"), words("export.quiet"))


def _targets(visit: Visit, desk: Desk) -> choice.Choice:
    words = visit.words
    options = tuple(Option(name, words(f"target.{name}"), words(f"target.{name}_note")) for name in TARGETS)
    return choice.Choice(words("export.where"), "target", options, desk.target or TARGETS[0], "target")


def _precisions(visit: Visit, desk: Desk) -> choice.Choice:
    words = visit.words
    options = tuple(Option(name, words(f"precision.{name}"), words(f"precision.{name}_note")) for name in PRECISIONS)
    return choice.Choice(words("export.how"), "precision", options, desk.precision or PRECISIONS[0], "precision")


def _certificate(visit: Visit, desk: Desk, package: Package, *, first: bool) -> certificate.Certificate:
    words, found = visit.words, visit.do("package", package=package.id)
    link = f"api/packages/{package.id}/download"
    buttons = [
        Button(words("export.ask_it"), "ask-package", {"package": package.id, "run": package.run}),
        Button(words("export.delete"), "delete-package", {"package": package.id}, "link"),
    ]
    if package.state == "red":
        accepted = desk.accepted == package.id
        link = f"{link}?accept_red=true" if accepted else ""
        if not accepted:
            buttons.insert(0, Button(words("export.in_spite"), "accept-red", {"package": package.id}))
    return certificate.Certificate(
        state=package.state,
        word=words(f"certificate.{package.state}"),
        title=package.name,
        quiet=words(
            "certificate.quiet",
            precision=words(f"precision.{package.precision}"),
            size=words.size(package.size_bytes),
            day=words.day(package.created_at),
        ),
        sentence=" ".join(words.say(Sentence(reason.key, reason.english, reason.facts)) for reason in found.reasons),
        checks=tuple(_checks(visit, found)),
        download=words("export.download"),
        link=link,
        link_kind="primary" if first and package.state != "red" else "plain",
        buttons=tuple(buttons),
    )


def _checks(visit: Visit, found: Any) -> list[certificate.Check]:
    """What was measured, one line each; the colour of the whole is the certificate's, a line only says whether it is as before."""
    words, measured = visit.words, found.findings
    lines: list[certificate.Check] = []

    def add(good: bool | None, text: str, term: str) -> None:
        state = "grey" if good is None else "green" if good else "amber"
        lines.append(certificate.Check(state, words(f"certificate.line_{state}"), text, term))

    if measured.answers is not None and measured.answers.rows:
        answers = measured.answers
        add(answers.equal == answers.rows, words("certificate.answers", count=answers.rows, equal=answers.equal), "greedy decoding")
    if measured.exported is not None and measured.tuned is not None:
        facts = {
            "metric": words.either(f"metric.{measured.metric}", measured.metric),
            "before": measured.tuned.value,
            "after": measured.exported.value,
        }
        add(measured.metric_loss_points <= 0, words("certificate.score", count=measured.exported.rows, **facts), measured.metric)
    if measured.tokenizer is not None:
        same = measured.tokenizer.equal == measured.tokenizer.rows
        add(same, words("certificate.reading", count=measured.tokenizer.rows, equal=measured.tokenizer.equal), "tokenizer")
    if measured.logits is not None:
        add(None, words("certificate.drift", largest=words.number(measured.logits.largest, 5)), "largest logit difference")
    if measured.speed is not None:
        add(None, words("certificate.speed", before=measured.speed.tuned, after=measured.speed.exported), "tokens per second, here")
    add(None, words("certificate.size", before=words.size(found.tuned_bytes), after=words.size(found.model_bytes)), "bytes on disk")
    return lines


def _chosen(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    target, precision = text_of(values, "target", 20) or desk.target, text_of(values, "precision", 20) or desk.precision
    return Outcome(desk.to(target=target if target in TARGETS else "", precision=precision if precision in PRECISIONS else ""))


def _export(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Asks first: what comes back is the plan card."""
    visit.do("export", run=text_of(values, "run", 64), precision=desk.precision or PRECISIONS[0], target=desk.target or TARGETS[0])
    return Outcome(desk)


def _accept_red(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(accepted=text_of(values, "package", 64)))


def _delete(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("delete-package", package=text_of(values, "package", 64))
    return Outcome(desk)


def _ask(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """To the comparison, with this package beside the tuned model."""
    package = text_of(values, "package", 64)
    return Outcome(
        desk.to(asked=desk.asked.to(first="tuned", second=package, texts=(), voted="")), {"step": "evaluate", "run": text_of(values, "run", 64)}
    )


def _to_train(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "train"})
