"""A sentence that the product says, with its facts kept apart, so that every language and every door can say it its own way."""

import json
import math
import string
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sentence:
    """`key` finds the sentence in a word file, `english` is its template and `facts` fill it.

    Beside Python's own formats a template may use {seconds:time}, {size_bytes:size} and {rate:exact}; a fact may be a Sentence.
    """

    key: str
    english: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return filled(self.english, self.facts)


def filled(template: str, facts: dict[str, Any]) -> str:
    """The English text of a template, for logs and for whoever has no word file."""
    return _English().vformat(template, (), facts)


def as_plain(value: Any) -> Any:
    """A fact on its way through JSON: a Sentence as its three fields, plain values as they are, anything else as text."""
    if isinstance(value, Sentence):
        return {"key": value.key, "english": value.english, "facts": {name: as_plain(fact) for name, fact in value.facts.items()}}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def as_json(sentence: Sentence) -> str:
    """As the store keeps it."""
    return json.dumps(as_plain(sentence), ensure_ascii=False)


def from_plain(value: Any) -> Any:
    """What `as_plain` was given."""
    if isinstance(value, dict) and value.keys() == {"key", "english", "facts"}:
        return Sentence(value["key"], value["english"], {name: from_plain(fact) for name, fact in value["facts"].items()})
    return value


def figures(value: float) -> int:
    """How many digits behind the point show a number of any size with three figures that count, and no needless noughts."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{float(f'{value:.3g}'):.{digits}f}"
    return len(text.rstrip("0").partition(".")[2]) if digits else 0


class _English(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "time":
            minutes, seconds = divmod(round(float(value)), 60)
            return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        if format_spec == "size":
            return f"{float(value) / 1e6:,.1f} MB"
        if format_spec == "exact":
            return f"{float(value):.{figures(float(value))}f}"
        return format(str(value), "") if isinstance(value, Sentence) else str(format(value, format_spec))
