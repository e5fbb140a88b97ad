"""Several trainings of the project on one chart, with what their recipes differ in."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import gradio as gr

from core.actions.curves import MOST_RUNS, ComparedRun, Comparison, Difference
from core.actions.run import RunSummary
from storage.rows import LIVE
from ui.pages.desks import CompareDesk
from ui.pages.page import Desk, Handler, Outcome
from ui.pages.section import Section
from ui.parts import compared
from ui.parts.curve import thinned
from ui.parts.lead import Lead
from ui.parts.part import Link
from ui.visit import Visit
from ui.words import Words

_MOST_POINTS = 300  # a line


class CompareSection(Section):
    name: ClassVar[str] = "compare"

    def layout(self) -> dict[str, gr.HTML]:
        return {"compare_chart": compared.compared()}

    def handlers(self) -> Mapping[str, Handler]:
        return {"compare-choose": _choose}

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words, known = visit.words, visit.runs
        if len(known) < 2:
            return Lead(words("train.compare.too_few"), words("train.compare.too_few_quiet"))
        found = _comparison(visit, desk)
        best = next((one for one in found.runs if one.run.id == found.best), None)
        if best is None or best.best_loss is None:
            return Lead(words("train.compare.lead", count=len(found.runs)), words("train.compare.quiet"))
        if not found.same_measure:
            return Lead(words("train.compare.lead", count=len(found.runs)), words("train.compare.other_measure"))
        quiet = words("train.compare.best_quiet", loss=best.best_loss, step=best.best_step)
        return Lead(words("train.compare.best", name=best.run.name), quiet if found.same_rows else words("train.compare.other_rows"))

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        return {"compare_chart": _compared(visit, _comparison(visit, desk))} if len(visit.runs) > 1 else {}

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return self.show(visit, desk) if any(one.state in LIVE for one in visit.runs) else None


def _comparison(visit: Visit, desk: Desk) -> Comparison:
    """Of the chosen runs that are still there; of the latest two where none is chosen."""
    known = {one.run.id for one in visit.runs}
    found: Comparison = visit.once("compare-runs", project=visit.runs[0].run.project, runs=tuple(id for id in desk.compare.runs if id in known))
    return found


def _compared(visit: Visit, found: Comparison) -> compared.Compared:
    words, on = visit.words, [one.run.id for one in found.runs]
    full = len(on) >= MOST_RUNS
    lines = tuple(_line(number, one) for number, one in enumerate(found.runs, 1))
    summary = " ".join(
        words("train.compare.summary", name=one.run.name, loss=one.best_loss, step=one.best_step) for one in found.runs if one.best_loss is not None
    )
    return compared.Compared(
        words("train.compare.choose"),
        tuple(_choice(one, on, full) for one in reversed(visit.runs)),
        words("train.compare.full", count=MOST_RUNS) if full else "",
        lines,
        words("train.compare.styles"),
        words("train.axis"),
        summary or words("train.summary_empty"),
        words("train.waiting"),
        words("train.compare.table"),
        (*_results(words, found), *_differing(visit, found)),
        words("train.compare.lowest"),
        (Link(words("train.as_table"), "/api/curves?" + urlencode([("run", id) for id in on])),),
        words("train.as_picture"),
        words("train.compare.file"),
    )


def _choice(one: RunSummary, on: list[Any], full: bool) -> compared.Choice:
    """The last one cannot be taken away: there would be nothing to show."""
    is_on = one.run.id in on
    return compared.Choice(one.run.id, one.run.name, is_on, disabled=full if not is_on else len(on) == 1)


def _line(number: int, one: ComparedRun) -> compared.Line:
    points = {series.name: thinned(tuple(zip(series.steps, series.values, strict=True)), _MOST_POINTS) for series in one.curves}
    best = (one.best_step, one.best_loss) if one.best_step is not None and one.best_loss is not None else None
    return compared.Line(f"{number}", f"{number}. {one.run.name}", points.get("loss", ()), points.get("eval_loss", ()), best)


def _results(words: Words, found: Comparison) -> tuple[compared.Row, ...]:
    at = next((place for place, one in enumerate(found.runs) if one.run.id == found.best), -1) if found.same_rows and found.same_measure else -1
    none = words("train.compare.none")
    return (
        compared.Row(
            words("train.lowest"), "", tuple(words.number(one.best_loss, 3) if one.best_loss is not None else none for one in found.runs), at
        ),
        compared.Row(
            words("train.compare.step"), "", tuple(words.number(one.best_step) if one.best_step is not None else none for one in found.runs)
        ),
        compared.Row(words("train.compare.took"), "", tuple(words.time(one.seconds) if one.seconds is not None else none for one in found.runs)),
        compared.Row(words("train.compare.state"), "", tuple(words(f"state.{one.state.value}") for one in found.runs)),
    )


def _differing(visit: Visit, found: Comparison) -> tuple[compared.Row, ...]:
    """Without what reads the same on all sides, such as no parts beside a method that has no such setting."""
    methods = {one.name: one.label for one in visit.once("methods")} if any(one.field == "method" for one in found.differences) else {}
    rows = (_difference(visit.words, one, methods) for one in found.differences)
    return tuple(row for row in rows if len(set(row.values)) > 1)


def _difference(words: Words, one: Difference, methods: Mapping[str, str]) -> compared.Row:
    if one.field == "method":
        return compared.Row(words("recipe.method"), one.field, tuple(words.either(f"method.{name}", methods.get(name, name)) for name in one.values))
    label = words("recipe.loss") if one.field == "loss" else words.either(f"field.{one.field}", one.label).removesuffix(".")
    return compared.Row(label, one.field, tuple(_value(words, one.field, value) for value in one.values))


def _value(words: Words, field: str, value: Any) -> str:
    if value in (None, "", [], ()):
        return words("train.compare.none")
    if isinstance(value, bool):
        return words("train.compare.yes") if value else words("train.compare.no")
    if isinstance(value, int):
        return words.number(value)
    if isinstance(value, float):
        return words.exact(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items() if inner is not None) or words("train.compare.none")
    return words.either(f"field.{field}_{value}", str(value))


def _choose(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Every run of the form with whether it is ticked; ids are checked by the action."""
    chosen = tuple(name for name, on in values.items() if on is True and len(name) <= 64)[:MOST_RUNS]
    return Outcome(desk.to(compare=CompareDesk(chosen)))
