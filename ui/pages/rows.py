"""The rows on the Data page: a window on them, searched and filtered by the server, and the changes that can all be taken back."""

from collections.abc import Mapping
from typing import Any

from storage.rows import Example, Part
from ui.pages.page import Desk, Handler, Outcome, Query, RowsKnown, done, text_of
from ui.parts import table
from ui.parts.part import Button, Option
from ui.visit import Visit

PAGE_ROWS = 25
_MOST_ANSWERS = 300
_PARTS = tuple(part.value for part in Part)


def known_of(visit: Visit) -> RowsKnown | None:
    """What the table needs of its dataset. Found out when the whole page is shown."""
    known = visit.facts
    if known is None:
        return None
    changed = bool(known.facts.edited) or any(not edit.undone for edit in visit.do("history", dataset=known.dataset.id).edits)
    return RowsKnown(known.dataset.id, known.facts.rows, tuple(label for label, _ in known.labels), known.split is not None, changed)


def table_of(visit: Visit, desk: Desk) -> table.Table | None:
    words, query, known = visit.words, desk.query, desk.rows
    if known is None:
        return None
    page = visit.do("rows", dataset=known.dataset, after=query.after, size=PAGE_ROWS, search=query.search, part=query.part or None)
    first = len(query.trail) * PAGE_ROWS + 1
    kind = "labels" if known.labels else "free"
    undo = Button(words("rows.undo"), "undo", {"dataset": known.dataset}, "link")
    return table.Table(
        label=words("rows.label"),
        heads=("#", words(f"rows.question_{kind}"), words(f"rows.answer_{kind}"), words("rows.part"), words("rows.actions")),
        rows=tuple(_row(visit, example, open_=example.id == query.open) for example in page.examples),
        answers=known.labels[:_MOST_ANSWERS],
        search=query.search,
        search_label=words("rows.search", count=known.rows),
        parts_label=words("rows.part"),
        parts=(Option("", words("rows.all")), *(Option(part, words(f"part.{part}")) for part in _PARTS)) if known.is_split else (),
        part=query.part,
        total=words("rows.found", count=page.total) if query.search or query.part else words("rows.total", count=page.total),
        window=words("rows.window", first=first, last=first + len(page.examples) - 1) if page.examples else "",
        empty=words("rows.none"),
        edited=words("rows.edited"),
        unanswered=words("rows.unanswered"),
        save=words("rows.save"),
        pages_label=words("rows.pages"),
        before=Button(words("rows.before"), "page-before") if query.trail else None,
        after=Button(words("rows.after"), "page-after", {"after": page.next}) if page.next is not None else None,
        buttons=(undo,) if known.changed else (),
    )


def _row(visit: Visit, example: Example, *, open_: bool) -> table.Row:
    words, values = visit.words, {"example": example.id}
    source = words("rows.from", file=example.source, row=example.row)
    return table.Row(
        id=example.id,
        number=words.number(example.position),
        question=example.question,
        answer=example.answer,
        part=example.part or "",
        part_word=words(f"part.{example.part}") if example.part else "",
        source=source,
        edited=example.edited,
        open=open_,
        edit=Button(words("rows.edit"), "open-row", values, "link", title=words("rows.edit_row", row=example.position)),
        cancel=Button(words("rows.cancel"), "close-row"),
        remove=Button(words("rows.delete"), "delete-row", values),
    )


def _find(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    part = text_of(values, "part", 20)
    return Outcome(desk.to(query=Query(search=text_of(values, "search", 200), part=part if part in _PARTS else "")), only="table")


def _after(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    query, after = desk.query, values.get("after")
    if not isinstance(after, int) or isinstance(after, bool) or after < 0:
        return Outcome(desk, only="table")
    return Outcome(desk.to(query=Query(query.search, query.part, after, (*query.trail, query.after))), only="table")


def _before(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    query = desk.query
    return Outcome(desk.to(query=Query(query.search, query.part, query.trail[-1], query.trail[:-1]) if query.trail else query), only="table")


def _open(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    query = desk.query
    return Outcome(desk.to(query=Query(query.search, query.part, query.after, query.trail, text_of(values, "example", 64))), only="table")


def _close(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(_closed(desk), only="table")


def _save(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    edit = visit.do(
        "edit", example=text_of(values, "example", 64), question=text_of(values, "question", 1_000_001), answer=text_of(values, "answer", 1_000_001)
    )
    return Outcome(done(visit, _closed(desk), "rows", "rows.saved", _undo_button(visit, edit.dataset)))


def _delete(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    edit = visit.do("delete-row", example=text_of(values, "example", 64))
    return Outcome(done(visit, _closed(desk), "rows", "rows.deleted", _undo_button(visit, edit.dataset)))


def _undo(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("undo", dataset=text_of(values, "dataset", 64))
    return Outcome(done(visit, _closed(desk), "rows", "rows.undone"))


def _undo_button(visit: Visit, dataset: str) -> Button:
    return Button(visit.words("rows.undo"), "undo", {"dataset": dataset}, "accent")


def _closed(desk: Desk) -> Desk:
    query = desk.query
    return desk.to(query=Query(query.search, query.part, query.after, query.trail))


HANDLERS: Mapping[str, Handler] = {
    "find": _find, "page-after": _after, "page-before": _before, "open-row": _open, "close-row": _close, "save-row": _save, "delete-row": _delete, "undo": _undo,
}  # fmt: skip
