"""How a file is to be read, where the guess is wrong: what is asked of the person, and what their clicks mean."""

from collections.abc import Mapping
from typing import Any

from core.actions.data import Preview
from ui.parts.part import Option
from ui.parts.preview import Role
from ui.words import Words

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_SEPARATORS = ("line", "blank", "file", "questions")
_ENCODINGS = (("unicode", "utf-8", "UTF-8"), ("windows", "cp1252", "Windows-1252"), ("dos", "cp850", "MS-DOS 850"), ("mac", "mac_roman", "Macintosh"))
_NAMES = ("encoding", "delimiter", "header", "sheet", "separator", "unit", "unanswered")
_WITHOUT_ANSWER = frozenset({"empty_cell", "missing_field", "empty_answer", "no_answer"})


def asked_of(words: Words, seen: Preview, reading: Mapping[str, Any]) -> tuple[Role, ...]:
    """What a person must see at once, since only they know it: which sheet, what becomes a row."""
    asked = []
    if len(seen.sheets) > 1:
        asked.append(Role("sheet", words("bring.read_sheet"), tuple(Option(name, name) for name in seen.sheets), seen.sheet or ""))
    if len(seen.units) > 1:
        asked.append(
            Role("unit", words("bring.read_unit"), tuple(Option(unit, words.either(f"bring.{unit}", unit)) for unit in seen.units), seen.unit or "")
        )
    if "unanswered" in reading or any(problem.key in _WITHOUT_ANSWER for problem in seen.problems):
        options = (Option("yes", words("bring.unanswered_yes")), Option("no", words("bring.unanswered_no")))
        asked.append(Role("unanswered", words("bring.unanswered"), options, "yes" if reading.get("unanswered") else "no"))
    return tuple(asked)


def wrong_of(words: Words, seen: Preview, reading: Mapping[str, Any]) -> tuple[Role, ...]:
    """What is folded away: it is guessed right nearly always."""
    found: list[Role] = []
    options: tuple[Option, ...]
    if seen.header is not None:
        options = (Option("yes", words("bring.header_yes")), Option("no", words("bring.header_no")))
        found.append(Role("header", words("bring.read_header"), options, "yes" if seen.header else "no"))
    if seen.delimiter in _DELIMITERS.values():
        options = tuple(Option(name, words.either(f"bring.{name}", name)) for name in _DELIMITERS)
        chosen = next(name for name, mark in _DELIMITERS.items() if mark == seen.delimiter)
        found.append(Role("delimiter", words("bring.read_delimiter"), options, chosen))
    if seen.separator is not None:
        own = seen.separator not in _SEPARATORS
        options = tuple(Option(name, words.either(f"bring.{name}", name)) for name in _SEPARATORS)
        found.append(Role("separator", words("bring.read_separator"), options, "" if own else seen.separator))
        found.append(Role("own", words("bring.read_own"), (), seen.separator if own else ""))
    if seen.encoding:
        named = {codec for _, codec, _ in _ENCODINGS}
        options = tuple(Option(codec, words.either(f"bring.{name}", codec), note) for name, codec, note in _ENCODINGS)
        if seen.encoding not in named and seen.encoding not in ("ascii", "utf-8-sig"):
            options = (*options, Option(seen.encoding, seen.encoding))
        chosen = "utf-8" if seen.encoding in ("ascii", "utf-8-sig") else seen.encoding
        found.append(Role("encoding", words("bring.read_encoding"), options, str(reading.get("encoding", chosen))))
    return tuple(found)


def reading_of(values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was said until now, with the one thing that was changed. What was not touched stays a guess."""
    changed = str(values.get("changed", "")).removeprefix("read.")
    value = str(values.get(f"read.{changed}", ""))[:120].strip()
    if changed == "own":
        changed, value = "separator", value[:40]
    if changed not in _NAMES or not value:
        return dict(before)
    if changed == "sheet":  # another sheet has another table
        before = {name: known for name, known in before.items() if name != "header"}
    told = {"header": value == "yes", "unanswered": value == "yes", "delimiter": _DELIMITERS.get(value)}
    return {**before, changed: told.get(changed, value)}
