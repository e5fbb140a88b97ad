"""Olive's ways of saying what a row is: text templates with a file's own column names, and slices of a split such as train[:90%]."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.data.layout import ANSWER, QUESTION, Layout, bits_of
from core.data.split import SplitKind, SplitPlan
from core.errors import UserError

_QUESTIONS = ("question", "prompt", "instruction", "query", "input", "text", "sentence", "phrase", "user", "context")
_SLICE = re.compile(r"([\w.-]+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")
_ESCAPE = re.compile(r"\\(?:([nrt\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_SMALLEST, _LARGEST = 0.02, 0.4  # shares that a SplitPlan takes


@dataclass(frozen=True)
class SplitWish:
    """The rows of a file's split that Olive takes for `part` (train or eval): `text` as it was written, `start` and `stop` as '4096', '90%' or None."""

    part: str
    text: str
    name: str
    start: str | None = None
    stop: str | None = None


@dataclass(frozen=True)
class Columns:
    """Which column of the file is the question and which the answer, and the layout that says the rest."""

    question: str
    answer: str
    layout: Layout


def unescaped(text: str) -> str:
    """Olive's command line reads \\n in a template as a new line."""

    def one(match: re.Match[str]) -> str:
        if match.group(1):
            return _PLAIN[match.group(1)]
        letter = chr(int(match.group(2) or match.group(3), 16))
        return match.group() if "\ud800" <= letter <= "\udfff" or letter == "\0" else letter

    return _ESCAPE.sub(one, text)


def columns_of(template: str) -> Columns | None:
    """The last place is the answer, of the others the one that is called like a question, else the first. None where no question and answer stand in it."""
    try:
        bits = bits_of(template)
    except UserError:
        return None
    places = [bit.text for bit in bits if bit.is_place]
    if len(set(places)) < 2 or any(not place.isidentifier() for place in places) or places.count(places[-1]) != 1:
        return None
    answer, others = places[-1], list(dict.fromkeys(places[:-1]))
    question = next((name for wanted in _QUESTIONS for name in others if name.lower() == wanted), others[0])
    if places.count(question) != 1 or {QUESTION, ANSWER} & (set(others) - {question}):
        return None
    named = {question: QUESTION, answer: ANSWER}
    written = "".join("{" + named.get(bit.text, bit.text) + "}" if bit.is_place else bit.text.replace("{", "{{").replace("}", "}}") for bit in bits)
    try:
        layout = Layout(text_template=written).check(others)
    except (ValueError, UserError):
        return None
    return Columns(question, answer, layout)


def slice_of(part: str, text: str) -> SplitWish | None:
    """None for what is no single slice (sums of slices, steps)."""
    found = _SLICE.fullmatch(text.strip())
    return None if found is None else SplitWish(part, text, found.group(1), found.group(2), found.group(3))


def plan_of(wishes: Sequence[SplitWish]) -> SplitPlan | None:
    """Where one part begins at the percentage at which the other ends, the same share by lot. None where rows or other files are named."""
    train = next((one for one in wishes if one.part == "train"), None)
    check = next((one for one in wishes if one.part == "eval"), None)
    if train is None or check is None or train.name != check.name:
        return None
    learned, asked = _percent(train), _percent(check)
    if learned is None or asked is None or learned[1] > asked[0] and asked[1] > learned[0]:
        return None
    share = (asked[1] - asked[0]) / max(1, asked[1] - asked[0] + learned[1] - learned[0])
    return SplitPlan(kind=SplitKind.RANDOM, stratify=False, validation_share=round(share, 4)) if _SMALLEST <= share <= _LARGEST else None


def _percent(wish: SplitWish) -> tuple[int, int] | None:
    ends = []
    for bound, default in ((wish.start, 0), (wish.stop, 100)):
        if bound is not None and not bound.endswith("%"):
            return None
        share = default if bound is None else int(bound[:-1][:6])
        ends.append(min(100, max(0, share + 100 if share < 0 else share)))
    return (ends[0], ends[1]) if ends[0] < ends[1] else None
