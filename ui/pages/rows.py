"""The values of the rows' parts: what the filter bar, the bar of chosen rows and the table show."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.actions.views import ViewFilter
from core.sentence import Sentence
from storage.rows import Order, Part, Review, RowWindow
from ui.pages.desks import RowsDesk, RowsKnown
from ui.parts import bulk, filters
from ui.parts.part import Button, Option
from ui.visit import Visit
from ui.words import Words

PAGE_ROWS = 25
MOST_ANSWERS = 300
_YES_NO = ("", "yes", "no")


def known_of(visit: Visit) -> RowsKnown | None:
    """What the parts need of the dataset. Found out when the whole page is shown."""
    known, view = visit.facts, visit.findings
    if known is None or view is None:
        return None
    found = [(card, card.line.rows) for card in view.checks if card.line is not None and card.line.rows]
    checks = tuple((card.name, visit.words.say(Sentence(f"checks.{card.name}.label", card.label)), rows) for card, rows in found)
    labels = tuple(label for label, _ in known.labels)
    has_fields = known.dataset.shape == "text_fields"
    found_out = RowsKnown(known.dataset.id, known.facts.rows, labels, known.split is not None, has_fields, checks=checks)
    return said_of(visit, viewed(visit, found_out))


def said_of(visit: Visit, known: RowsKnown) -> RowsKnown:
    """The same with the tags and reviewers that stand now."""
    said = visit.do("tags", dataset=known.dataset)
    return dataclasses.replace(known, tags=tuple(tag for tag, _ in said.tags), reviewers=tuple(said.reviewers))


def viewed(visit: Visit, known: RowsKnown) -> RowsKnown:
    """The same with the views that are saved now."""
    return dataclasses.replace(known, views=tuple(visit.do("views", dataset=known.dataset)))


def window_of(visit: Visit, desk: RowsDesk, known: RowsKnown) -> RowWindow:
    wanted: RowWindow = visit.do("rows", dataset=known.dataset, after=desk.after or None, size=PAGE_ROWS, **asked(desk.wish))
    return wanted


def asked(wish: ViewFilter) -> dict[str, Any]:
    """The wish as an action takes it."""
    return wish.model_dump(mode="json", exclude_defaults=True)


def filters_of(visit: Visit, desk: RowsDesk, known: RowsKnown) -> filters.Filters:
    words, wish = visit.words, desk.wish
    parts = (Option("", words("rows.all")), *(Option(part, words(f"part.{part}")) for part in Part)) if known.is_split else ()
    return filters.Filters(
        label=words("rows.filters"),
        search=wish.search,
        search_label=words("rows.search", count=known.rows),
        parts_label=words("rows.part"),
        parts=parts,
        part=wish.part or "",
        more=words("rows.more"),
        groups=tuple(_groups(words, wish, known)),
        texts=(
            filters.Text(
                "label", words("rows.answer_labels" if known.labels else "rows.answer_free"), wish.label or "", "text", known.labels[:MOST_ANSWERS]
            ),
            filters.Text("least_chars", words("rows.least"), _plain(wish.least_chars), "number"),
            filters.Text("most_chars", words("rows.most"), _plain(wish.most_chars), "number"),
        ),
        chips=tuple(Button(text, "rows-drop", {"name": name}, title=words("rows.drop")) for name, text in _chips(words, wish, known)),
        views=tuple(_view_chips(words, wish, known)),
        save=words("rows.save_view") if wish != ViewFilter() and all(view.filter != wish for view in known.views) else "",
        save_name=words("rows.view_name"),
        save_button=words("rows.save"),
    )


def bulk_of(visit: Visit, desk: RowsDesk, known: RowsKnown, total: int) -> bulk.Bulk | None:
    words = visit.words
    count = total if desk.all else len(desk.ticked)
    if not count:
        return None
    everything = Button(words("rows.choose_all", count=total), "rows-all", {}, "link")
    none = Button(words("rows.choose_none"), "rows-none", {}, "link")
    actions = [
        Button(words("rows.approve"), "rows-mark", {"wish": "approve"}),
        Button(words("rows.reject"), "rows-mark", {"wish": "reject"}),
        Button(words("rows.unsay"), "rows-mark", {"wish": "clear-review"}),
        Button(words("rows.tag"), "rows-form", {"form": "tag"}),
        Button(words("rows.untag"), "rows-form", {"form": "untag"}),
        Button(words("rows.set_answer"), "rows-form", {"form": "answer"}),
        Button(words("rows.replace"), "rows-form", {"form": "replace"}),
        Button(words("rows.delete_many"), "rows-delete", {}, "link"),
    ]
    if not desk.all and 1 < count <= 1_000:
        actions.insert(-1, Button(words("rows.merge"), "rows-merge", {}, title=words("rows.merge_note")))
    return bulk.Bulk(
        label=words("rows.chosen_label"),
        count=words("rows.chosen_all" if desk.all else "rows.chosen", count=count),
        choose=(none,) if desk.all or total <= count else (everything, none),
        actions=tuple(actions),
        form=_form(words, desk, known),
    )


def _groups(words: Words, wish: ViewFilter, known: RowsKnown) -> list[filters.Group]:
    every = Option("", words("rows.all"))
    review = "none" if wish.unreviewed else wish.review or ""
    groups = [
        filters.Group("order", words("rows.order"), tuple(Option(order, words(f"rows.order_by.{order}")) for order in Order), wish.order),
        filters.Group("review", words("rows.review"), (every, *(Option(name, words(f"rows.is.{name}")) for name in (*Review, "none"))), review),
        filters.Group("edited", words("rows.is_edited"), _yes_no(words), _yes(wish.edited)),
        filters.Group("answered", words("rows.is_answered"), _yes_no(words), _yes(wish.answered)),
    ]
    if known.tags or wish.tag:
        tags = dict.fromkeys((*known.tags[:30], *((wish.tag,) if wish.tag else ())))
        groups.append(filters.Group("tag", words("rows.tag_label"), (every, *(Option(tag, tag) for tag in tags)), wish.tag or ""))
    if known.checks:
        checks = tuple(Option(name, label, words.number(rows)) for name, label, rows in known.checks)
        groups.append(filters.Group("check", words("rows.check"), (every, *checks), wish.check or ""))
    if len(known.reviewers) > 1 or wish.reviewer:
        people = tuple(Option(person, person) for person in known.reviewers)
        groups.append(filters.Group("reviewer", words("rows.reviewer"), (every, *people), wish.reviewer or ""))
    return groups


def _chips(words: Words, wish: ViewFilter, known: RowsKnown) -> list[tuple[str, str]]:
    """Each condition that stands, by the name of its field, as it is read."""
    checks = {name: label for name, label, _ in known.checks}
    yes = {True: words("rows.yes"), False: words("rows.no")}
    said = {
        "search": f"“{wish.search}”",
        "label": wish.label,
        "part": words(f"part.{wish.part}") if wish.part else None,
        "least_chars": words("rows.at_least", count=wish.least_chars or 0),
        "most_chars": words("rows.at_most", count=wish.most_chars or 0),
        "check": checks.get(wish.check or "", wish.check),
        "bundle": words("rows.one_finding"),
        "tag": wish.tag,
        "review": words(f"rows.is.{wish.review}") if wish.review else None,
        "unreviewed": words("rows.is.none"),
        "reviewer": wish.reviewer,
        "edited": f"{words('rows.is_edited')}: {yes[bool(wish.edited)]}",
        "answered": f"{words('rows.is_answered')}: {yes[bool(wish.answered)]}",
        "source": wish.source,
        "positions": words("rows.these", count=len(wish.positions or ())),
        "order": words(f"rows.order_by.{wish.order}"),
    }
    stands = wish.model_dump(exclude_defaults=True)
    return [(name, str(text)[:80]) for name, text in said.items() if name in stands]


def _view_chips(words: Words, wish: ViewFilter, known: RowsKnown) -> list[filters.ViewChip]:
    chips = []
    for view in known.views:
        forget = Button("×", "rows-forget-view", {"view": view.id}, "link", title=words("rows.forget_view", name=view.name))
        on = view.filter == wish
        chips.append(filters.ViewChip(Button(view.name, "rows-view", {"view": view.id}), on, forget if on else None))
    return chips


def _form(words: Words, desk: RowsDesk, known: RowsKnown) -> bulk.Form | None:
    cancel = Button(words("rows.cancel"), "rows-form", {"form": ""}, "link")
    labels = known.labels[:MOST_ANSWERS]
    fields: Mapping[str, tuple[bulk.Field, ...]] = {
        "tag": (bulk.Field("tag", words("rows.tag_label"), known=known.tags),),
        "untag": (bulk.Field("tag", words("rows.tag_label"), known=known.tags),),
        "answer": (bulk.Field("answer", words("rows.new_answer"), known=labels),),
        "replace": (
            bulk.Field("find", words("rows.find")),
            bulk.Field("replace", words("rows.replace_by"), required=False),
            bulk.Field(
                "where", words("rows.where"), "both", options=tuple(Option(name, words(f"rows.in.{name}")) for name in ("both", "question", "answer"))
            ),
        ),
    }
    if desk.form not in fields:
        return None
    return bulk.Form(desk.form, "rows-do", fields[desk.form], words(f"rows.do.{desk.form}"), cancel)


def _yes_no(words: Words) -> tuple[Option, ...]:
    return tuple(Option(name, words(f"rows.{name}" if name else "rows.all")) for name in _YES_NO)


def _yes(wish: bool | None) -> str:
    return "" if wish is None else "yes" if wish else "no"


def _plain(number: int | None) -> str:
    return "" if number is None else str(number)
