"""Versions: keep the rows as they stand, see what changed, take one home."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.versions import VersionCard
from storage.rows import JobState, VersionChanges
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.pages.section import Section
from ui.pages.sections import erasing
from ui.pages.working import progress_of
from ui.parts import difference, erase, progress, versions
from ui.parts.part import Button, Option
from ui.visit import Visit
from ui.words import Words

_KINDS = ("", "added", "removed", "changed")
_EXPORT = "export-data"
_SHOWN_CHARS = 400
_RUNS = 5


class VersionsSection(Section):
    name: ClassVar[str] = "versions"

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "versions_list": versions.versions(), "versions_progress": progress.progress(), "versions_difference": difference.difference(),
            "versions_erase": erase.erase(),
        }  # fmt: skip

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "versions-freeze": _freeze, "versions-name": _name, "versions-naming": _naming, "versions-compare": _compare, "versions-next": _next,
            "versions-close": _close, "versions-exporting": _exporting, "versions-export": _export, **erasing.HANDLERS,
        }  # fmt: skip

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        assert visit.dataset is not None
        cards = visit.do("versions", dataset=visit.dataset.id)
        shown: dict[str, Any] = {"versions_list": _list(visit, desk, cards), "versions_erase": erasing.erase_of(visit, desk)}
        if desk.versions.after and any(card.version.id == desk.versions.after for card in cards) and len(cards) > 1:
            shown["versions_difference"] = _difference(visit, desk, cards)
        job = visit.job(_EXPORT)
        shown["versions_progress"] = progress_of(visit, job)
        return shown | self.failure(visit, desk, job if job is not None and any(card.version.id == job.subject for card in cards) else None)

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        return {"versions_progress": progress_of(visit, visit.at_work(_EXPORT))}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        return erasing.erased(visit, desk, result) if verb == "erase-person" else None


def _list(visit: Visit, desk: Desk, cards: tuple[VersionCard, ...]) -> versions.Versions:
    words = visit.words
    formats = tuple(Option(card.name, words.either(f"versions.format.{card.name}", card.label)) for card in visit.do("data-formats"))
    return versions.Versions(
        title=words("versions.title"),
        name_label=words("versions.keep_label"),
        name_hint=words("versions.keep_hint"),
        keep=words("versions.keep"),
        empty=words("versions.empty"),
        items=tuple(_item(visit, desk, card, cards[index + 1] if index + 1 < len(cards) else None) for index, card in enumerate(cards)),
        rename_label=words("versions.name_label"),
        rename=words("versions.name_button"),
        formats_label=words("versions.formats"),
        formats=formats,
        format=next((kind.value for kind in formats if kind.value == "jsonl"), formats[0].value if formats else ""),
        export=words("versions.export_button"),
        values={"dataset": visit.dataset.id if visit.dataset else ""},
    )


def _item(visit: Visit, desk: Desk, card: VersionCard, before: VersionCard | None) -> versions.Item:
    words, version = visit.words, card.version
    numbered = version.name == str(version.number)
    exported = next((job for job in visit.jobs if job.kind == _EXPORT and job.subject == version.id and job.state is JobState.DONE), None)
    buttons = [Button(words("versions.name"), "versions-naming", {"version": version.id}, "link")]
    if before is not None:
        buttons.insert(0, Button(words("versions.compare"), "versions-compare", {"after": version.id, "before": before.version.id}, "link"))
    buttons.append(Button(words("versions.export"), "versions-exporting", {"version": version.id}, "link"))
    names = ", ".join(run.name for run in card.runs[:_RUNS]) + (f" + {len(card.runs) - _RUNS}" if len(card.runs) > _RUNS else "")
    return versions.Item(
        number=f"{version.number}.",
        name=words("versions.unnamed") if numbered else version.name,
        mark=words("versions.standing") if card.standing else "",
        note=words("versions.rows", count=version.rows) + " · " + words.moment(version.created_at),
        since=_since(words, card.since) if card.since is not None else words("versions.first"),
        used=words("versions.used", names=names) if card.runs else "",
        erased=words("versions.erased", count=version.erased) if version.erased else "",
        standing=card.standing,
        naming=desk.versions.naming == version.id,
        exporting=desk.versions.exporting == version.id,
        link=f"/api/exports/{exported.id}/download" if exported is not None else "",
        link_text=words("versions.download") if exported is not None else "",
        buttons=tuple(buttons),
        values={"version": version.id},
    )


def _since(words: Words, changes: VersionChanges) -> str:
    told = [
        words(f"versions.count_{kind}", count=count)
        for kind, count in (("added", changes.added_count), ("removed", changes.removed_count), ("changed", changes.changed_count))
        if count
    ]
    return words("versions.since", changes=", ".join(told)) if told else words("versions.same")


def _difference(visit: Visit, desk: Desk, cards: tuple[VersionCard, ...]) -> difference.Difference:
    words, mine = visit.words, desk.versions
    before = mine.before or next(card.version.id for card in cards if card.version.id != mine.after)
    found = visit.do("compare-versions", before=before, after=mine.after, kind=mine.kind or None, after_position=mine.from_row)
    others = tuple(Option(card.version.id, _called(words, card)) for card in cards if card.version.id != mine.after)
    buttons = [Button(words("versions.close"), "versions-close", kind="link")]
    if found.next is not None:
        buttons.insert(0, Button(words("versions.more"), "versions-next", {"from_row": found.next}))
    after = next(card for card in cards if card.version.id == mine.after)
    return difference.Difference(
        title=words("versions.difference", name=_called(words, after)),
        said=_since(words, found.changes),
        after=mine.after,
        others_label=words("versions.against"),
        others=others,
        before=before,
        kinds_label=words("versions.kinds"),
        kinds=tuple(Option(kind, words(f"versions.kind.{kind or 'all'}")) for kind in _KINDS),
        kind=mine.kind,
        before_word=words("versions.before"),
        after_word=words("versions.after"),
        rows=tuple(_pair(words, row) for row in found.rows),
        empty=words("versions.nothing"),
        buttons=tuple(buttons),
    )


def _pair(words: Words, row: Any) -> difference.Pair:
    gone = words("versions.erased_row") if row.erased else ""
    return difference.Pair(
        words("versions.place", file=row.source, row=row.row), row.kind.value, words(f"versions.kind_one.{row.kind.value}"),
        _cut(row.before_question) or (gone if row.before is not None else ""), _cut(row.before_answer),
        _cut(row.after_question) or (gone if row.after is not None else ""), _cut(row.after_answer),
    )  # fmt: skip


def _cut(text: str | None) -> str:
    return "" if text is None else text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def _called(words: Words, card: VersionCard) -> str:
    version = card.version
    return words("versions.numbered", number=version.number) if version.name == str(version.number) else version.name


def _freeze(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    made = visit.do("freeze", dataset=text_of(values, "dataset", 64), name=text_of(values, "name", 120).strip() or None)
    return Outcome(done(visit, desk, "versions", "versions.kept", number=made.number, rows=made.rows))


def _naming(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(versions=desk.versions.to(naming=text_of(values, "version", 64), exporting="")), only="versions_list")


def _name(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("name-version", version=text_of(values, "version", 64), name=text_of(values, "name", 120))
    return Outcome(desk.to(versions=desk.versions.to(naming="")))


def _compare(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    kind = text_of(values, "kind", 20)
    chosen = desk.versions.to(
        after=text_of(values, "after", 64), before=text_of(values, "before", 64), kind=kind if kind in _KINDS else "", from_row=0
    )  # fmt: skip
    return Outcome(desk.to(versions=chosen), only="versions_difference")


def _next(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    place = values.get("from_row")
    return Outcome(desk.to(versions=desk.versions.to(from_row=place if isinstance(place, int) and place > 0 else 0)), only="versions_difference")


def _close(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(versions=desk.versions.to(after="", before="")), only="versions_difference")


def _exporting(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(versions=desk.versions.to(exporting=text_of(values, "version", 64), naming="")), only="versions_list")


def _export(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("export-version", version=text_of(values, "version", 64), format=text_of(values, "format", 20) or None)
    return Outcome(desk.to(versions=desk.versions.to(exporting="")))
