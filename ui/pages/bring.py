"""Bringing a file in: the place to drop it, what was understood of it, what a click changes, and the import itself."""

from collections.abc import Mapping
from typing import Any

from core.actions.rows import Facts
from ui.pages.page import Brought, Desk, Handler, Outcome, text_of
from ui.pages.reading_form import asked_of, reading_of, wrong_of
from ui.parts import drop, preview
from ui.parts.part import Button, Option
from ui.visit import Visit
from ui.words import Words

SAVED_PROJECT = ".bottega.zip"
_CELL_CHARS = 300
_MORE_SAMPLES = ("clinic", "clauses")
_ORDER = ("text_label", "question_answer", "text_fields", "dialogue_summary", "alpaca", "messages", "sharegpt")  # what people bring most, first


def drop_of(visit: Visit) -> drop.Drop:
    words = visit.words
    return drop.Drop(
        words("bring.title"), words("bring.hint"), words("bring.choose"), words("bring.sending"), words("bring.lost"),
        buttons=(
            Button(words("bring.sample"), "sample", title=words("bring.sample_note")),
            *(Button(words(f"bring.sample_{name}"), "sample", {"name": name}, "link", title=words(f"bring.sample_{name}_note")) for name in _MORE_SAMPLES),
        ),
        ways=drop.Ways(
            words("bring.ways"), words("bring.paste"), words("bring.paste_hint"), words("bring.paste_take"), words("bring.paste_name"), words("bring.hub"),
            words("bring.hub_hint"), words("bring.hub_token"), words("bring.hub_take"),
        ),
    )  # fmt: skip


def sealed_of(visit: Visit, known: Facts) -> drop.Drop:
    """A second file: the exam, sealed."""
    words = visit.words
    title = words("bring.sealed_has", count=known.facts.sealed) if known.facts.sealed else words("bring.sealed_title")
    return drop.Drop(
        title, words("bring.sealed_hint"), words("bring.sealed_choose"), words("bring.sending"), words("bring.lost"), purpose="sealed", small=True
    )


def preview_of(visit: Visit, brought: Brought) -> preview.PreviewView:
    """Raises a UserError where the file cannot be read at all."""
    words, cards = visit.words, sorted(visit.do("shapes"), key=lambda card: _ORDER.index(card.name) if card.name in _ORDER else len(_ORDER))
    card = next((card for card in cards if card.name == brought.shape), None)
    whole = card is not None and all(brought.columns.get(role.name) for role in card.roles if role.required)
    seen = visit.do("preview", upload=brought.upload, mapping=_mapping(brought) if whole else _read_as(brought))
    shape = brought.shape or (seen.mapping.shape if seen.mapping else "")
    card = next((card for card in cards if card.name == shape), None)
    columns = dict(brought.columns) if brought.shape else dict(seen.mapping.columns) if seen.mapping else {}
    roles = tuple(_role(words, card.name, role, columns.get(role.name, ""), seen.columns) for role in card.roles) if card else ()
    played = {
        column: words.either(f"role.{shape}.{role.name}", role.label) for role in (card.roles if card else ()) if (column := columns.get(role.name))
    }
    ready = card is not None and all(columns.get(role.name) for role in card.roles if role.required)
    return preview.PreviewView(
        title=brought.name,
        understood=words(
            "bring.understood" if seen.guessed and card else "bring.chosen",
            count=seen.rows_seen,
            shape=words.either(f"shape.{shape}", card.label) if card else "—",
        ),
        problems=tuple(words.say(problem) for problem in seen.problems) if whole or not brought.shape else (),
        notes=tuple(words.say(note) for note in seen.notes),
        asked=asked_of(words, seen, brought.reading),
        wrong_label=words("bring.wrong"),
        wrong=wrong_of(words, seen, brought.reading),
        rows_label=words("bring.first_rows"),
        columns=tuple(preview.Column(column, played.get(column, "")) for column in seen.columns),
        rows=tuple(tuple(row.get(column, "")[:_CELL_CHARS] for column in seen.columns) for row in seen.rows),
        shape_label=words("bring.shape"),
        shapes=tuple(Option(card.name, words.either(f"shape.{card.name}", card.label)) for card in cards),
        shape=shape,
        roles=roles,
        button=words("bring.import_sealed" if brought.sealed else "bring.import"),
        buttons=(Button(words("bring.forget"), "forget"),),
        values={},
        name_label="" if brought.sealed else words("bring.name"),
        name=brought.name.rsplit(".", 1)[0],
        ready=ready,
    )


def _role(words: Words, shape: str, role: Any, chosen: str, columns: tuple[str, ...]) -> preview.Role:
    options = tuple(Option(column, column) for column in columns)
    if not role.required:
        options = (Option("", words("bring.no_column")), *options)
    label = words.either(f"role.{shape}.{role.name}", role.label)
    return preview.Role(role.name, label, options, chosen, "" if role.required else words("bring.optional"))


def _mapping(brought: Brought) -> dict[str, Any] | None:
    """What was clicked, as the action takes it; None leaves the guess to the action."""
    if brought.shape is None:
        return _read_as(brought)
    return {"shape": brought.shape, "columns": {role: column for role, column in brought.columns.items() if column}, **brought.reading}


def _read_as(brought: Brought) -> dict[str, Any] | None:
    """Only how the file is to be read; what its rows mean stays a guess."""
    return {"shape": "", **brought.reading} if brought.reading else None


def _uploaded(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    brought = Brought(text_of(values, "upload", 64), text_of(values, "name", 255), text_of(values, "purpose", 10) == "sealed")
    if brought.name.endswith(SAVED_PROJECT) and not brought.sealed:
        restored = visit.do("restore-project", upload=brought.upload)
        return Outcome(desk, {"project": restored.id, "step": "data", "run": "", "verdict": "", "package": ""})
    preview_of(visit, brought)  # what cannot be read is told before it is kept in hand
    return Outcome(desk.to(brought=brought))


def _remap(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """A click on a shape, on a column or on how the file is read. A new shape starts with the file's columns as they come."""
    if desk.brought is None:
        return Outcome(desk)
    if str(values.get("changed", "")).startswith("read."):
        again = Brought(desk.brought.upload, desk.brought.name, desk.brought.sealed, reading=reading_of(values, desk.brought.reading))
        preview_of(visit, again)  # what cannot be read that way is told, and the way before is kept
        return Outcome(desk.to(brought=again))
    shape = text_of(values, "shape", 40)
    columns = {name.removeprefix("role."): str(column)[:400] for name, column in values.items() if name.startswith("role.")}
    if values.get("changed") == "shape":
        columns = _in_order(visit, desk.brought, shape)
    return Outcome(desk.to(brought=Brought(desk.brought.upload, desk.brought.name, desk.brought.sealed, shape, columns, desk.brought.reading)))


def _in_order(visit: Visit, brought: Brought, shape: str) -> dict[str, str]:
    """A start for a shape that was chosen by hand: its needed roles get the file's columns as they come."""
    card = next((card for card in visit.do("shapes") if card.name == shape), None)
    columns = visit.do("preview", upload=brought.upload, mapping=_read_as(brought)).columns
    return dict(zip([role.name for role in card.roles if role.required], columns, strict=False)) if card else {}


def _import(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return _started(visit, desk, name=text_of(values, "name", 120), leave_out=False)


def _import_rest(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return _started(visit, desk, name="", leave_out=True)


def _started(visit: Visit, desk: Desk, *, name: str, leave_out: bool) -> Outcome:
    brought = desk.brought
    if brought is None:
        return Outcome(desk)
    project, go = _project(visit, name or brought.name.rsplit(".", 1)[0])
    exam_of = visit.dataset.id if brought.sealed and visit.dataset is not None else None
    job = visit.do(
        "import", upload=brought.upload, project=project, dataset=exam_of, mapping=_mapping(brought), sealed=brought.sealed,
        name=None if brought.sealed else name or None, leave_out_incomplete=leave_out,
    )  # fmt: skip
    return Outcome(desk.to(importing=job.id), go)


def _sample(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    name = text_of(values, "name", 20)
    chosen = name if name in _MORE_SAMPLES else ""
    project, go = _project(visit, visit.words(f"bring.sample_{chosen}" if chosen else "bring.sample_project"))
    return Outcome(desk.to(importing=visit.do("sample", project=project, name=chosen or None).id), go)


def _hub(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Over the network. The token goes on to the action and is kept nowhere here."""
    id = text_of(values, "id", 300).strip()
    project, go = _project(visit, id.rpartition("/")[2])
    job = visit.do("import-hub-dataset", project=project, id=id, token=text_of(values, "token", 200).strip() or None)
    return Outcome(desk.to(importing=job.id), go)


def _project(visit: Visit, name: str) -> tuple[str, Mapping[str, str] | None]:
    """The open project, or a new one: nobody should have to think of one before they have seen their rows."""
    if visit.project is not None:
        return visit.project.project, None
    made = visit.do("create-project", name=name[:120] or visit.words("frame.no_project"))
    return made.id, {"project": made.id}


def _forget(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk.to(brought=None))


HANDLERS: Mapping[str, Handler] = {
    "uploaded": _uploaded, "remap": _remap, "import": _import, "import-rest": _import_rest, "sample": _sample, "forget": _forget,
    "hub": _hub,
}  # fmt: skip
