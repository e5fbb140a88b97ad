"""Categories that mean the same and are spelled differently: capitals, accents, plural, a slip of a letter."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend, NotChecked
from core.data.doctor.rows import facts
from core.sentence import Sentence
from storage.canonical import canonical
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_MOST_LABELS = 20_000
_SLIP_LETTERS, _SLIP_SHARE = 5, 0.2  # a slip is looked for in words of so many letters, when it is so much rarer than what was meant


class LabelSpelling(Check):
    name: ClassVar[str] = "label-spelling"
    label: ClassVar[str] = "Categories that mean the same"
    why: ClassVar[str] = (
        "'Delivery', 'delivery' and 'deliveries' are three categories for the model: each has fewer rows, and half the answers count as wrong."
    )
    term: ClassVar[str] = "label variants"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("merge", How.REPAIR, "Merge into the most frequent"), MARK)
    order: ClassVar[int] = 32

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """Found are the rows of the rarer spellings; the repair gives them the most frequent one."""
        labels = context.labels
        if not labels:
            raise NotChecked("doctor.no_labels", "the answers are no categories")
        if len(labels) > _MOST_LABELS:
            raise NotChecked("doctor.many_labels", "there are {labels:,} different answers", labels=len(labels))
        meant = merged(labels)
        bundles = {label: number for number, label in enumerate(sorted(set(meant.values())))}
        for block in rows.blocks():
            for at, answer in enumerate(block.answers, block.start):
                if answer in meant:
                    better = meant[answer]
                    yield Found(
                        self.name, rows.positions[at], bundles[better], facts(label=answer[:200], better=better[:200]), _said(rows, at, better)
                    )


def merged(labels: Mapping[str, int]) -> dict[str, str]:
    """From each rarer spelling to the most frequent one of the same meaning."""
    plain: dict[str, list[str]] = {}
    for label in labels:
        plain.setdefault(_plain(label), []).append(label)
    counts = {key: sum(labels[label] for label in spelled) for key, spelled in plain.items()}
    into = {key: key for key in plain}
    for key, others in _one_letter_apart([key for key in plain if len(key) >= _SLIP_LETTERS]).items():
        better = max(others, key=lambda other: (counts[other], other))
        if counts[key] <= _SLIP_SHARE * counts[better]:
            into[key] = better
    groups: dict[str, list[str]] = {}
    for key, spelled in plain.items():
        target = into[key]
        groups.setdefault(target if into[target] == target else key, []).extend(spelled)
    found = {}
    for spelled in groups.values():
        best = max(spelled, key=lambda label: (labels[label], label))
        found.update({label: best for label in spelled if label != best})
    return found


def _plain(label: str) -> str:
    """Without case, accents, signs and the plural. Digits count: 'room 1' is not 'room 2'."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    return " ".join(_singular(word) for word in words) if words else label.strip()


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _one_letter_apart(keys: list[str]) -> dict[str, set[str]]:
    """Keys that become equal when one letter is left out, put in, changed, or two neighbours change places; digits must agree."""
    shorter: dict[str, list[str]] = {}
    for key in keys:
        for form in {key, *(key[:at] + key[at + 1 :] for at in range(min(len(key), 64)))}:
            shorter.setdefault(form, []).append(key)
    found: dict[str, set[str]] = {}
    for same in shorter.values():
        for key in same if 1 < len(same) <= 50 else ():
            found.setdefault(key, set()).update(other for other in same if other != key and _is_slip(key, other))
    return {key: others for key, others in found.items() if others}


def _is_slip(a: str, b: str) -> bool:
    """At most one letter apart, not in a digit."""
    if [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()]:
        return False
    if len(a) != len(b):
        return abs(len(a) - len(b)) == 1
    differ = [at for at in range(len(a)) if a[at] != b[at]]
    swapped = len(differ) == 2 and differ[1] == differ[0] + 1 and a[differ[0]] == b[differ[1]] and a[differ[1]] == b[differ[0]]
    return len(differ) == 1 or swapped


def _said(rows: "Rows", at: int, answer: str) -> str:
    turns = rows.turns(at)
    last = max(number for number, turn in enumerate(turns) if turn["role"] == "assistant")
    turns[last]["content"] = answer
    return canonical(turns)
