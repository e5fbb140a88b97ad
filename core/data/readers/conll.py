"""Tagged words (CoNLL): a word a line with its tag behind it, an empty line between sentences. Ramshaw and Marcus 1995, with B-, I-, L-, E-, U-, S-."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, TextIO

from core.data.readers.base import NoRows, Reader, Understood, Wanted
from core.data.readers.cells import record
from core.data.records import Fault, Record, fault

_TAG = re.compile(r"O|[BIOLEUS]-\S{1,80}")
_CLOSING = frozenset(".,;:!?)]}»”%…")
_OPENING = frozenset("([{«“")
_SENTENCE_WORDS = 10_000


class Conll(Reader):
    """`text` is the sentence, `fields` the marked pieces by their tag: one text, or a list where a tag comes more than once."""

    name: ClassVar[str] = "conll"
    label: ClassVar[str] = "tagged words (CoNLL)"
    rank: ClassVar[int] = 20

    def fits(self, head: str, file: str) -> bool:
        lines = head.splitlines()[:2_000]
        words = [cells for line in lines if (cells := _cells(line))]
        if len(words) < 2 or not any(not line.strip() for line in lines) and len(words) > 200:
            return False
        tagged = [cells for cells in words if len(cells) >= 2 and _TAG.fullmatch(cells[-1])]
        return len(tagged) >= 0.9 * len(words) and any(cells[-1][1:2] == "-" for cells in tagged)

    def understand(self, head: str, wanted: Wanted) -> Understood:
        widths = Counter(len(cells) for line in head.splitlines()[:500] if (cells := _cells(line)))
        return Understood(self.name, delimiter=str(widths.most_common(1)[0][0]) if widths else "2")

    def records(self, text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        width, row, number, start = int(understood.delimiter or 2), 0, 0, 1
        words: list[tuple[str, str]] = []
        problem: tuple[str, str] | None = None
        while True:
            line = text.readline(wanted.limits.line_chars)
            number += 1
            cells = _cells(line)
            if line and cells:
                start = number if not words and problem is None else start
                problem = problem or _problem(cells, width, len(words))
                if problem is None:
                    words.append((cells[0], cells[-1]))
                continue
            if line.strip():
                continue  # a comment or the mark of a new document
            if words or problem:
                row += 1
                if problem is not None:
                    yield fault(row, problem[0], problem[1], line=start, columns=width, limit=_SENTENCE_WORDS)
                else:
                    yield record(row, start, _values(words), wanted.limits)
            words, problem = [], None
            if not line:
                break
        if not row:
            raise NoRows(file=wanted.file)


def _cells(line: str) -> list[str]:
    if line.startswith("#") and "\t" not in line or line.startswith("-DOCSTART-"):
        return []
    return line.rstrip("\r\n").split("\t") if "\t" in line else line.split()


def _problem(cells: list[str], width: int, words: int) -> tuple[str, str] | None:
    if len(cells) != width:
        return "ragged_sentence", "Sentence {row} (from line {line}) has a line with another number of columns than {columns}. Mend it."
    if not _TAG.fullmatch(cells[-1]):
        return "unknown_tag", "Sentence {row} (from line {line}) has a tag that is neither O nor begins with B- or I-. Mend it."
    return ("sentence_too_long", "Sentence {row} (from line {line}) has more than {limit:,} words; perhaps the empty lines between sentences are missing."
            ) if words >= _SENTENCE_WORDS else None  # fmt: skip


def _values(words: list[tuple[str, str]]) -> dict[str, object]:
    text, places = _joined([word for word, _ in words])
    fields: dict[str, list[str]] = {}
    for name, first, last in _spans([tag for _, tag in words]):
        fields.setdefault(name, []).append(text[places[first][0] : places[last][1]])
    return {"text": text, "fields": {name: found[0] if len(found) == 1 else found for name, found in fields.items()}}


def _joined(words: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """The sentence as it was written, as far as the words show it, and where each word stands in it."""
    text, places = "", list[tuple[int, int]]()
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        glued = not at or word[:1] in _CLOSING or before[-1:] in _OPENING or (before.endswith(("'", "’")) and len(before) > 1)
        text += "" if glued else " "
        places.append((len(text), len(text) + len(word)))
        text += word
    return text, places


def _spans(tags: list[str]) -> Iterator[tuple[str, int, int]]:
    """Name, first and last word. An I- that follows nothing of its name begins a span of its own, as conlleval counts it."""
    name, first = "", 0
    for at, tag in enumerate([*tags, "O"]):
        kind, _, own = tag.partition("-")
        goes_on = bool(name) and own == name and kind in ("I", "L", "E")
        if name and not goes_on:
            yield name, first, at - 1
            name = ""
        if own and not goes_on:
            name, first = own, at
