"""The catalogue on the Method page: models that a person with a network can have, and a folder of one's own."""

import re
from collections.abc import Mapping
from typing import Any

from core.actions.models import CatalogueCard
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.parts import catalogue
from ui.parts.part import Button
from ui.visit import Visit


def list_of(visit: Visit) -> catalogue.Catalogue:
    words, known = visit.words, visit.do("models")
    return catalogue.Catalogue(
        words("catalogue.title"),
        words("catalogue.quiet"),
        words("catalogue.note", day=words.month(known.as_of)),
        tuple(_model(visit, card) for card in known.catalogue),
        "" if visit.hosted else words("catalogue.folder"),
        words("catalogue.add"),
        (Button(words("catalogue.forget_token"), "forget-token", kind="link"),) if known.token_kept else (),
    )


def _model(visit: Visit, card: CatalogueCard) -> catalogue.Model:
    words, entry = visit.words, card.entry
    fits = "full" if card.fits_full else "lora" if card.fits_lora else "not"
    tasks = ", ".join(words.either(f"task.{task}", task).lower() for task in entry.good_for)
    told = words(
        "catalogue.facts",
        size=words.size(entry.download_bytes),
        tasks=tasks,
        languages=", ".join(words.either(f"model.language.{_key(name)}", name) for name in entry.languages),
        memory=words.size(card.lora_memory_bytes),
    )
    return catalogue.Model(
        entry.name, entry.name, f"{told} {words(f'catalogue.fits_{fits}')}", f"{entry.licence}: {words.either(f'model.licence.{_key(entry.licence)}', entry.licence_words)}",
        "" if card.is_here else words("catalogue.download"), words("catalogue.here"), words("catalogue.token") if entry.gated and not card.is_here else "",
    )  # fmt: skip


def _key(name: str) -> str:
    """Of a name in a word file: 'Apache-2.0' is apache_2_0."""
    return re.sub(r"\W+", "_", name.lower())


def _download(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is not None:
        visit.do("download-model", project=visit.project.project, model=text_of(values, "model", 200), token=text_of(values, "token", 200) or None)
    return Outcome(desk)


def _add(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    added = visit.do("add-model", folder=text_of(values, "folder", 4096))
    return Outcome(done(visit, desk.to(model=added.name, recipe=""), "models", "catalogue.added", name=added.name))


def _forget_token(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("forget-token")
    return Outcome(done(visit, desk, "models", "catalogue.forgotten"))


HANDLERS: Mapping[str, Handler] = {"download-model": _download, "add-model": _add, "forget-token": _forget_token}
