"""How the rows are dealt out: which way suits them, what is kept aside to watch the training and for the exam, and how alike the parts came out."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.rows import Facts
from ui.pages import bring
from ui.pages.page import Desk, Handler, Outcome, done, number_of, text_of
from ui.pages.section import Section
from ui.parts import alike, deal, drop
from ui.parts.part import Option
from ui.visit import Visit

_KINDS = ("stratified", "random", "grouped", "time", "column")
_COLUMN_OF = {"grouped": "keep_together", "time": "time_column", "column": "part_column"}
_LEVELS = {"alike": "good", "slight": "calm", "different": "warn", "too few": "calm"}
_BY = "by "


class SplitSection(Section):
    name: ClassVar[str] = "split"

    def layout(self) -> dict[str, gr.HTML]:
        return {"split_deal": deal.deal(), "split_alike": alike.alike(), "split_sealed": drop.drop()}

    def handlers(self) -> Mapping[str, Handler]:
        return {"split": _split, "split-kind": _kind, "split-compare": _compare}

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        """What is counted over all rows is counted once a split, not once a click."""
        known, mine = visit.facts, desk.split
        if known is None:
            return desk
        key = (
            known.dataset.id,
            known.split.id if known.split else "",
            str(known.facts.rows),
            str(known.split.opened if known.split else 0),
            mine.compared,
        )
        if mine.key == key:
            return desk
        fresh = mine if mine.key[:1] == key[:1] else dataclasses.replace(mine, given={}, compared="")
        proposal = visit.do("split-proposal", dataset=known.dataset.id)
        report = visit.do("split-report", dataset=known.dataset.id, column=fresh.compared or None)
        summary = visit.do("split-summary", dataset=known.dataset.id)
        plan = summary.plan if summary is not None else None
        return desk.to(split=dataclasses.replace(fresh, key=(*key[:4], fresh.compared), proposal=proposal, report=report, plan=plan))

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        return {part: self.show(visit, self.remember(visit, desk)).get(part)}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        known = visit.facts
        assert known is not None
        shown: dict[str, Any] = {"split_deal": _deal(visit, desk, known), "split_sealed": bring.sealed_of(visit, known)}
        if desk.split.report is not None:
            shown["split_alike"] = _alike(visit, desk, known)
        return shown


def _deal(visit: Visit, desk: Desk, known: Facts) -> deal.Deal:
    words, given = visit.words, _given(desk)
    kind, columns = given["kind"], tuple(known.dataset.columns)
    chosen = tuple(column for column in columns if given.get(_BY + column) is True)
    shares = ("validation_share", *(("test_share",) if not known.facts.sealed and kind != "column" else ()))
    picked = {"grouped": columns, "time": columns, "column": columns, "stratified": columns}.get(kind, ())
    orders = (Option("yes", words("split.day_first")), Option("no", words("split.month_first"))) if kind == "time" else ()
    nothing = Option("", words("data.nothing"))
    return deal.Deal(
        title=words("split.title"),
        proposal=words.say(desk.split.proposal.best.why) if desk.split.proposal is not None else "",
        kinds_label=words("split.title"),
        kinds=tuple(
            Option(name, _called(visit, desk, name), words(f"split.kind.{name}_note"), disabled=name in _COLUMN_OF and not columns) for name in _KINDS
        ),
        kind=kind,
        columns_label=words(f"split.columns.{kind}") if picked else "",
        columns=tuple(Option(column, column, "x" if kind == "stratified" and column in chosen else "") for column in picked),
        column=str(given.get("column", "")),
        several=kind == "stratified",
        orders_label=words("split.order"),
        orders=orders,
        order=str(given.get("day_first", "yes")),
        shares=tuple(deal.Number(name, words(f"data.{name}"), str(given[name]), f"{name}, %", 2, 40) for name in shares),
        more_label=words("split.more"),
        more=(deal.Number("seed", words("data.seed"), str(given["seed"]), "seed", 0, 2**31 - 1),),
        switches=(deal.Switch("near_together", words("split.near"), given["near_together"] is True, "near_together"),),
        together_label=words("data.together"),
        together=() if kind == "grouped" or not columns else (nothing, *(Option(column, column) for column in columns)),
        kept=str(given.get("keep_together", "")),
        note=words("split.note"),
        button=words("data.split_button" if known.split is not None else "split.button"),
        values={"dataset": known.dataset.id},
    )


def _given(desk: Desk) -> dict[str, Any]:
    """What the form holds: what was typed since, else the latest split's plan, else the proposal."""
    plan, proposal = desk.split.plan, desk.split.proposal
    best = proposal.best if proposal is not None else None
    found: dict[str, Any] = {"kind": "stratified", "validation_share": "10", "test_share": "10", "seed": 0, "near_together": True, "day_first": "yes"}
    if plan is not None:
        kind = plan.way.value
        column = getattr(plan, _COLUMN_OF[kind]) if kind in _COLUMN_OF else ""
        found |= {"kind": kind, "column": column or "", "seed": plan.seed, "near_together": plan.near_together}
        found |= {name: f"{getattr(plan, name) * 100:.4g}" for name in ("validation_share", "test_share")}
        found |= {
            "day_first": "yes" if plan.day_first else "no",
            "keep_together": plan.keep_together or "",
            **{_BY + name: True for name in plan.stratify_by},
        }
    elif best is not None:
        found |= {"kind": best.kind.value, "column": best.column or "", "day_first": "yes" if best.day_first else "no"}
    if desk.split.given.get("kind", found["kind"]) != found["kind"]:
        found |= {"column": "", "keep_together": ""}  # they were another kind's
    found |= dict(desk.split.given)
    if found["kind"] in _COLUMN_OF and not found.get("column"):
        found["column"] = _proposed(desk, found["kind"])
    return found


def _proposed(desk: Desk, kind: str) -> str:
    """The column that suits this way of dealing out; '' where none does."""
    proposal = desk.split.proposal
    choices = (proposal.best, *proposal.others) if proposal is not None else ()
    return next((choice.column for choice in choices if choice.kind.value == kind and choice.column), "")


def _called(visit: Visit, desk: Desk, kind: str) -> str:
    """A way's name. That rows belong together says more with the column that ties them."""
    column = _proposed(desk, kind) if kind == "grouped" else ""
    return visit.words("split.kind.grouped_by", column=column) if column else visit.words(f"split.kind.{kind}")


def _alike(visit: Visit, desk: Desk, known: Facts) -> alike.Alike:
    words, report = visit.words, desk.split.report
    assert report is not None
    leaks = report.equal_leaks + report.near_leaks
    none = words("split.no_leaks") if report.near_known else words("split.no_equal")
    lines = [alike.Line("bad", words("split.leaks", count=leaks)) if leaks else alike.Line("good", none, words("split.no_leaks_term"))]
    lines += [alike.Line(_LEVELS[trait.likeness.value], words.say(trait.said), trait.term) for trait in report.traits]
    lines += [alike.Line("calm", words.say(note)) for note in report.notes]
    lines.append(alike.Line("calm", words("split.opened", count=report.opened)))
    columns = (Option("", words("data.nothing")), *(Option(column, column) for column in known.dataset.columns))
    headline = words("split.leaking") if leaks else words.say(report.headline)
    return alike.Alike(
        words("split.alike_title"), headline, "bad" if leaks else _LEVELS[report.likeness.value], tuple(lines), words("split.how_tested"),
        words("split.compare_column"), columns, desk.split.compared,
    )  # fmt: skip


def _kind(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Another way, or another column of it: the form follows, and keeps what was typed."""
    given = {name: value for name, value in values.items() if isinstance(value, str | bool | int | float) and len(str(value)) < 300}
    if text_of(values, "changed", 20) == "kind":
        given.pop("column", None)
    given.pop("changed", None)
    given["kind"] = given["kind"] if given.get("kind") in _KINDS else "stratified"
    return Outcome(desk.to(split=dataclasses.replace(desk.split, given=given)), only="split_deal")


def _compare(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(split=dataclasses.replace(desk.split, compared=text_of(values, "compared", 300))))


def _split(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    kind, column = text_of(values, "kind", 20), text_of(values, "column", 300)
    chosen: dict[str, Any] = {name: number_of(values, name) / 100 for name in ("validation_share", "test_share") if name in values}
    if kind == "stratified":
        chosen["stratify_by"] = [name.removeprefix(_BY) for name, value in values.items() if name.startswith(_BY) and value is True]
    if together := text_of(values, "keep_together", 300):
        chosen["keep_together"] = together
    if kind in _COLUMN_OF:
        chosen[_COLUMN_OF[kind]] = column or None
    visit.do(
        "split", dataset=text_of(values, "dataset", 64), kind=kind or None, seed=int(number_of(values, "seed")),
        near_together=values.get("near_together") is True, day_first=text_of(values, "day_first", 3) != "no", **chosen,
    )  # fmt: skip
    return Outcome(done(visit, desk.to(split=dataclasses.replace(desk.split, given={}, key=())), "split", "data.split_done"))
