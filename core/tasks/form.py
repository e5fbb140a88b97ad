"""The form that answers fill in: its fields, what each may hold, and the one pattern that a whole answer matches. No blank stands outside a text."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

MOST_FIELDS = 40  # where fields may be left out, the pattern grows with their square
_MOST_ANSWERED = 16  # with more, an answer that names every field is mostly 'not there'
_LEAST_CHARS, _LEAST_DIGITS, _LEAST_ITEMS = 40, 18, 8
_CHAR = r'([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})'
_WHOLE_TEXT = r'"(?:[^"\\]|\\.)*"'
_WHOLE = re.compile(rf"{_WHOLE_TEXT}|\[(?:{_WHOLE_TEXT}|[^\]\"])*\]|null|true|false")
_WHOLE_OR_NUMBER = re.compile(rf"{_WHOLE.pattern}|-?[0-9][0-9.eE+-]*")
_NUMBER_STARTS = "-0123456789"
_LITERALS = ("null", "true", "false")
# How a text may begin: what tokenizers join to a quotation mark differs with the sort of letter behind it.
_TEXT_STARTS = ('"a', '"7', '"+', '"è', '""')


class Holds(BaseModel):
    """What a field held in training: single values or lists, of which kinds, and the longest of each (characters as JSON writes them)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    single: bool = False
    lists: bool = False
    texts: bool = False
    numbers: bool = False
    truths: bool = False
    items_null: bool = False
    chars: int = _LEAST_CHARS
    digits: int = _LEAST_DIGITS
    items: int = _LEAST_ITEMS

    @property
    def lead(self) -> str:
        """What stands before its value."""
        return json.dumps(self.name, ensure_ascii=False) + ":"

    @property
    def starts(self) -> tuple[str, ...]:
        """How its value may begin, as examples."""
        texts = _TEXT_STARTS if self.texts else ()
        items = (*texts, *(("1", "-1") if self.numbers else ()), *(("true", "false") if self.truths else ()))
        return ("null", *(items if self.single else ()), *(f"[{item}" for item in items if self.lists))

    def value(self) -> str:
        """A pattern: one value of a kind that training has, or null."""
        kinds = self._kinds()
        item = "|".join([*kinds, *(["null"] if self.items_null else [])])
        listed = [rf"\[({item})(,({item})){{0,{self.items - 1}}}\]"] if self.lists else []
        return "(" + "|".join([*(kinds if self.single else []), *listed, "null"]) + ")"

    def _kinds(self) -> list[str]:
        text = [rf'"{_CHAR}{{0,{self.chars}}}"'] if self.texts else []
        tail = rf"(\.[0-9]{{1,{self.digits}}})?([eE][-+]?[0-9]{{1,3}})?"
        number = [rf"-?(0|[1-9][0-9]{{0,{self.digits - 1}}}){tail}"] if self.numbers else []
        return [*text, *number, *(["true", "false"] if self.truths else [])]


class Form(BaseModel):
    """Fields in the order in which they are answered.

    `answers_all`: each field has a value or null, so that 'not there' is an answer of its own. With many fields a field that is not there is left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: tuple[Holds, ...]
    answers_all: bool = True

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "Form | None":
        """From answers (fields that say something). None where no field is known, too many are, or one holds objects or lists in lists."""
        seen: dict[str, list[Any]] = {}
        for row in rows:
            for name, value in row.items():
                seen.setdefault(name, []).append(value)
        if not 0 < len(seen) <= MOST_FIELDS or any(_is_nested(value) for values in seen.values() for value in values):
            return None
        return cls(fields=tuple(_holds(name, seen[name]) for name in sorted(seen)), answers_all=len(seen) <= _MOST_ANSWERED)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @cached_property
    def pattern(self) -> str:
        """Of the whole answer: RE2-like, no look-around."""
        pairs = [re.escape(field.lead) + field.value() for field in self.fields]
        if self.answers_all:
            return r"\{" + ",".join(pairs) + r"\}"
        # Each at most once, in this order: which comes first decides whether a comma stands before the next.
        starts = [pair + "".join(f"(,{later})?" for later in pairs[i + 1 :]) for i, pair in enumerate(pairs)]
        return r"\{(" + "|".join(starts) + r")?\}"

    @property
    def most_chars(self) -> int:
        """More characters no answer has that training would know as one of its own: an upper limit for what is written."""
        longest = [len(field.lead) + 2 + max(field.chars, 4) * (field.items if field.lists else 1) for field in self.fields]
        return sum(longest) + 2

    def filled(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as it is to be written: with null for what is not there, where every field is answered."""
        return {name: fields.get(name) for name in self.names} | dict(fields) if self.answers_all else dict(fields)

    def ahead(self, text: str) -> tuple[str, ...]:
        """Beginnings of whole answers that go on from `text`, which have in common what must follow; none where the model has a choice right now."""
        if not self.answers_all:
            return ()
        at = 0
        for i, field in enumerate(self.fields):
            lead = ("," if i else "{") + field.lead
            if len(text) - at < len(lead):
                return tuple(text[:at] + lead + start for start in field.starts) if lead.startswith(text[at:]) else ()
            at += len(lead)
            rest = text[at:]
            found = _WHOLE_OR_NUMBER.match(text, at)
            if found is None:
                whole = [literal for literal in _LITERALS if rest and literal.startswith(rest)]
                return self.ahead(text[:at] + whole[0]) if whole else ()
            at = found.end()
            if at == len(text) and found[0][0] in _NUMBER_STARTS:
                return ()  # the number may go on
        return (text[:at] + "}",) if at == len(text) else ()

    def kept(self, text: str) -> dict[str, Any] | None:
        """The whole fields of an answer that breaks off, as where the context was full; None where there is none: it says nothing, not that nothing is there."""
        whole = [(field.name, value) for field, value in zip(self.fields, self._values(text), strict=False) if value.end() < len(text)]
        return {name: json.loads(value[0]) for name, value in whole} or None

    def leads(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where in a whole answer (start, end) the names of the fields stand with what is around them; nothing where fields may be left out."""
        values = list(self._values(text))
        if len(values) < len(self.fields):
            return ()
        return tuple(zip([0, *(value.end() for value in values)], [*(value.start() for value in values), len(text)], strict=True))

    def _values(self, text: str) -> Iterator[re.Match[str]]:
        """The values of the fields, up to where the text is no answer; the last may be a beginning."""
        at = 0
        for i, field in enumerate(self.fields if self.answers_all else ()):
            lead = ("," if i else "{") + field.lead
            found = _WHOLE_OR_NUMBER.match(text, at + len(lead)) if text.startswith(lead, at) else None
            if found is None:
                return
            yield found
            at = found.end()


def _holds(name: str, values: Sequence[Any]) -> Holds:
    lists = [value for value in values if isinstance(value, list)]
    items = [value for value in values if not isinstance(value, list)] + [item for value in lists for item in value]
    texts = [len(json.dumps(item, ensure_ascii=False)) - 2 for item in items if isinstance(item, str)]
    numbers = [len(str(item)) for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
    return Holds(
        name=name,
        single=len(lists) < len(values),
        lists=bool(lists),
        texts=bool(texts),
        numbers=bool(numbers),
        truths=any(isinstance(item, bool) for item in items),
        items_null=any(item is None for value in lists for item in value),
        chars=max(_LEAST_CHARS, 2 * max(texts, default=0)),
        digits=max(_LEAST_DIGITS, 2 * max(numbers, default=0)),
        items=max(_LEAST_ITEMS, 2 * max(map(len, lists), default=0)),
    )


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))
