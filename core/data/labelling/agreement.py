"""How far people agree on the rows that two of them answered, and where they do not."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.data.statistics import wilson


@dataclass(frozen=True)
class Said:
    """One person's answer to one row."""

    position: int
    person: str
    answer: str


@dataclass(frozen=True)
class Confusion:
    """`first` said `left` where `second` said `right`, `count` times."""

    first: str
    second: str
    left: str
    right: str
    count: int


@dataclass(frozen=True)
class PairAgreement:
    """Two people on the rows that both answered. `kappa` is Cohen's; None where it says nothing (both always gave one and the same answer)."""

    first: str
    second: str
    rows: int
    same: int
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """Over all pairs of answers of two people to one row. Shares from 0 to 1 with a 95 % interval (Wilson); None where nobody shared a row.

    `alpha` is Krippendorff's for names, over all people.
    """

    rows: int
    same: int
    share: float | None
    low: float | None
    high: float | None
    alpha: float | None
    pairs: tuple[PairAgreement, ...]
    confusions: tuple[Confusion, ...]


def agreement(said: Sequence[Said], most_confusions: int = 10) -> Agreement:
    """Answers that differ in blanks at the ends or in case only are the same."""
    rows: dict[int, dict[str, str]] = defaultdict(dict)
    for one in said:
        rows[one.position][one.person] = one.answer
    shared = {position: answers for position, answers in rows.items() if len(answers) > 1}
    people = sorted({person for answers in shared.values() for person in answers})
    pairs = tuple(found for first, second in itertools.combinations(people, 2) if (found := _pair(shared, first, second)) is not None)
    compared, same = sum(pair.rows for pair in pairs), sum(pair.same for pair in pairs)
    low, high = wilson(same, compared) if compared else (None, None)
    share = same / compared if compared else None
    return Agreement(compared, same, share, low, high, _alpha(shared), pairs, _confusions(shared)[:most_confusions])


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Agreement beyond chance of two people on the same rows. Cohen 1960. None where chance alone agrees always."""
    rows = len(first)
    seen = sum(left == right for left, right in zip(first, second, strict=True)) / rows
    left_counts, right_counts = Counter(first), Counter(second)
    chance = sum(left_counts[label] * right_counts[label] for label in left_counts) / (rows * rows)
    return None if math.isclose(chance, 1.0) else (seen - chance) / (1 - chance)


def plain(answer: str) -> str:
    """What is compared."""
    return " ".join(answer.split()).casefold()


def _pair(shared: Mapping[int, Mapping[str, str]], first: str, second: str) -> PairAgreement | None:
    both = [(plain(answers[first]), plain(answers[second])) for answers in shared.values() if first in answers and second in answers]
    if not both:
        return None
    left, right = zip(*both, strict=True)
    return PairAgreement(first, second, len(both), sum(a == b for a, b in both), cohen_kappa(left, right))


def _alpha(shared: Mapping[int, Mapping[str, str]]) -> float | None:
    """Krippendorff 2011, 'Computing Krippendorff's alpha-reliability', nominal data: 1 - observed / expected disagreement over pairable values."""
    coincidences: Counter[tuple[str, str]] = Counter()
    weights: dict[tuple[str, str], float] = defaultdict(float)
    for answers in shared.values():
        values = [plain(answer) for answer in answers.values()]
        coincidences.clear()
        coincidences.update(itertools.permutations(values, 2))
        for pair, count in coincidences.items():
            weights[pair] += count / (len(values) - 1)
    totals: dict[str, float] = defaultdict(float)
    for (left, _), weight in weights.items():
        totals[left] += weight
    whole = sum(totals.values())
    expected = whole * whole - sum(total * total for total in totals.values())
    if not expected:
        return None
    observed = sum(weight for (left, right), weight in weights.items() if left != right)
    return 1 - (whole - 1) * observed / expected


def _confusions(shared: Mapping[int, Mapping[str, str]]) -> tuple[Confusion, ...]:
    """The commonest first; which of the two said which does not matter for the count, the more frequent way is told."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    ways: Counter[tuple[str, str, str, str]] = Counter()
    for answers in shared.values():
        for first, second in itertools.combinations(sorted(answers), 2):
            left, right = answers[first], answers[second]
            if plain(left) == plain(right):
                continue
            ways[first, second, left, right] += 1
            low, high = sorted((left, right))
            counts[first, second, low, high] += 1
    found = []
    for (first, second, low, high), count in counts.items():
        straight = ways[first, second, low, high] >= ways[first, second, high, low]
        found.append(Confusion(first, second, low if straight else high, high if straight else low, count))
    return tuple(sorted(found, key=lambda one: (-one.count, one.first, one.second, one.left, one.right)))
