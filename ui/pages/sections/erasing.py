"""Erasing a person from the page: where a name stands, what is to go with it, what was done and what is beyond reach."""

from collections.abc import Mapping
from typing import Any

from core.actions.erase import ErasedPerson, FoundPerson
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.parts import erase
from ui.parts.part import Button
from ui.visit import Visit
from ui.words import Words

_NAMES = 8


def erase_of(visit: Visit, desk: Desk) -> erase.Erase:
    words, mine = visit.words, desk.versions
    form = erase.Erase(
        title=words("erase.title"),
        quiet=words("erase.quiet"),
        name_label=words("erase.name"),
        text=mine.person[0] if mine.person else "",
        others_label=words("erase.others"),
        others="\n".join(mine.person[1:]),
        others_help=words("erase.others_help"),
        find=words("erase.find"),
        open=bool(mine.person),
    )
    return _with_found(words, form, desk, mine.found) if mine.found is not None else form


def _with_found(words: Words, form: erase.Erase, desk: Desk, found: FoundPerson) -> erase.Erase:
    said = words("erase.found", count=found.rows) if found.anything else words("erase.nowhere")
    texts = sum(match.rows for match in found.texts)
    going, closed = ([each.upload.name for each in found.uploads if each.goes is goes] for goes in (True, False))
    named = (
        (going, "erase.in_uploads"),
        (closed, "erase.in_closed"),
        (list(found.backups), "erase.in_backups"),
        ([run.name for run in found.models], "erase.in_models"),
        ([package.name for package in found.packages], "erase.in_packages"),
    )
    counted = ((found.rows - found.standing, "erase.in_history"), (texts, "erase.in_texts"), (found.files, "erase.in_files"))
    places = [words(key, count=count) for count, key in counted if count]
    places += [words(key, names=_listed(names)) for names, key in named if names]
    choices = (
        *((erase.Choice("uploads", words("erase.with_uploads"), desk.versions.uploads),) if going else ()),
        *((erase.Choice("backups", words("erase.with_backups"), desk.versions.backups),) if found.backups else ()),
    )
    return erase.Erase(
        form.title, form.quiet, form.name_label, form.text, form.others_label, form.others, form.others_help, form.find, True, said, tuple(places),
        words("erase.snippets"), found.snippets, choices, words("erase.button") if found.anything else "",
    )  # fmt: skip


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    return ", ".join(unique[:_NAMES]) + (f" + {len(unique) - _NAMES}" if len(unique) > _NAMES else "")


def _find(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    others = [line.strip() for line in text_of(values, "others", 5_000).splitlines() if line.strip()]
    person = (text_of(values, "text", 200).strip(), *others[:20])
    found = visit.do("find-person", text=person[0], others=list(person[1:]))
    return Outcome(desk.to(versions=desk.versions.to(person=person, found=found)), only="versions_erase")


def _erase(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Its plan card comes first; `erased` goes on after a yes."""
    person = desk.versions.person
    if not person:
        return Outcome(desk)
    uploads, backups = values.get("uploads") is True, values.get("backups") is True
    visit.do("erase-person", text=person[0], others=list(person[1:]), uploads=uploads, backups=backups)
    return Outcome(desk)


def _erase_copies(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Later, once the rest is erased."""
    given = values.get("others")
    others = [each[:200] for each in given if isinstance(each, str)] if isinstance(given, list) else []
    visit.do("erase-person", text=text_of(values, "text", 200), others=others, backups=True)
    return Outcome(desk)


def erased(visit: Visit, desk: Desk, result: ErasedPerson) -> Outcome:
    words, person = visit.words, desk.versions.person
    said = [words("erase.gone_whole", names=_listed(list(result.whole)))] if result.whole else []
    beyond = " ".join([*said, *map(words.say, result.beyond)])
    again = (Button(words("erase.train_again"), "erase-train", {}, "accent"),) if result.models else ()
    if result.backups_left and person:
        again = (*again, Button(words("erase.copies_now"), "erase-copies", {"text": person[0], "others": list(person[1:])}))
    fresh = desk.to(versions=desk.versions.to(person=(), found=None))
    return Outcome(done(visit, fresh, "versions", "erase.done", *again, count=result.rows, beyond=beyond))


def _train_again(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "method"})


HANDLERS: Mapping[str, Handler] = {"erase-find": _find, "erase-person": _erase, "erase-copies": _erase_copies, "erase-train": _train_again}
