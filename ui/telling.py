"""What the command line prints: plans, results and a job's end as text, from the plain JSON values that every door gives."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.sentence import Sentence
from ui.words import Words

LONGEST_LINE = 160
CURVE_SHOWN = 12


def plan_text(words: Words, plan: Mapping[str, Any]) -> str:
    """What, how long, how much room, what goes and what remains, and whether it can be undone."""
    seconds, room = plan.get("seconds"), plan.get("disk_bytes")
    lines = [sentence_text(words, plan["what"])]
    lines.append(words("cli.time", time=words.time(seconds)) if seconds is not None else words("cli.time_unknown"))
    if room is not None:
        lines.append(words("cli.room", size=words.size(room)))
    lines += [words("cli.goes_line", what=_part(words, what)) for what in plan.get("goes") or ()]
    lines += [words("cli.remains_line", what=_part(words, what)) for what in plan.get("remains") or ()]
    lines.append(sentence_text(words, plan["undo"]) if plan.get("undo") else words("cli.cannot"))
    return "\n".join(lines)


def _part(words: Words, what: Any) -> str:
    """One thing that goes or stays: plain text, or a Sentence that became JSON."""
    return sentence_text(words, what) if isinstance(what, Mapping) else str(what)


def sentence_text(words: Words, sentence: Mapping[str, Any]) -> str:
    """A Sentence that became JSON, said in the person's language."""
    facts = {key: _revived(value) for key, value in (sentence.get("facts") or {}).items()}
    return words.say(Sentence(sentence["key"], sentence["english"], facts))


def failure_text(words: Words, failure: Mapping[str, Any]) -> str:
    """The error of a job: its facts are filled in again where the language has its sentence, else the English one is shown."""
    return words.error_named(failure["error"], str(failure.get("sentence", "")).replace("{", "{{").replace("}", "}}"), failure.get("facts") or {})


def result_text(words: Words, result: Any, depth: int = 0) -> str:
    """A result as indented `name: value` lines; lists a line an entry, sentences as sentences."""
    pad = "  " * depth
    if isinstance(result, Mapping):
        if _is_sentence(result):
            return pad + sentence_text(words, result)
        return "\n".join(_entry(words, name, value, depth) for name, value in result.items() if value not in (None, "", [], {}))
    if isinstance(result, Sequence) and not isinstance(result, str):
        if len(result) > CURVE_SHOWN and not any(isinstance(value, str | Mapping) for value in result):
            return f"{pad}({len(result):,} values; --json shows them)"
        return "\n".join(_row(words, value, depth) for value in result) or pad + "-"
    return pad + _short(result)


def _entry(words: Words, name: str, value: Any, depth: int) -> str:
    pad, label = "  " * depth, name.replace("_", " ")
    if isinstance(value, Mapping) and _is_sentence(value):
        return f"{pad}{label}: {sentence_text(words, value)}"
    if isinstance(value, Mapping | list):
        return f"{pad}{label}:\n{result_text(words, value, depth + 1)}"
    if isinstance(value, str) and "\n" in value.strip():  # a recipe, a command: to be copied, so whole and as it is
        return f"{pad}{label}:\n{value.rstrip()}"
    return f"{pad}{label}: {_short(value)}"


def _row(words: Words, value: Any, depth: int) -> str:
    pad = "  " * depth
    if isinstance(value, Mapping) and not _is_sentence(value):
        simple = {name: inner for name, inner in value.items() if not isinstance(inner, Mapping | list) and inner not in (None, "")}
        said = [sentence_text(words, inner) for inner in value.values() if isinstance(inner, Mapping) and _is_sentence(inner)]
        return f"{pad}- " + " · ".join([*(f"{name} {_short(inner, 60)}" for name, inner in simple.items()), *said])
    return f"{pad}- " + result_text(words, value).strip()


def _is_sentence(value: Mapping[str, Any]) -> bool:
    return {"key", "english", "facts"} <= value.keys() <= {"key", "english", "facts", "term"}


def _revived(value: Any) -> Any:
    if not isinstance(value, Mapping) or not _is_sentence(value):
        return value
    return Sentence(value["key"], value["english"], {name: _revived(inner) for name, inner in value["facts"].items()})


def _short(value: Any, longest: int = LONGEST_LINE) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
