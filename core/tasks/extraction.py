"""Pulling out fields: the answer is one compact JSON object. A field that is null, empty or left out says the same: it is not in the text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from core.tasks.base import Constraint, Task, Turn, asked
from core.tasks.form import Form


class Extraction(Task):
    """Scores are the harmonic mean of the shares of right values among those given and those wanted (F1); nothing wanted and nothing given is 1.

    A model writes every field of its form, null for what the text does not say; what is stored, compared and counted leaves those out.
    """

    name: ClassVar[str] = "extraction"
    label: ClassVar[str] = "Pull out fields"
    explanation: ClassVar[str] = "Read a text and fill in a form: a name, a date, an amount."
    headline_metric: ClassVar[str] = "field_f1"
    metrics: ClassVar[tuple[str, ...]] = ("field_f1", "exact_match", "valid_json")
    max_new_tokens: int = 200

    def knowing(self, answers: Sequence[str]) -> Task:
        """This task, or its form that answers each of the known fields."""
        form = form_of(answers)
        return self if form is None else _ExtractionByForm(form)

    def target(self, answer: str) -> str:
        """Compact, fields in one fixed (alphabetical) order, without those that say nothing. What is no JSON object stays as it is."""
        fields = fields_of(answer)
        return answer.strip() if fields is None else _compact(fields)

    def restore(self, text: str, answers: Sequence[str]) -> str:
        return Extraction.target(self, text)

    def constraint(self, answers: Sequence[str]) -> Constraint | None:
        """None where a training row is no JSON object or holds objects in objects: then the model writes freely."""
        return _constraint(form_of(answers))

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


class _ExtractionByForm(Extraction):
    """Every field of the form is answered: 'not there' is written as null, and so is learned."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.max_new_tokens = max(Extraction.max_new_tokens, form.most_chars)

    def knowing(self, answers: Sequence[str]) -> Task:
        return self

    def target(self, answer: str) -> str:
        fields = fields_of(answer)
        return answer.strip() if fields is None else _compact(self._form.filled(fields))

    def certain(self, target: str) -> Sequence[tuple[int, int]]:
        return self._form.leads(target)

    def restore(self, text: str, answers: Sequence[str]) -> str:
        """Of an answer that broke off what was whole is kept."""
        if fields_of(text) is None and (kept := self._form.kept(text.strip())) is not None:
            return _compact(_telling(kept))
        return super().restore(text, answers)

    def constraint(self, answers: Sequence[str]) -> Constraint | None:
        return _constraint(self._form)


def form_of(answers: Sequence[str]) -> Form | None:
    """The form that training's answers fill in; None where one of them is no JSON object, or holds what no form has."""
    parsed = [fields_of(answer) for answer in answers]
    rows = [fields for fields in parsed if fields is not None]
    return Form.of(rows) if len(rows) == len(parsed) else None


def fields_of(text: str) -> dict[str, Any] | None:
    """The fields that say something, or None when the text is no JSON object."""
    try:
        parsed = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return _telling(parsed) if isinstance(parsed, dict) else None


def said_in(text: str) -> frozenset[tuple[str, str]] | None:
    """Pairs of field and value, values as text with white space evened out, of a list each; None when it is no JSON object."""
    fields = fields_of(text)
    return None if fields is None else frozenset(
        (name, plain(item)) for name, value in fields.items() for item in (value if isinstance(value, list) else [value])
    )  # fmt: skip


def said_by_field(text: str) -> dict[str, set[str]] | None:
    """As `said_in`, the values of each field that says something."""
    pairs = said_in(text)
    found: dict[str, set[str]] = {}
    for name, value in pairs or ():
        found.setdefault(name, set()).add(value)
    return None if pairs is None else found


def plain(value: Any) -> str:
    """A value as text, its white space evened out."""
    return " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)).split())


def _telling(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _compact(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _constraint(form: Form | None) -> Constraint | None:
    return None if form is None else Constraint(regex=form.pattern, fields=form.names, form=form)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
