"""Why a value does not fit the field that it was given for, in words of every language: pydantic says it in English only."""

import re
from collections.abc import Mapping
from tomllib import TOMLDecodeError
from typing import Any

from core.sentence import Sentence

_SAID = {
    "missing": Sentence("bad.left_out", "it is missing"),
    "extra_forbidden": Sentence("bad.no_such_field", "there is no such field"),
    "greater_than": Sentence("bad.above", "it has to be more than {gt:,}"),
    "greater_than_equal": Sentence("bad.at_least", "it has to be {ge:,} or more"),
    "less_than": Sentence("bad.below", "it has to be less than {lt:,}"),
    "less_than_equal": Sentence("bad.at_most", "it has to be {le:,} or less"),
    "string_too_long": Sentence("bad.letters", "it has to be {max_length:,} letters or fewer"),
    "literal_error": Sentence("bad.one_of", "it has to be one of {expected}"),
}
# By how the kind of fault begins: int_parsing, int_type, int_from_float …
_KINDS = {
    "int_": Sentence("bad.whole_number", "a whole number is needed"),
    "float_": Sentence("bad.number", "a number is needed"),
    "bool_": Sentence("bad.yes_or_no", "true or false is needed"),
    "string_": Sentence("bad.a_text", "a text is needed"),
}
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def why_not(fault: Mapping[str, Any]) -> Sentence | str:
    """From one of `ValidationError.errors()`; pydantic's own English where there are no words for it yet."""
    kind, facts = str(fault["type"]), {name: _whole(fact) for name, fact in (fault.get("ctx") or {}).items() if isinstance(fact, str | int | float)}
    if kind == "value_error":
        return str(fault["msg"]).removeprefix("Value error, ")
    if kind == "literal_error":
        facts = {"expected": str(facts.get("expected", "")).replace(" or ", ", ")}
    said = _SAID.get(kind) or next((said for begin, said in _KINDS.items() if kind.startswith(begin)), None)
    return str(fault["msg"]) if said is None else Sentence(said.key, said.english, facts)


def _whole(fact: str | float) -> str | float:
    """200 instead of 200.0."""
    return int(fact) if isinstance(fact, float) and fact.is_integer() else fact


def why_no_toml(error: TOMLDecodeError) -> Sentence:
    """Where the text stops to be TOML."""
    place = _PLACE.search(str(error))
    if place is None:
        return Sentence("bad.toml_end", "its last line cannot be read; a line is a name, an equals sign and a value")
    english = "line {line} cannot be read from its letter {column} on; a line is a name, an equals sign and a value, and each name stands once"
    return Sentence("bad.toml", english, {"line": int(place[1]), "column": int(place[2])})
