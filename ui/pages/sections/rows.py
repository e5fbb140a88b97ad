"""The rows themselves: what is looked for, what is done with one row and with many, and how each thing is taken back."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.reviews import MOST_ROWS
from core.actions.views import ViewFilter
from storage.rows import Order, Part, Review
from ui.pages import rows, rows_table
from ui.pages.desks import RowsDesk
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.pages.section import Section
from ui.parts import bulk, filters, table
from ui.parts.part import Button
from ui.visit import Visit

_PARTS = ("rows_filters", "rows_bulk", "rows_table")
_TABLE, _ALL_PARTS = "rows_table", "rows_filters"  # what a handler touched: the table and the chosen rows, or the filters too
_FORMS = ("tag", "untag", "answer", "replace")
_MARKS = {"approve": "approved", "reject": "rejected", "clear-review": "cleared"}
_BULK = ("bulk-edit", "bulk-delete", "bulk-mark")
_YES = {"yes": True, "no": False}


class RowsSection(Section):
    name: ClassVar[str] = "rows"

    def layout(self) -> dict[str, gr.HTML]:
        return {"rows_filters": filters.filters(), "rows_bulk": bulk.bulk(), "rows_table": table.table()}

    def looks(self, part: str) -> tuple[str, ...]:
        return ("notice_rows", *_PARTS) if part in _PARTS else ()

    def handlers(self) -> Mapping[str, Handler]:
        return _HANDLERS

    def remember(self, visit: Visit, desk: Desk) -> Desk:
        known = rows.known_of(visit)
        mine = desk.rows if known and desk.rows.known and desk.rows.known.dataset == known.dataset else RowsDesk(wish=desk.rows.wish)
        return desk.to(rows=mine.to(known=known))

    def show_only(self, visit: Visit, desk: Desk, part: str) -> dict[str, Any]:
        shown = self.show(visit, desk)
        return shown if part == _ALL_PARTS else {name: value for name, value in shown.items() if name != _ALL_PARTS}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        mine = desk.rows
        if mine.known is None:
            return {}
        page = rows.window_of(visit, mine, mine.known)
        return {
            "rows_filters": rows.filters_of(visit, mine, mine.known),
            "rows_bulk": rows.bulk_of(visit, mine, mine.known, page.total),
            "rows_table": rows_table.table_of(visit, mine, mine.known, page),
        }

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        if verb not in _BULK:
            return None
        undo = Button(visit.words("rows.undo"), "undo", {"dataset": result.dataset, "number": result.number}, "accent")
        fresh = desk.to(rows=desk.rows.to(ticked=frozenset(), all=False, form="", after="", trail=(), open=""))
        return Outcome(done(visit, fresh, "rows", "rows.done_many", undo, what=visit.words.say(rows_table.sentence_of(result))))


def _find(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(rows=desk.rows.wishing(_wish_of(desk.rows.wish, values))), only=_ALL_PARTS)


def _wish_of(old: ViewFilter, values: Mapping[str, Any]) -> ViewFilter:
    """What the form asks for. What it has no field for stays as it was; a value that no field can have is as if nothing was asked."""
    part, review, order = text_of(values, "part", 20), text_of(values, "review", 20), text_of(values, "order", 20)
    check = text_of(values, "check", 80) or None
    return ViewFilter(
        search=text_of(values, "search", 200),
        label=text_of(values, "label", 10_000) or None,
        part=Part(part) if part in tuple(Part) else None,
        least_chars=_count_of(values, "least_chars"),
        most_chars=_count_of(values, "most_chars"),
        check=check,
        bundle=old.bundle if check == old.check else None,
        tag=text_of(values, "tag", 80) or None,
        review=Review(review) if review in tuple(Review) else None,
        unreviewed=review == "none",
        reviewer=text_of(values, "reviewer", 64) or None,
        edited=_YES.get(text_of(values, "edited", 3)),
        answered=_YES.get(text_of(values, "answered", 3)),
        source=old.source,
        positions=old.positions,
        order=Order(order) if order in tuple(Order) else Order.POSITION,
    )


def _count_of(values: Mapping[str, Any], name: str) -> int | None:
    text = text_of(values, name, 12)
    return min(int(text), 10**9) if text.isascii() and text.isdigit() else None


def _drop(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    name = text_of(values, "name", 20)
    if name not in ViewFilter.model_fields:
        return Outcome(desk, only=_ALL_PARTS)
    gone = {name: ViewFilter.model_fields[name].default} | ({"bundle": None} if name == "check" else {})
    return Outcome(desk.to(rows=desk.rows.wishing(desk.rows.wish.model_copy(update=gone))), only=_ALL_PARTS)


def _after(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    mine, after = desk.rows, text_of(values, "after", 1_000)
    return Outcome(desk.to(rows=mine.to(after=after, trail=(*mine.trail, mine.after), open="")) if after else desk, only=_TABLE)


def _before(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    mine = desk.rows
    return Outcome(desk.to(rows=mine.to(after=mine.trail[-1], trail=mine.trail[:-1], open="")) if mine.trail else desk, only=_TABLE)


def _open(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(rows=desk.rows.to(open=text_of(values, "example", 64))), only=_TABLE)


def _close(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(_closed(desk), only=_TABLE)


def _save(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    texts = {name: text_of(values, name, 1_000_001) for name in ("question", "answer")}
    change = visit.do("edit", example=text_of(values, "example", 64), **texts)
    return Outcome(done(visit, _closed(desk), "rows", "rows.saved", _undo_button(visit, change.dataset)), only=_TABLE)


def _delete(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    change = visit.do("delete-row", example=text_of(values, "example", 64))
    return Outcome(done(visit, _closed(desk), "rows", "rows.deleted", _undo_button(visit, change.dataset)))


def _undo(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    number = values.get("number")
    visit.do("undo", dataset=text_of(values, "dataset", 64), number=number if isinstance(number, int) else None)
    return Outcome(done(visit, _closed(desk), "rows", "rows.undone"))


def _tick(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    mine = desk.rows
    ticked = (mine.ticked - frozenset(_rows_of(values, "shown"))) | frozenset(_rows_of(values))
    kept = mine.to(ticked=ticked, all=False, form=mine.form if ticked else "")
    return Outcome(desk.to(rows=kept), only=_TABLE)


def _all(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(rows=desk.rows.to(all=True, ticked=frozenset())), only=_TABLE)


def _none(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(_unchosen(desk), only=_TABLE)


def _form(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Open a form for what is chosen; the row that a key was pressed on is chosen where nothing is."""
    mine, form = desk.rows, text_of(values, "form", 20)
    ticked = mine.ticked or frozenset(_rows_of(values))
    return Outcome(desk.to(rows=mine.to(form=form if form in _FORMS else "", ticked=ticked if not mine.all else frozenset())), only=_TABLE)


def _mark(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Approve, reject or neither: one row by its key, the ticked ones, or all that match, which shows a plan first."""
    wish, one = text_of(values, "wish", 20), _rows_of(values)
    if wish not in _MARKS:
        return Outcome(desk, only=_TABLE)
    if not one and _many(desk):
        visit.do("bulk-mark", **_chosen(visit, desk), review=_MARKS[wish])
    visit.do(wish, dataset=_dataset(visit), rows=one or sorted(desk.rows.ticked))
    return Outcome(_said_anew(visit, desk if one else _unchosen(desk)), only=_ALL_PARTS)


def _do(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """What a form of the chosen rows asks for."""
    form = text_of(values, "form", 20)
    if form in ("tag", "untag"):
        tag = text_of(values, "tag", 100)
        if _many(desk):
            visit.do("bulk-mark", **_chosen(visit, desk), **{"add_tag" if form == "tag" else "remove_tag": tag})
        visit.do(form, dataset=_dataset(visit), rows=sorted(desk.rows.ticked), tag=tag)
        return Outcome(_said_anew(visit, _unchosen(desk)), only=_ALL_PARTS)
    if form == "answer":
        visit.do("bulk-edit", **_chosen(visit, desk), answer=text_of(values, "answer", 100_000))
    if form == "replace":
        found = {
            "find": text_of(values, "find", 10_000),
            "replace": text_of(values, "replace", 10_000),
            "where": text_of(values, "where", 20) or "both",
        }
        visit.do("bulk-edit", **_chosen(visit, desk), **found)
    return Outcome(desk)


def _delete_many(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("bulk-delete", **_chosen(visit, desk))
    return Outcome(desk)


def _merge(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    first, *others = sorted(desk.rows.ticked)
    change = visit.do("merge-rows", dataset=_dataset(visit), keep=first, others=others)
    return Outcome(done(visit, _unchosen(desk), "rows", "rows.merged", _undo_button(visit, change.dataset), row=first))


def _view(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    known, id = desk.rows.known, text_of(values, "view", 64)
    found = next((view for view in known.views if view.id == id), None) if known else None
    wish = found.filter if found is not None and found.filter != desk.rows.wish else ViewFilter()
    return Outcome(desk.to(rows=desk.rows.wishing(wish)), only=_ALL_PARTS)


def _save_view(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("save-view", dataset=_dataset(visit), name=text_of(values, "name", 100), filter=rows.asked(desk.rows.wish))
    return Outcome(_viewed_anew(visit, desk), only=_ALL_PARTS)


def _forget_view(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("delete-view", view=text_of(values, "view", 64))
    return Outcome(_viewed_anew(visit, desk), only=_ALL_PARTS)


def _rows_of(values: Mapping[str, Any], name: str = "rows") -> list[int]:
    """Row numbers from the browser, which anyone may have written."""
    found = values.get(name)
    return [number for number in found if type(number) is int and number > 0][:500] if isinstance(found, list) else []


def _many(desk: Desk) -> bool:
    return desk.rows.all or len(desk.rows.ticked) > MOST_ROWS


def _chosen(visit: Visit, desk: Desk) -> dict[str, Any]:
    """The chosen rows as a bulk action takes them."""
    wish = desk.rows.wish.model_dump(mode="json", exclude_defaults=True, exclude={"order"})
    return {"dataset": _dataset(visit), "filter": wish if desk.rows.all else {"positions": sorted(desk.rows.ticked)}}


def _dataset(visit: Visit) -> str:
    return visit.dataset.id if visit.dataset else ""


def _said_anew(visit: Visit, desk: Desk) -> Desk:
    known = desk.rows.known
    return desk.to(rows=desk.rows.to(known=rows.said_of(visit, known) if known else None))


def _viewed_anew(visit: Visit, desk: Desk) -> Desk:
    known = desk.rows.known
    return desk.to(rows=desk.rows.to(known=rows.viewed(visit, known) if known else None))


def _unchosen(desk: Desk) -> Desk:
    return desk.to(rows=desk.rows.to(ticked=frozenset(), all=False, form=""))


def _closed(desk: Desk) -> Desk:
    return desk.to(rows=desk.rows.to(open=""))


def _undo_button(visit: Visit, dataset: str) -> Button:
    return Button(visit.words("rows.undo"), "undo", {"dataset": dataset}, "accent")


_HANDLERS: Mapping[str, Handler] = {
    "find": _find, "rows-drop": _drop, "page-after": _after, "page-before": _before, "open-row": _open, "close-row": _close, "save-row": _save,
    "delete-row": _delete, "undo": _undo, "rows-tick": _tick, "rows-all": _all, "rows-none": _none, "rows-form": _form, "rows-mark": _mark,
    "rows-do": _do, "rows-delete": _delete_many, "rows-merge": _merge, "rows-view": _view, "rows-save-view": _save_view,
    "rows-forget-view": _forget_view,
}  # fmt: skip
