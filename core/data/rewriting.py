"""What a change of many rows does to one of them: give an answer, find and replace; and whether a row is one that it means."""

import re
from collections.abc import Callable
from functools import partial

from core.data.filter import RowFilterModel
from storage.canonical import canonical, turns_of
from storage.person import folded

ROLES = {"question": ("user",), "answer": ("assistant",), "both": ("user", "assistant")}  # by the text that is looked at
# Of a filter's conditions those that say something of a row itself, so that they mean rows that come later too.
LASTING = frozenset({"search", "label", "least_chars", "most_chars", "answered"})


def answering(answer: str) -> Callable[[str], str]:
    """From a row's messages to those with this last answer."""
    return partial(_answered, answer=answer)


def replacing(find: str, replace: str, *, roles: tuple[str, ...], match_case: bool) -> Callable[[str], str]:
    """From a row's messages to those with the found text replaced in what these roles say. A text that would be left empty stays."""
    return partial(_replaced, wanted=re.compile(re.escape(find), 0 if match_case else re.IGNORECASE), replace=replace, roles=roles)


def is_lasting(filter: RowFilterModel) -> bool:
    """Whether the filter means rows by what they say, not by their number, their mark or what a check found."""
    return filter.model_dump(exclude_defaults=True).keys() <= LASTING


def matches(question: str, answer: str | None, filter: RowFilterModel) -> bool:
    """Of a lasting filter, as storage.bulk.filtering has it."""
    chars = len(question) + len(answer or "")
    return (
        (filter.label is None or answer == filter.label)
        and (filter.answered is None or (answer is not None) is filter.answered)
        and (filter.least_chars is None or chars >= filter.least_chars)
        and (filter.most_chars is None or chars <= filter.most_chars)
        and _holds(question, answer or "", folded(filter.search.strip()))
    )


def _holds(question: str, answer: str, wanted: str) -> bool:
    """Storage folds a pair of ASCII texts one by one, any other pair as one text."""
    texts = (folded(question), folded(answer))
    return any(wanted in text for text in (texts if question.isascii() and answer.isascii() else (" ".join(texts),)))


def _answered(messages: str, *, answer: str) -> str:
    turns = turns_of(messages)
    given = [turn for turn in turns if turn["role"] == "assistant"]
    if given:
        given[-1]["content"] = answer
    else:
        turns.append({"role": "assistant", "content": answer})
    return canonical(turns)


def _replaced(messages: str, *, wanted: re.Pattern[str], replace: str, roles: tuple[str, ...]) -> str:
    turns = turns_of(messages)
    touched = False
    for turn in turns:
        if turn["role"] in roles and wanted.search(turn["content"]):
            text = wanted.sub(lambda _: replace, turn["content"])
            if text.strip():  # a row keeps a text to learn from
                turn["content"], touched = text, True
    return canonical(turns) if touched else messages
