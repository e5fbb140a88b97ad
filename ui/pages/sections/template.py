"""As the model sees it: an example rendered with what is learned marked, the form that changes how, and how many rows are too long."""

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.template import LayoutCard, ShownExample, TemplateReport
from core.errors import UserError
from storage.rows import LIVE, Change, Job, JobState
from ui.pages.desks import TemplateDesk
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.pages.section import Section
from ui.pages.working import progress_of
from ui.parts import facts, findings, layout_form, progress, rendered
from ui.parts.lead import Lead
from ui.parts.part import Button, Option
from ui.visit import Visit

_PARTS = ("template_shown", "template_form", "template_lengths", "template_report")
_CUT = "cut"  # the kind of job that splits long texts
_USUAL_TEXT = "Question: {question}\nAnswer: {answer}"
_LEARNED = ("all", "last", "weighted")
_FIRST_LOOK = 500  # rows measured when the section opens; the button measures more
_MOST_MEASURED = 5_000
_MOST_PLACES = 12


class TemplateSection(Section):
    name: ClassVar[str] = "template"

    def layout(self) -> dict[str, gr.HTML]:
        above = progress.progress()  # parts stand in the order in which they are made: while it is at work that is what one looks for
        made = (rendered.rendered(), layout_form.layout_form(), facts.facts(), findings.findings())
        return {"template_progress": above, **dict(zip(_PARTS, made, strict=True))}

    def handlers(self) -> Mapping[str, Handler]:
        return {"template-go": _go, "template-try": _try, "template-keep": _keep, "template-measure": _measure, "template-split": _split}

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words = visit.words
        return Lead(words("template.lead"), words("template.quiet"))

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        return {"template_shown": _shown(visit, desk.template)} if part == "template_shown" else super().show_only(visit, desk, part)

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        assert visit.dataset is not None
        card, mine = visit.do("layout", dataset=visit.dataset.id), desk.template
        values = (_shown(visit, mine), _form(visit, card, mine), *_report(visit, mine))
        last = _last(visit)
        shown = {"template_progress": progress_of(visit, last), **dict(zip(_PARTS, values, strict=True))}
        return shown | self.failure(visit, desk, last)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"template_progress": progress_of(visit, _last(visit))}

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        """Measuring takes a moment: once for the same rows in the same layout."""
        wanted = _wanted(visit, desk.template)
        return desk if desk.template.measured_for == wanted else _measured(visit, desk, _FIRST_LOOK)

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        return Outcome(_to(desk, splitting=result.id)) if verb == "split-documents" else None

    def settle(self, visit: Visit, desk: Desk) -> Desk | None:
        """Long texts that were being split, and are."""
        job = next((job for job in visit.jobs if job.id == desk.template.splitting), None)
        if job is None or job.state in LIVE:
            return None
        desk = _to(desk, splitting="")
        change = _pieces_change(visit, job.subject) if job.state is JobState.DONE else None
        if change is None:
            return desk
        undo = Button(visit.words("rows.undo"), "undo", {"dataset": change.dataset, "number": change.number}, "link")
        return done(visit, desk, "template", "template.split_done", undo, count=change.rows)


def _last(visit: Visit) -> Job | None:
    """The newest job that splits texts of this dataset, or has."""
    return next((job for job in visit.jobs if job.kind == _CUT and visit.dataset is not None and job.subject == visit.dataset.id), None)


def _pieces_change(visit: Visit, dataset: str) -> Change | None:
    """The newest change that made pieces; None where it was taken back or the dataset is gone."""
    with contextlib.suppress(UserError):
        return next((change for change in visit.do("history", dataset=dataset).changes if change.kind == "pieces" and not change.undone), None)
    return None


def _asked(visit: Visit, mine: TemplateDesk) -> dict[str, Any]:
    """The request's values for what stands in the form."""
    assert visit.dataset is not None
    asked: dict[str, Any] = {"dataset": visit.dataset.id, "base_model": mine.model or None}
    if mine.tried:
        asked |= {"system_prompt": mine.system_prompt, "text_template": mine.text_template, "learned_turns": mine.learned_turns}
    return asked


def _shown(visit: Visit, mine: TemplateDesk) -> rendered.Rendered:
    words = visit.words
    found, fault = None, ""
    try:
        found = visit.do("show-example", position=mine.position, **_asked(visit, mine))
    except UserError as error:
        fault = words.error(error)
    return rendered.Rendered(
        title=words("template.title"),
        place=words("template.place", number=found.number, rows=found.rows) if found else "",
        stretches=_stretches(visit, found) if found else (),
        learned_word=words("template.learned"),
        legend=words("template.legend"),
        opens=words("template.opens"),
        closes=words("template.closes"),
        counts=_counts(visit, found) if found else "",
        counts_term="tokens",
        notes=tuple(words.say(note) for note in found.notes) if found else (),
        before=_way(visit, "before", found.previous if found else None),
        after=_way(visit, "after", found.next if found else None),
        fault=fault,
    )


def _stretches(visit: Visit, found: ShownExample) -> tuple[rendered.Stretch, ...]:
    words = visit.words
    return tuple(
        rendered.Stretch(one.text, one.learned, words("template.missing", count=one.missing) if one.missing else "") for one in found.stretches
    )


def _counts(visit: Visit, found: ShownExample) -> str:
    return visit.words("template.counts", tokens=found.tokens, learned=found.learned, most=found.max_length)


def _way(visit: Visit, where: str, position: int | None) -> Button:
    return Button(visit.words(f"template.{where}"), "template-go", {"position": position}, disabled=position is None)


def _form(visit: Visit, card: LayoutCard, mine: TemplateDesk) -> layout_form.LayoutForm:
    words, layout = visit.words, card.layout
    kept = (layout.system_prompt, layout.text_template, layout.learned_turns)
    system, text, learned = kept if not mine.tried else (mine.system_prompt, mine.text_template or None, mine.learned_turns)
    models = [known for known in visit.do("models").here if known.fault is None]
    return layout_form.LayoutForm(
        title=words("template.form"),
        act="template-keep",
        tried="template-try",
        system_label=words("template.system"),
        system_term="system prompt",
        system_hint=words("template.system_hint"),
        system=system,
        way_label=words("template.way"),
        way_term="chat template",
        ways=(
            Option("own", words("template.way_own"), words("template.way_own_note")),
            Option("text", words("template.way_text"), words("template.way_text_note")),
        ),
        way="own" if text is None else "text",
        text_label=words("template.text"),
        text=text if text is not None else _USUAL_TEXT,
        places_label=words("template.places"),
        places=tuple(f"{{{place}}}" for place in card.places[:_MOST_PLACES]),
        learned_label=words("template.turns"),
        learned_options=tuple(Option(kind, words(f"template.turns_{kind}")) for kind in _LEARNED),
        learned=learned,
        model_label=words("template.model"),
        models=tuple(Option(known.name, words("method.starter") if known.name == "starter" else known.name) for known in models),
        model=mine.model or (models[0].name if models else ""),
        save=words("template.keep"),
        note=words("template.not_kept") if mine.tried else "",
    )


def _report(visit: Visit, mine: TemplateDesk) -> tuple[list[facts.Fact] | None, findings.Findings | None]:
    """Lengths, and how many rows are too long; nothing where the layout cannot be used (the example says why)."""
    words, found = visit.words, mine.report
    if found is None:
        return None, None
    most = words("template.words", count=found.max_length)
    shown = [
        facts.Fact(words(f"template.length_{name}"), words.number(length), words("template.of", most=most), term)
        for name, length, term in zip(
            ("half", "most", "nearly", "all"), found.lengths, ("median", "90th percentile", "99th percentile", "maximum"), strict=True
        )
    ]
    more = (Button(words("template.measure"), "template-measure"),) if found.measured < min(found.rows, _MOST_MEASURED) else ()
    items = [
        findings.Finding("warn" if found.cut else "good", words.say(found.said), "Wilson interval, 95 %" if found.measured < found.rows else "", more)
    ]
    if found.advice is not None:
        split = (Button(words("template.split"), "template-split", kind="accent"),) if found.advice.key == "template.split" else ()
        items.append(findings.Finding("calm", words.say(found.advice), "tokens", split))
    return shown, findings.Findings(words("template.too_long"), tuple(items))


def _wanted(visit: Visit, mine: TemplateDesk) -> str:
    assert visit.dataset is not None
    kept = visit.do("layout", dataset=visit.dataset.id).layout
    return f"{visit.dataset.id} {visit.dataset.rows} {kept} {_asked(visit, mine)}"


def _measured(visit: Visit, desk: Desk, sample: int) -> Desk:
    """Nothing where the layout cannot be used: the example says why."""
    found: TemplateReport | None = None
    with contextlib.suppress(UserError):
        found = visit.do("template-report", sample=sample, **_asked(visit, desk.template))
    return _to(desk, report=found, measured_for=_wanted(visit, desk.template))


def _to(desk: Desk, **changes: Any) -> Desk:
    return desk.to(template=dataclasses.replace(desk.template, **changes))


def _tried(desk: Desk, values: Mapping[str, Any]) -> Desk:
    """What stands in the form, whether or not it can be used."""
    learned = text_of(values, "learned_turns", 20)
    text = text_of(values, "text_template") if text_of(values, "way", 10) == "text" else ""
    return _to(
        desk,
        tried=True,
        system_prompt=text_of(values, "system_prompt"),
        text_template=text,
        learned_turns=learned if learned in _LEARNED else "all",
        model=text_of(values, "base_model", 100) or desk.template.model,
    )


def _go(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    position = values.get("position")
    known = isinstance(position, int) and not isinstance(position, bool) and position >= 0
    return Outcome(_to(desk, position=position) if known else desk, only="template_shown")


def _try(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(_tried(desk, values), only="template_shown")


def _keep(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    desk = _tried(desk, values)
    mine = desk.template
    assert visit.dataset is not None
    visit.do(
        "set-layout",
        dataset=visit.dataset.id,
        system_prompt=mine.system_prompt,
        text_template=mine.text_template or None,
        learned_turns=mine.learned_turns,
    )
    return Outcome(done(visit, _to(desk, tried=False), "template", "template.kept"))


def _measure(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(_measured(visit, desk, _MOST_MEASURED))


def _split(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Asks first: what comes back is the plan card."""
    visit.do("split-documents", **_asked(visit, desk.template))
    return Outcome(desk)
