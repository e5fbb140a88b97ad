"""Pulling out fields: the answer is one compact JSON object. A field that is null, empty or left out says the same: it is not in the text."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from core.tasks.base import Constraint, Task, Turn, asked

_STRING = r'"([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
_SCALAR = rf"({_STRING}|-?[0-9]+(\.[0-9]+)?|true|false|null)"
_LIST = rf"\[({_SCALAR}(,{_SCALAR})*)?\]"
_MOST_FIELDS = 40  # the pattern grows with the square of the fields


class Extraction(Task):
    """Scores are the harmonic mean of the shares of right fields among those given and those wanted (F1); nothing wanted and nothing given is 1."""

    name: ClassVar[str] = "extraction"
    label: ClassVar[str] = "Pull out fields"
    explanation: ClassVar[str] = "Read a text and fill in a form: a name, a date, an amount."
    headline_metric: ClassVar[str] = "field_f1"
    metrics: ClassVar[tuple[str, ...]] = ("field_f1", "exact_match", "valid_json")
    max_new_tokens: ClassVar[int] = 200

    def target(self, answer: str) -> str:
        """Compact, fields in one fixed (alphabetical) order, without those that say nothing. What is no JSON object stays as it is."""
        fields = fields_of(answer)
        return answer.strip() if fields is None else _compact(fields)

    def restore(self, text: str, answers: Sequence[str]) -> str:
        return self.target(text)

    def constraint(self, answers: Sequence[str]) -> Constraint | None:
        """None where a training row is no JSON object or holds objects in objects: then the model writes freely."""
        parsed = [fields_of(answer) for answer in answers]
        rows = [fields for fields in parsed if fields is not None]
        names = sorted({name for fields in rows for name in fields})
        nested = any(_is_nested(value) for fields in rows for value in fields.values())
        if len(rows) < len(parsed) or not 0 < len(names) <= _MOST_FIELDS or nested:
            return None
        lists = {name for fields in rows for name, value in fields.items() if isinstance(value, list)}
        return Constraint(regex=_pattern(names, lists), fields=tuple(names))

    def zero_shot_turns(self, turns: Sequence[Turn], constraint: Constraint | None) -> list[Turn]:
        named = ", ".join(constraint.fields) if constraint else ""
        return asked(self.prompt_turns(turns), f"Give these fields as JSON: {named}." if named else "Give the fields of this text as JSON.")

    def score(self, answer: str, reference: str) -> float:
        given, wanted = said_in(answer), said_in(reference)
        if given is None:
            return 0.0
        wanted = wanted if wanted is not None else frozenset()
        right = len(given & wanted)
        return 2 * right / (len(given) + len(wanted)) if given or wanted else 1.0


def fields_of(text: str) -> dict[str, Any] | None:
    """The fields that say something, or None when the text is no JSON object."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    return {name: value for name, value in parsed.items() if value not in (None, "", [], {})}


def said_in(text: str) -> frozenset[tuple[str, str]] | None:
    """Pairs of field and value, values as text with white space evened out; None when it is no JSON object."""
    fields = fields_of(text)
    return None if fields is None else frozenset((name, _plain(value)) for name, value in fields.items())


def _plain(value: Any) -> str:
    return " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)).split())


def _compact(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))


def _pattern(names: Sequence[str], lists: set[str]) -> str:
    """Any of the fields, in this order, each at most once: which field comes first decides whether a comma stands before the next."""
    pairs = [f"{re.escape(json.dumps(name, ensure_ascii=False))}:({_LIST}|{_SCALAR})" if name in lists else
             f"{re.escape(json.dumps(name, ensure_ascii=False))}:{_SCALAR}" for name in names]  # fmt: skip
    starts = [pair + "".join(f"(,{later})?" for later in pairs[i + 1 :]) for i, pair in enumerate(pairs)]
    return r"\{(" + "|".join(starts) + r")?\}"
