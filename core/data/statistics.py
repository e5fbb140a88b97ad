"""Statistics that need no scipy, which the web process does not load: the interval of a share, and the tests that tell whether parts of a dataset are
alike (chi-squared for counts, Kolmogorov-Smirnov for lengths, Holm for several at once)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054
_ENOUGH = 1e-14
_TINY = 1e-300
_LEAST_EXPECTED = 5.0  # Cochran's rule: below it the chi-squared distribution does not fit


@dataclass(frozen=True)
class Tested:
    """`effect` from 0 (alike) to 1: Cramér's V, or the largest distance between two distribution functions. `degrees` is None for the latter."""

    statistic: float
    degrees: int | None
    p: float
    effect: float


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share. Wilson 1927."""
    share, square = right / of, Z95 * Z95
    middle, half = share + square / (2 * of), Z95 * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, (middle - half) / (1 + square / of)), min(1.0, (middle + half) / (1 + square / of))


def chi_squared(table: Sequence[Sequence[int]]) -> Tested | None:
    """Of counts, a row a part and a column a value. Values too rare to expect five in each part are counted as one; None where fewer than two are left."""
    parts = [row for row in table if sum(row)]
    whole = sum(map(sum, parts))
    if len(parts) < 2:
        return None
    least = min(map(sum, parts)) / whole
    columns = [column for column in zip(*parts, strict=True) if sum(column)]
    common = [column for column in columns if sum(column) * least >= _LEAST_EXPECTED]
    rare = (
        [tuple(map(sum, zip(*(column for column in columns if sum(column) * least < _LEAST_EXPECTED), strict=True)))]
        if len(common) < len(columns)
        else []
    )
    common += [column for column in rare if sum(column) * least >= _LEAST_EXPECTED]
    if len(common) < 2:
        return None
    sums, kept = [sum(column[part] for column in common) for part in range(len(parts))], sum(map(sum, common))
    statistic = sum(
        (count - sum(column) * sums[part] / kept) ** 2 / (sum(column) * sums[part] / kept) for column in common for part, count in enumerate(column)
    )
    degrees = (len(parts) - 1) * (len(common) - 1)
    return Tested(statistic, degrees, upper_gamma(degrees / 2, statistic / 2), math.sqrt(statistic / (kept * min(len(parts) - 1, len(common) - 1))))


def kolmogorov_smirnov(first: Mapping[int, int], second: Mapping[int, int]) -> Tested | None:
    """Of two samples given as value → how often. The p value is the limit's, with Stephens' correction for small samples; ties make it too large."""
    rows = sum(first.values()), sum(second.values())
    if not all(rows):
        return None
    seen, distance = [0, 0], 0.0
    for value in sorted(first.keys() | second.keys()):
        seen[0] += first.get(value, 0)
        seen[1] += second.get(value, 0)
        distance = max(distance, abs(seen[0] / rows[0] - seen[1] / rows[1]))
    root = math.sqrt(rows[0] * rows[1] / (rows[0] + rows[1]))
    return Tested(distance, None, kolmogorov((root + 0.12 + 0.11 / root) * distance), distance)


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p value as if it were alone: Holm's step-down correction, in the order given."""
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = least
    return corrected


def kolmogorov(distance: float) -> float:
    """The upper tail of Kolmogorov's distribution."""
    if distance < 0.2:  # the series converges slowly there, and the tail is 1 to 12 digits
        return 1.0
    total = sum((-1) ** (j - 1) * math.exp(-2 * j * j * distance * distance) for j in range(1, 101))
    return min(1.0, max(0.0, 2 * total))


def upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x), by its series below a + 1 and by Lentz's continued fraction above."""
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    most = 1000 + 20 * math.ceil(math.sqrt(a))
    if x < a + 1:
        term = total = 1 / a
        for step in range(1, most):
            term *= x / (a + step)
            total += term
            if term < total * _ENOUGH:
                break
        return max(0.0, 1 - scale * total)
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for step in range(1, most):
        factor = -step * (step - a)
        b += 2
        d = factor * d + b
        c = b + factor / c
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        value *= d * c
        if abs(d * c - 1) < _ENOUGH:
            break
    return min(1.0, scale * value)
