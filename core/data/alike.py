"""How alike the parts of a split are: categories, lengths, where rows came from; told in plain words, with the test behind each sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.data.statistics import Tested, chi_squared, holm, kolmogorov_smirnov
from core.sentence import Sentence
from storage.rows import Part

ALPHA = 0.05
_FEW_ROWS = 20
_SLIGHT = 0.1  # Cramér's V or a distance below it is seen by a test on many rows, and by nobody else
_CHI, _KS = "chi-squared test", "Kolmogorov-Smirnov test"

Counts = Mapping[Part, Mapping[str | None, int]]
Lengths = Mapping[Part, Mapping[int, int]]


class Likeness(StrEnum):
    """What a trait says of two parts or of all."""

    ALIKE = "alike"
    SLIGHT = "slight"
    DIFFERENT = "different"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Trait:
    """One thing that was compared. `p` is corrected for all that are compared in the report; `term` is what the field calls it."""

    name: str
    likeness: Likeness
    said: Sentence
    term: str
    statistic: float | None = None
    degrees: int | None = None
    p: float | None = None
    effect: float | None = None


@dataclass(frozen=True)
class AlikeReport:
    """`headline` first. `equal_leaks` and `near_leaks` are counted over all rows: bundles of equal, or nearly equal, rows with members in two parts.

    `near_known`: a check-up looked for nearly equal rows. `notes` say what is in no part and why.
    """

    headline: Sentence
    likeness: Likeness
    rows: dict[Part, int]
    traits: tuple[Trait, ...]
    equal_leaks: int
    near_leaks: int
    near_known: bool
    opened: int
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class _Draft:
    name: str
    test: str
    found: Tested | None
    say: Callable[[Likeness], Sentence]


def traits(lengths: Lengths, counts: Mapping[str, Counts]) -> tuple[Trait, ...]:
    """Of `lengths` (length → rows, by part) and of each of `counts` ('labels', 'sources' or a column's name)."""
    drafts = [_counted(name, found) for name, found in counts.items() if len({value for part in found.values() for value in part}) > 1]
    drafts += [_length(lengths, part) for part in (Part.VALIDATION, Part.TEST) if lengths.get(part)]
    tested = [draft for draft in drafts if draft.found is not None]
    corrected = dict(zip(map(id, tested), holm([draft.found.p for draft in tested if draft.found is not None]), strict=True))
    return tuple(_trait(draft, corrected.get(id(draft)), len(tested)) for draft in drafts)


def headline(found: Sequence[Trait]) -> tuple[Likeness, Sentence]:
    """The one sentence over all traits."""
    told = {trait.likeness for trait in found}
    if Likeness.DIFFERENT in told:
        english = "The parts are not alike. What is measured in the exam may not hold for what was learned."
        return Likeness.DIFFERENT, Sentence("alike.different", english)
    if not told - {Likeness.TOO_FEW}:
        return Likeness.TOO_FEW, Sentence("alike.too_few", "There are too few rows to tell whether the parts are alike.")
    return Likeness.ALIKE, Sentence("alike.alike", "The parts are alike: the exam asks for the same kind of rows that are learned from.")


def part_said(part: Part) -> Sentence:
    return Sentence(f"alike.part.{part.value}", {"train": "to learn from", "validation": "to watch with", "test": "of the exam"}[part.value])


def _trait(draft: _Draft, p: float | None, tests: int) -> Trait:
    found = draft.found
    if found is None or p is None:
        return Trait(draft.name, Likeness.TOO_FEW, draft.say(Likeness.TOO_FEW), f"{draft.test}: too few rows")
    likeness = Likeness.ALIKE if p >= ALPHA else Likeness.SLIGHT if found.effect < _SLIGHT else Likeness.DIFFERENT
    value = f"χ²({found.degrees}) = {found.statistic:.2f}, V = {found.effect:.3f}" if found.degrees is not None else f"D = {found.statistic:.3f}"
    written = f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
    term = f"{draft.test}, {value}, {written} (Holm, {tests} tests)"
    return Trait(draft.name, likeness, draft.say(likeness), term, found.statistic, found.degrees, p, found.effect)


def _counted(name: str, counts: Counts) -> _Draft:
    values = list(dict.fromkeys(value for part in Part for value in counts.get(part, {})))
    table = [[counts.get(part, {}).get(value, 0) for value in values] for part in Part if counts.get(part)]
    found = chi_squared(table) if min((sum(row) for row in table), default=0) >= _FEW_ROWS else None

    def say(likeness: Likeness) -> Sentence:
        thing = _THINGS[name] if name in _THINGS else Sentence("alike.thing.column", "Values of '{column}'", {"column": name})
        if likeness is Likeness.DIFFERENT:
            value, part, share, learned = _furthest(counts, values)
            english = "{thing} are spread differently: '{value}' is {share:.0%} of the rows {part} and {learned:.0%} of those to learn from."
            shown = "–" if value is None else value[:60]
            return Sentence(
                "alike.counts_differ", english, {"thing": thing, "value": shown, "part": part_said(part), "share": share, "learned": learned}
            )
        return _same(thing, likeness)

    return _Draft(name, _CHI, found, say)


def _length(lengths: Lengths, part: Part) -> _Draft:
    learned, held = lengths.get(Part.TRAIN, {}), lengths[part]
    enough = min(sum(learned.values()), sum(held.values())) >= _FEW_ROWS

    def say(likeness: Likeness) -> Sentence:
        thing = Sentence("alike.thing.lengths", "Lengths of the texts {part}", {"part": part_said(part)})
        if likeness is Likeness.DIFFERENT:
            english = "Texts {part} have another length: half of them are below {here:,} characters, and below {learned:,} where it learns."
            return Sentence("alike.lengths_differ", english, {"part": part_said(part), "here": _median(held), "learned": _median(learned)})
        return _same(thing, likeness)

    return _Draft(f"lengths_{part.value}", _KS, kolmogorov_smirnov(learned, held) if enough else None, say)


_THINGS = {
    "labels": Sentence("alike.thing.labels", "Categories"),
    "sources": Sentence("alike.thing.sources", "Files that rows came from"),
}


def _same(thing: Sentence, likeness: Likeness) -> Sentence:
    if likeness is Likeness.TOO_FEW:
        return Sentence("alike.few", "{thing}: too few rows in a part to tell.", {"thing": thing})
    if likeness is Likeness.SLIGHT:
        return Sentence("alike.slight", "{thing}: a difference that can be measured and is too small to matter.", {"thing": thing})
    return Sentence("alike.same", "{thing}: no difference between the parts.", {"thing": thing})


def _furthest(counts: Counts, values: Sequence[str | None]) -> tuple[str | None, Part, float, float]:
    """The value and the part whose share is furthest from that in training."""
    sums = {part: max(1, sum(counts.get(part, {}).values())) for part in Part}

    def share(part: Part, value: str | None) -> float:
        return counts.get(part, {}).get(value, 0) / sums[part]

    pairs = [(value, part) for part in (Part.VALIDATION, Part.TEST) if counts.get(part) for value in values]
    value, part = max(pairs, key=lambda pair: abs(share(pair[1], pair[0]) - share(Part.TRAIN, pair[0])))
    return value, part, share(part, value), share(Part.TRAIN, value)


def _median(lengths: Mapping[int, int]) -> int:
    middle, seen = sum(lengths.values()) / 2, 0
    for length in sorted(lengths):
        seen += lengths[length]
        if seen >= middle:
            return length
    return 0
