"""Adding rows on the label section: paste, write, approve variants."""

import dataclasses
import secrets
from collections.abc import Mapping
from typing import Any

from core.actions.augment import Variants
from core.actions.labels import LabelQueue
from ui.pages.page import Desk, Handler, Outcome, done, text_of
from ui.pages.sections.label_rounds import undo
from ui.parts import label_add as part
from ui.parts.part import Button, Option
from ui.visit import Visit

_WORDS = ("paste", "paste_hint", "paste_button", "text", "answer", "write_button", "variants", "variants_quiet", "propose", "approve", "all", "keep")
_ROWS = 10


def adding_of(visit: Visit, desk: Desk, queue: LabelQueue) -> part.Adding:
    words, held, seed = visit.words, desk.label, desk.label.seed
    found: Variants = visit.do("variants", dataset=queue.dataset, ways=held.ways, seed=seed or 0, rows=_ROWS if seed is not None else 0)
    ways = tuple(
        Option(way.name, words.either(f"sentences.way.{way.name}", way.label), words.either(f"sentences.way_why.{way.name}", way.explanation))
        for way in found.ways
    )
    named = {option.value: option.text for option in ways}
    shown = found.variants if seed is not None else ()
    values = {"dataset": queue.dataset, "seed": seed or 0, "ways": list(held.ways)}
    return part.Adding(
        title=words("label.add_title"), quiet=words("label.add_quiet"), words={name: words(f"label.add_{name}") for name in _WORDS},
        answers=queue.choices if str(queue.how) == "choices" else (), ways=ways, chosen=held.ways or tuple(named), paraphrase=words.say(found.paraphrase),
        variants=tuple(part.VariantView(one.key, one.text, one.origin, one.answer[:200], named[one.how]) for one in shown),
        variant_values=values, other=Button(words("label.add_others"), "label-variants-other", {"dataset": queue.dataset}, "link"),
        none=words("label.add_none") if seed is not None and not shown else "", unfolded=held.adding, values={"dataset": queue.dataset},
    )  # fmt: skip


def _kept(desk: Desk, **changes: Any) -> Desk:
    return desk.to(label=dataclasses.replace(desk.label, adding=True, **changes))


def _paste(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    added = visit.do("add-rows", dataset=text_of(values, "dataset", 64), text=text_of(values, "text", 5_000_000))
    return Outcome(done(visit, _kept(desk), "label", "label.added", undo(visit), count=added.rows, waiting=added.without_answer, empty=added.empty))


def _write(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    answer = text_of(values, "answer", 1_000_000).strip()
    added = visit.do("add-row", dataset=text_of(values, "dataset", 64), question=text_of(values, "question", 1_000_000), answer=answer or None)
    return Outcome(done(visit, _kept(desk), "label", "label.added", undo(visit), count=added.rows, waiting=added.without_answer, empty=0))


def _variants(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    ways = tuple(name.removeprefix("way_") for name, on in values.items() if name.startswith("way_") and on is True)
    return Outcome(_kept(desk, ways=ways, seed=secrets.randbits(31)), only="label_add")


def _others(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(_kept(desk, seed=secrets.randbits(31)), only="label_add")


def _keep(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    keys = tuple(name.removeprefix("keep_") for name, on in values.items() if name.startswith("keep_") and on is True)
    ways = tuple(way for way in values.get("ways") or () if isinstance(way, str))
    change = visit.do("keep-variants", dataset=text_of(values, "dataset", 64), keys=keys, ways=ways, seed=values.get("seed"), rows=_ROWS)
    return Outcome(done(visit, _kept(desk, seed=None), "label", "label.added", undo(visit), count=change.rows, waiting=0, empty=0))


HANDLERS: Mapping[str, Handler] = {
    "add-rows": _paste, "add-row": _write, "label-variants": _variants, "label-variants-other": _others, "keep-variants": _keep,
}  # fmt: skip
