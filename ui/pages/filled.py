"""Values that were pulled out of a text, as they are shown: a line each, and the text with their places marked."""

from collections.abc import Iterable, Sequence

from core.actions.values import Standing, Value
from ui.parts.filled import Slot, Stretch
from ui.visit import Visit


def slots_of(visit: Visit, values: Iterable[Value]) -> tuple[Slot, ...]:
    return tuple(_slot(visit, value) for value in values)


def stretches_of(text: str, values: Iterable[Value]) -> tuple[Stretch, ...]:
    """The whole text in pieces; empty where nothing is marked. Of two places that overlap the first is marked, with both names where they are one."""
    places: dict[tuple[int, int], list[str]] = {}
    for value in values:
        if value.start is not None and value.end is not None:
            places.setdefault((value.start, value.end), []).append(value.name)
    found: list[Stretch] = []
    at = 0
    for (start, end), names in sorted(places.items()):
        if start < at:
            continue
        found += [Stretch(text[at:start])] if start > at else []
        found.append(Stretch(text[start:end], _listed(names)))
        at = end
    return (*found, *([Stretch(text[at:])] if at < len(text) else [])) if found else ()


def _slot(visit: Visit, value: Value) -> Slot:
    words = visit.words
    if value.standing is Standing.NOT_THERE:
        return Slot(value.name, words("filled.not_there"), "no", term="null")
    if value.standing is Standing.MADE_UP:
        return Slot(value.name, value.text.strip() or words("answers.nothing"), "odd", words("filled.made_up"), words("filled.made_up_term"))
    return Slot(value.name, value.text)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))
