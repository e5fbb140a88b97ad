"""What a verdict rests on: each answerer's result on one scale, its measures, and the single answers row by row."""

from collections.abc import Mapping
from typing import Any

from core.actions.evaluate import VerdictView
from core.errors import UserError
from ui.pages.filled import slots_of, stretches_of
from ui.pages.page import Desk, Handler, Outcome, text_of
from ui.parts import answers, verdict
from ui.parts.part import Button, Option
from ui.visit import Visit

PAGE_ROWS = 20
_SHOWS = ("regressions", "gains", "wrong", "all")
_FULL = 0.999999


def verdict_of(visit: Visit, found: VerdictView) -> verdict.VerdictView:
    words, document = visit.words, found.document
    measured = [result for result in document.candidates if result.metrics]
    heads = [metric for result in measured[:1] for metric in result.metrics]
    held = "verdict.held_to_form" if document.task == "extraction" else "verdict.known_answers"
    detail = words("verdict.asked", count=document.rows) + (" " + words(held) if document.restricted else "")
    first = next((result.headline for result in measured if result.headline is not None), None)
    counted = first is not None and first.right is not None
    return verdict.VerdictView(
        detail=detail,
        caption=words("verdict.caption"),
        heads=(words("verdict.who"), words("verdict.right" if counted else "verdict.near"), words("verdict.between"), words("verdict.count")),
        rows=tuple(_answerer(visit, result) for result in measured),
        more_label=words("verdict.more"),
        more_heads=(words("verdict.who"), *(words.either(f"metric.{metric.name}", metric.label) for metric in heads)) if len(heads) > 1 else (),
        more=tuple((_name(visit, result), *(words.number(metric.value, 3) for metric in result.metrics)) for result in measured)
        if len(heads) > 1
        else (),
    )


def _name(visit: Visit, result: Any) -> str:
    said = visit.words("verdict.yours") if result.name.value == "tuned" else visit.words.say(result.label.sentence())
    return said[:1].upper() + said[1:]


def _answerer(visit: Visit, result: Any) -> verdict.Answerer:
    words, metric = visit.words, result.headline
    value = metric.value if metric else 0.0
    low, high = (metric.low, metric.high) if metric and metric.low is not None and metric.high is not None else (value, value)
    text = words("verdict.interval", low=words.number(low * 100, 1), high=words.percent(high)) if high > low else words.percent(value)
    counts = words("verdict.of", right=metric.right, rows=metric.rows) if metric and metric.right is not None else words.percent(value)
    return verdict.Answerer(_name(visit, result), result.name.value, low * 100, value * 100, high * 100, text, counts, result.label.term)


def answers_of(visit: Visit, desk: Desk, found: VerdictView) -> answers.Answers | None:
    words, show = visit.words, desk.answers if desk.answers in _SHOWS else "regressions"
    filters = tuple(Option(name, words(f"answers.{name}")) for name in _SHOWS)
    try:
        page = visit.do("answers", verdict=found.verdict, show=show, offset=desk.answers_offset, size=PAGE_ROWS)
    except UserError as error:
        return answers.Answers(words("answers.title"), words.error(error), words("answers.which"), (), show, (), (), "")
    names = {result.name: _name(visit, result) for result in found.document.candidates}
    shown = [name for name in names if name.value in ("tuned", "base") or name is found.document.strongest]
    counted = any(result.headline is not None and result.headline.right is not None for result in found.document.candidates)
    cases = tuple(_case(visit, row, names, shown, counted=counted) for row in page.rows)
    values = {"verdict": found.verdict}
    buttons = []
    if desk.answers_offset:
        buttons.append(Button(words("rows.before"), "answers-page", {**values, "offset": max(0, desk.answers_offset - PAGE_ROWS), "kind": show}))
    if page.next is not None:
        buttons.append(Button(words("rows.after"), "answers-page", {**values, "offset": page.next, "kind": show}))
    quiet = words("answers.count", count=page.total)
    return answers.Answers(
        words("answers.title"), quiet, words("answers.which"), filters, show, (words("answers.wanted"),), cases, words("answers.none"), tuple(buttons)
    )


def _case(visit: Visit, row: Any, names: Mapping[Any, str], shown: list[Any], *, counted: bool) -> answers.Case:
    words = visit.words
    given = []
    for name in shown:
        if name not in row.answers:
            continue
        right = row.scores[name] >= _FULL if counted else None
        word = "" if right is None else words("answers.is_right" if right else "answers.is_wrong")
        slots = slots_of(visit, row.values.get(name, ()))
        given.append(answers.Given(names[name], row.answers[name] or words("answers.nothing"), right, word, slots))
    taken = next((row.values[name] for name in shown if name.value == "tuned" and name in row.values), ())
    return answers.Case(row.question, row.reference, tuple(given), slots_of(visit, row.wanted), stretches_of(row.question, taken))


def _filter(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(answers=text_of(values, "kind", 20), answers_offset=0))


def _page(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    offset = values.get("offset")
    return Outcome(desk.to(answers_offset=offset if isinstance(offset, int) and offset >= 0 else 0))


HANDLERS: Mapping[str, Handler] = {"answers": _filter, "answers-page": _page}
