"""Texts beyond the context: split at headings and paragraphs (then sentences) with an overlap, and their answers put together per document."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOCUMENT, PIECE = "document", "piece"  # columns of the original row: pieces of one document are its group
_HEADING = re.compile(r"\n(?=#{1,6}\s|\d+(?:\.\d+)*[.)]?\s+[A-ZÀ-Ý]|[A-ZÀ-Ý][A-ZÀ-Ý0-9 ,'’-]{3,60}\n)")
# Where a text may be parted, the best place first: before a heading, between paragraphs, lines, sentences, words; what is left is parted anywhere.
_SEAMS = (
    _HEADING,
    re.compile(r"\n[ \t]*\n+"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…;。！？])[\"”»’)\]]*\s+"),
    re.compile(r"\s+"),
)

# Where one sentence ends for sure: an abbreviation that is taken for an end would tear a name from its title.
_SENTENCES = re.compile(r"\n+|(?<=\w{4}[.!?…])(?<!Prof\.)(?<!prof\.)(?<!Dott\.)(?<!dott\.)\s+(?=[A-ZÀ-Ý\"“«(])|(?<=[!?…。！？])\s+(?=[A-ZÀ-Ý\"“«(])")
_SURE = 0.8  # of what a piece may have: texts that make less than this one by one fit together

Length = Callable[[str], int]


@dataclass(frozen=True)
class Merged:
    """A document's answer. `counts` says how many pieces said what (a category, or a field's value), and `places` in which piece a value was found."""

    answer: str
    counts: Mapping[str, int]
    places: Mapping[str, int]


def split_text(text: str, most: int, overlap: int, length: Length) -> tuple[str, ...]:
    """Pieces of at most `most` by `length`, each beginning with at most `overlap` of the end of the one before it. One piece where all fits.

    Without the overlaps the pieces are the text: nothing is left out, nothing comes twice. Raises ValueError when `most` is not positive.
    """
    if most <= 0:
        raise ValueError("a piece needs room")
    if length(text) <= most:
        return (text,)
    parts = list(_gathered(_parted(text, most - overlap, length, 0), most - overlap, length))
    pieces = [parts[0]]
    for before, part in zip(parts, parts[1:], strict=False):
        pieces.append(_tail(before, part, min(overlap, most), most, length) + part)
    return tuple(pieces)


def piece_originals(original: str, document: str, count: int) -> list[str]:
    """The original row of each piece: the row's own cells, with the document and the number of the piece (from 1)."""
    cells: dict[str, Any] = json.loads(original)
    known = str(cells.get(DOCUMENT) or document)
    return [json.dumps({**cells, DOCUMENT: known, PIECE: number}, ensure_ascii=False) for number in range(1, count + 1)]


def document_of(original: str | None) -> str | None:
    """The document that a row is a piece of, if it is one."""
    if not original or f'"{PIECE}"' not in original:
        return None
    cells = json.loads(original)
    return str(cells[DOCUMENT]) if isinstance(cells, dict) and cells.get(DOCUMENT) and cells.get(PIECE) is not None else None


def fields_by_piece(answer: str, pieces: Sequence[str]) -> tuple[list[str], int]:
    """What is to be learned from each piece of a text whose fields were pulled out: the values that stand in it. Also the number of values that stand
    in none as they are written (a date in other words): they go to the first piece."""
    fields = _fields(answer)
    if fields is None:
        return [answer] * len(pieces), 0
    given: list[dict[str, Any]] = [{} for _ in pieces]
    lost = 0
    folded = [_plain(piece) for piece in pieces]
    for name, value in fields.items():
        places = [number for number, text in enumerate(folded) if _stands_in(value, text)]
        lost += not places
        for number in places or [0]:
            given[number][name] = _part_in(value, folded[number]) if places else value
    return [json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for one in given], lost


def merge_categories(answers: Sequence[str]) -> Merged:
    """What most pieces say; of equals, what was said first. A piece without an answer says nothing."""
    said = [answer for answer in answers if answer.strip()]
    counts = Counter(said)
    best = max(counts, key=lambda answer: (counts[answer], -said.index(answer)), default="")
    return Merged(best, dict(counts), {answer: answers.index(answer) for answer in counts})


def merge_fields(answers: Sequence[str]) -> Merged:
    """All fields that any piece gives. Of several values a list takes all, another field the commonest (of equals, the first). What is no JSON object is
    passed over; where none is, the first answer stands as it is."""
    parsed = [_fields(answer) for answer in answers]
    if all(fields is None for fields in parsed):
        return Merged(answers[0] if answers else "", {}, {})
    union: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    places: dict[str, int] = {}
    for name in dict.fromkeys(name for fields in parsed for name in fields or {}):
        given = [(at, fields[name]) for at, fields in enumerate(parsed) if fields is not None and name in fields]
        values = [item for _, value in given for item in (value if isinstance(value, list) else [value])]
        told = Counter(_key(value) for value in values)
        chosen = max(told, key=lambda key: told[key])  # the first of equals: a Counter keeps their order
        if any(isinstance(value, list) for _, value in given):
            union[name] = list({_key(value): value for value in values}.values())
        else:
            union[name] = next(value for value in values if _key(value) == chosen)
        counts[name] = len(given)
        places[name] = next(at for at, value in given if isinstance(value, list) or _key(value) == chosen)
    return Merged(json.dumps(union, ensure_ascii=False, sort_keys=True, separators=(",", ":")), dict(counts), places)


def merge_summaries(answers: Sequence[str]) -> Merged:
    """What all pieces say, in their order; a sentence that was said before (an overlap says it twice) is left out."""
    said: dict[str, str] = {}
    for answer in answers:
        for sentence in _SENTENCES.split(answer.strip()):
            said.setdefault(_plain(sentence), sentence.strip())
    return Merged(" ".join(sentence for sentence in said.values() if sentence), {}, {})


# How the answers to a document's pieces come together, by task. A written answer is not among them: its question may stand in one piece only.
MERGES: Mapping[str, Callable[[Sequence[str]], Merged]] = {
    "classification": merge_categories, "extraction": merge_fields, "summarisation": merge_summaries,
}  # fmt: skip


def _parted(text: str, most: int, length: Length, seam: int) -> Iterable[str]:
    """Stretches that fit, parted at the best seam that helps."""
    if length(text) <= most or len(text) < 2:
        yield text
        return
    if seam == len(_SEAMS):
        half = len(text) // 2
        yield from _parted(text[:half], most, length, seam)
        yield from _parted(text[half:], most, length, seam)
        return
    start = 0
    for match in _SEAMS[seam].finditer(text):
        if start < match.end() < len(text):
            yield from _parted(text[start : match.end()], most, length, seam + 1)
            start = match.end()
    yield from _parted(text[start:], most, length, seam + 1)


def _gathered(parts: Iterable[str], most: int, length: Length) -> Iterable[str]:
    """Neighbours joined while they fit together."""
    held, about = "", 0
    for part in parts:
        own = length(part)
        # Two texts are about as long together as each by itself: only near the edge they are measured as one.
        joined = about + own if about + own <= _SURE * most else length(held + part)
        if held and joined > most:
            yield held
            held, about = part, own
        else:
            held, about = held + part, joined
    if held:
        yield held


def _tail(before: str, part: str, overlap: int, most: int, length: Length) -> str:
    """The end of what stood before, at most `overlap` long, beginning at a word, as long as it still fits before `part`."""
    if overlap <= 0:
        return ""
    starts = [match.end() for match in re.finditer(r"\s+", before)]
    first = _first(starts, lambda start: length(before[start:]) <= overlap)
    if first < len(starts) and length(before[starts[first] :] + part) > most:
        first += _first(starts[first:], lambda start: length(before[start:] + part) <= most)
    return before[starts[first] :] if first < len(starts) else ""


def _first(starts: Sequence[int], fits: Callable[[int], bool]) -> int:
    """The number of the first of these places from which on all fit; how many there are where none does."""
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        if fits(starts[middle]):
            high = middle
        else:
            low = middle + 1
    return low


def _fields(text: str) -> dict[str, Any] | None:
    from core.tasks.extraction import fields_of

    return fields_of(text)


def _stands_in(value: Any, text: str) -> bool:
    return any(_stands_in(item, text) for item in value) if isinstance(value, list) else _plain(_written(value)) in text


def _part_in(value: Any, text: str) -> Any:
    return [item for item in value if _stands_in(item, text)] if isinstance(value, list) else value


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _key(value: Any) -> str:
    return _plain(_written(value))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
