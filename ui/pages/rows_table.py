"""The value of the table of rows: a page of them, the open one with its form and all that happened to it."""

import json
from collections.abc import Mapping

from core.actions.views import ViewFilter
from core.sentence import Sentence
from storage.rows import Change, MarkedExample, Order, Review, RowState, RowWindow
from ui.pages.desks import RowsDesk, RowsKnown
from ui.pages.rows import MOST_ANSWERS, PAGE_ROWS
from ui.parts import table
from ui.parts.part import Button
from ui.visit import Visit
from ui.words import Words

_KEYS = ("jk", "enter", "x", "a", "r", "t", "u", "search")
_ENDS = ("import", "erase")  # what undo leaves alone
_GLANCE_CHARS = 700


def table_of(visit: Visit, desk: RowsDesk, known: RowsKnown, page: RowWindow) -> table.Table:
    words, wish = visit.words, desk.wish
    first, kind = len(desk.trail) * PAGE_ROWS + 1, "labels" if known.labels else "free"
    narrowed = wish.model_copy(update={"order": Order.POSITION}) != ViewFilter()
    last = _last(visit, known)
    past = visit.do("history", dataset=known.dataset, example=desk.open) if any(row.example.id == desk.open for row in page.rows) else None
    labels = {name: label for name, label, _ in known.checks}
    return table.Table(
        label=words("rows.label"),
        heads=table.Heads(
            words("rows.tick_all"), "#", words(f"rows.question_{kind}"), words(f"rows.answer_{kind}"), words("rows.part"), words("rows.said"),
            words("rows.actions"),
        ),
        rows=tuple(_row(words, row, desk, known, labels) for row in page.rows),
        answers=known.labels[:MOST_ANSWERS],
        total=words("rows.found", count=page.total) if narrowed else words("rows.total", count=page.total),
        window=words("rows.window", first=first, last=first + len(page.rows) - 1) if page.rows else "",
        empty=words("rows.none"),
        edited=words("rows.edited"),
        unanswered=words("rows.unanswered"),
        save=words("rows.save"),
        pages_label=words("rows.pages"),
        before=Button(words("rows.before"), "page-before") if desk.trail else None,
        after=Button(words("rows.after"), "page-after", {"after": page.next}) if page.next is not None else None,
        keys_label=words("rows.keys"),
        keys=tuple((words(f"rows.key.{key}"), words(f"rows.key_does.{key}")) for key in _KEYS),
        all_ticked=bool(page.rows) and all(_ticked(desk, row) for row in page.rows),
        last=words.say(sentence_of(last)) if last else "",
        buttons=(Button(words("rows.undo"), "undo", {"dataset": known.dataset}, "link"),) if last else (),
        past_label=words("rows.past"),
        past=tuple(_past(visit, known, past.changes, past.states)) if past else (),
        original_label=words("rows.original"),
        original=_pretty(past.original) if past else "",
    )  # fmt: skip


def sentence_of(change: Change) -> Sentence:
    """What the history says of a change."""
    told = json.loads(change.what)
    return Sentence(told["key"], told["english"], told["facts"])


def _row(words: Words, row: MarkedExample, desk: RowsDesk, known: RowsKnown, labels: Mapping[str, str]) -> table.Row:
    example, values = row.example, {"example": row.example.id}
    here = {"rows": [example.position]}
    open_ = example.id == desk.open
    # A closed row is looked at, not read: five lines are seen of it.
    question, answer = (example.question, example.answer) if open_ else (example.question[:_GLANCE_CHARS], _at_a_glance(words, example.answer, known))
    buttons = (
        Button(words("rows.cancel"), "close-row"),
        Button(words("rows.approve"), "rows-mark", {**here, "wish": "approve"}) if row.review is not Review.APPROVED else None,
        Button(words("rows.reject"), "rows-mark", {**here, "wish": "reject"}) if row.review is not Review.REJECTED else None,
        Button(words("rows.unsay"), "rows-mark", {**here, "wish": "clear-review"}, "link") if row.review else None,
        Button(words("rows.delete"), "delete-row", values, "link"),
    )
    return table.Row(
        id=example.id,
        position=example.position,
        number=words.number(example.position),
        question=question,
        answer=answer,
        part=example.part or "",
        part_word=words(f"part.{example.part}") if example.part else "",
        source=words("rows.from", file=example.source, row=example.row),
        edited=example.edited,
        open=open_,
        edit=Button(words("rows.edit"), "open-row", values, "link", title=words("rows.edit_row", row=example.position)),
        buttons=tuple(button for button in buttons if button is not None),
        tick=words("rows.tick", row=example.position),
        ticked=_ticked(desk, row),
        review=row.review or "",
        review_word=words(f"rows.is.{row.review}") if row.review else "",
        tags=row.tags,
        found=words("rows.findings", count=len(row.findings)) if row.findings else "",
        found_title=", ".join(labels.get(name, name) for name in row.findings),
    )


def _at_a_glance(words: Words, answer: str | None, known: RowsKnown) -> str | None:
    """Fields a line each, as a person would write them; any other answer as it is."""
    if answer is None or not known.has_fields:
        return answer[:_GLANCE_CHARS] if answer is not None else None
    try:
        fields = json.loads(answer)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return answer[:_GLANCE_CHARS]  # somebody wrote something else there
    lines = [f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(lines)[:_GLANCE_CHARS] or words("rows.no_fields")


def _ticked(desk: RowsDesk, row: MarkedExample) -> bool:
    return desk.all or row.example.position in desk.ticked


def _last(visit: Visit, known: RowsKnown) -> Change | None:
    """The change that undo would take back."""
    past = visit.do("history", dataset=known.dataset, limit=50).changes
    return next((change for change in past if not change.undone and change.undoes is None and change.kind not in _ENDS), None)


def _past(visit: Visit, known: RowsKnown, changes: tuple[Change, ...], states: tuple[RowState, ...]) -> list[table.Past]:
    words, by_number = visit.words, {change.number: change for change in changes}
    shown = []
    for state, before in zip(states, (*states[1:], None), strict=True):
        change = by_number.get(state.change)
        what = words.say(sentence_of(change)) if change else words("rows.came")
        if state.kind in ("undo", "redo"):
            what = words(f"rows.{state.kind}_of", what=what)
        old, new = _differing(before.messages, state.messages) if before else ("", "")
        standing = change is not None and not change.undone and change.kind not in _ENDS
        undo = Button(words("rows.take_back"), "undo", {"dataset": known.dataset, "number": state.change}, "link") if standing else None
        who = words("rows.you") if state.actor == visit.context.actor else state.actor
        shown.append(table.Past(f"{words.moment(state.at)} · {who}", what, old, new, undo))
    return shown


def _differing(before: str | None, after: str | None) -> tuple[str, str]:
    """The texts of the turns that are not the same."""
    old, new = (_texts(messages) for messages in (before, after))
    if old == new:
        return "", ""
    length = max(len(old), len(new))
    pairs = [(a, b) for a, b in zip(old + [""] * (length - len(old)), new + [""] * (length - len(new)), strict=True) if a != b]
    return "\n".join(a for a, _ in pairs if a), "\n".join(b for _, b in pairs if b)


def _texts(messages: str | None) -> list[str]:
    return [str(turn["content"]) for turn in json.loads(messages)] if messages else []


def _pretty(original: str | None) -> str:
    return json.dumps(json.loads(original), ensure_ascii=False, indent=1) if original else ""
