"""What is read on the screen, in one language: a word file each, with its plurals and its way of writing numbers, shares, sizes, times and dates."""

import string
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from core.errors import UserError
from core.sentence import Sentence, figures, from_plain

LANGUAGES = ("en", "it")
_MARKS = {"en": (",", "."), "it": (".", ",")}  # thousands, decimals
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "it": ("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"),
}
_KB = 1024


class UnknownWord(KeyError):
    """A key that no word file has: a fault of ours, found by the tests."""


def language_of(wished: str | None) -> str:
    """The language we have that a browser (Accept-Language) or a choice ('it') wishes most; English otherwise."""
    for wish in (wished or "").split(","):
        short = wish.split(";")[0].strip().lower()[:2]
        if short in LANGUAGES:
            return short
    return "en"


class Words:
    """Says a key of the word files, a Sentence or a UserError in one language. Make it with `Words.of`: a file is read once."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._entries = _read(language)
        self._formatter = _Formatter(self)

    @classmethod
    def of(cls, language: str) -> "Words":
        return _words(language if language in LANGUAGES else "en")

    def __call__(self, key: str, **facts: Any) -> str:
        """The text of a key such as 'data.lead'. Where the entry has plurals, the fact `count` picks the form. Raises UnknownWord."""
        entry = self._entry(key)
        if entry is None:
            raise UnknownWord(key)
        return self._filled(entry, facts)

    def say(self, sentence: Sentence) -> str:
        entry = self._keyed("sentences", sentence.key)
        if entry is None and sentence.key.startswith(("errors.", "actions.")):
            entry = self._entry(sentence.key)
        return self._filled(sentence.english if entry is None else entry, sentence.facts)

    def error(self, error: UserError) -> str:
        return self.error_named(error.name, type(error).sentence, error.facts)

    def error_named(self, name: str, english: str, facts: Mapping[str, Any]) -> str:
        """An error that came through an event: its class name, its English template or finished sentence, its facts."""
        entry = self._keyed("errors", name)
        return self._filled(english if entry is None else entry, {key: from_plain(value) for key, value in facts.items()})

    def action(self, verb: str, english: str) -> str:
        entry = self._keyed("actions", verb)
        return english if not isinstance(entry, str) else entry

    def either(self, key: str, english: str) -> str:
        """A name declared elsewhere (a task, a preset, a field), in this language where the word file has it."""
        entry = self._entry(key)
        return entry if isinstance(entry, str) else english

    def number(self, value: float, digits: int = 0) -> str:
        thousands, decimals = _MARKS[self.language]
        whole, dot, rest = f"{value:,.{digits}f}".partition(".")
        return whole.replace(",", thousands) + (decimals if dot else "") + rest

    def exact(self, value: float) -> str:
        """A number of any size with three figures that count: 0.0000016, 0.0005, 16."""
        return self.number(value, figures(value))

    def percent(self, share: float, digits: int = 1) -> str:
        """A share from 0 to 1 as '94.2 %' / '94,2 %', its space not to be broken."""
        return f"{self.number(share * 100, digits)}\u00a0%"

    def size(self, size_bytes: float) -> str:
        for unit in ("B", "KB", "MB", "GB"):
            if size_bytes < _KB or unit == "GB":
                break
            size_bytes /= _KB
        return f"{self.number(size_bytes, 0 if unit in ('B', 'KB') or size_bytes >= 100 else 1)}\u00a0{unit}"

    def time(self, seconds: float) -> str:
        """'45 s', '2 min 10 s', '1 h 10 min'."""
        whole = max(0, round(seconds))
        if whole < 60:
            return f"{whole}\u00a0s"
        minutes, rest = divmod(whole, 60)
        if minutes < 60:
            return f"{minutes}\u00a0min" + (f" {rest}\u00a0s" if rest and minutes < 10 else "")
        hours, minutes = divmod(minutes, 60)
        return f"{hours}\u00a0h" + (f" {minutes}\u00a0min" if minutes else "")

    def day(self, at: date) -> str:
        """'28 Nov 2026' / '28 nov 2026'. A moment is as the database keeps it (UTC without a zone) and is told as the clock of this machine has it."""
        local = at.replace(tzinfo=UTC).astimezone() if isinstance(at, datetime) else at
        return f"{local.day}\u00a0{_MONTHS[self.language][local.month - 1]}\u00a0{local.year}"

    def month(self, said: str) -> str:
        """'Aug 2025' for 2025-08."""
        year, month = said.split("-")
        return f"{_MONTHS[self.language][int(month) - 1]}\u00a0{year}"

    def moment(self, at: datetime) -> str:
        """'28 Nov 2026, 11:27', of the same clock."""
        return f"{self.day(at)}, {at.replace(tzinfo=UTC).astimezone():%H:%M}"

    def _entry(self, key: str) -> Any:
        found: Any = self._entries
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                return None
            found = found[name]
        return found

    def _keyed(self, table: str, key: str) -> Any:
        """A key with dots may stand quoted in its table or as tables of tables."""
        entries = self._entries.get(table)
        return entries[key] if isinstance(entries, dict) and key in entries else self._entry(f"{table}.{key}")

    def _filled(self, entry: Any, facts: Mapping[str, Any]) -> str:
        if isinstance(entry, dict):
            entry = entry["one" if facts.get("count") == 1 else "other"]
        try:
            return self._formatter.vformat(str(entry), (), facts)
        except (KeyError, ValueError, IndexError, AttributeError):
            # A finished sentence may hold braces of a person's text; it is shown as it is.
            return str(entry)


class _Formatter(string.Formatter):
    """{rows:,} and {share:.1%} in the language's own marks; a fact that is a Sentence is said. Attributes and indices are not looked up."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Sentence):
            return self._words.say(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return format(str(value), "" if format_spec[-1:] in ",%fdg" else format_spec)
        if format_spec == "size":
            return self._words.size(value)
        if format_spec == "exact":
            return self._words.exact(value)
        if format_spec == "time":
            return self._words.time(value)
        if format_spec.endswith("%"):
            return self._words.percent(value, _digits(format_spec[:-1], 1))
        if format_spec.endswith("f"):
            return self._words.number(value, _digits(format_spec[:-1], 6))
        if format_spec == ",":
            return self._words.number(value, 0 if isinstance(value, int) else 2)
        text = format(value, format_spec)
        return text.replace(".", ",") if self._words.language == "it" and isinstance(value, float) else text


def _digits(spec: str, otherwise: int) -> int:
    _, dot, digits = spec.partition(".")
    return int(digits) if dot and digits.isdigit() else otherwise


def _read(language: str) -> dict[str, Any]:
    file = resources.files("ui").joinpath("words", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


@lru_cache
def _words(language: str) -> Words:
    return Words(language)
