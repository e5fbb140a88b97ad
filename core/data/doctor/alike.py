"""Rows that are the same or nearly the same: MinHash (rensa) proposes pairs, their words decide. Broder 1997; 24 bands of 5 rows, Jaccard at least 0.75
over words and pairs of words. A text's cost does not depend on how many others are like it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.doctor.wording import hashed_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.doctor.wording import Counts, Hashes

LEAST_ALIKE = 0.75
_BANDS, _BAND_ROWS, _SEED = 24, 5, 42
_HASHES = _BANDS * _BAND_ROWS
_ALL_PAIRS_UPTO = 8  # in a fuller bucket each text is compared with the first and with its neighbour only
_NEAR_ENOUGH = LEAST_ALIKE - 0.15  # below this estimate a pair is not counted out exactly


@dataclass(frozen=True)
class Bundles:
    """`bundle[i]` is the bundle of row i, -1 for a row that is like no other; `same[i]` is equal for rows of equal words."""

    bundle: "NDArray[np.int64]"
    same: "NDArray[np.int64]"
    words: "Hashes"
    counts: "Counts"


def bundles(contents: Iterable[list[str]]) -> Bundles:
    """Of all rows. A row without a word is like no other."""
    import numpy as np

    words, counts = hashed_words(contents)
    tokens, offsets = _shingles(words, counts)
    same, first = _same(tokens, offsets)
    parent = list(range(len(counts)))
    _join_near(tokens, offsets, first, parent)
    roots = _roots(np.array(parent, np.int64))[first[same]] if len(counts) else same
    roots[counts == 0] = -1
    sizes = np.bincount(roots[roots >= 0], minlength=len(counts)) if len(counts) else np.zeros(0, np.int64)
    alone = (roots < 0) | (sizes[roots] < 2)
    return Bundles(np.where(alone, -1, roots), same, words, counts)


def _shingles(words: "Hashes", counts: "Counts") -> "tuple[Hashes, Counts]":
    """Each text's words and pairs of words, one after the other, and where each text begins (one more entry than texts)."""
    import numpy as np

    tokens = np.empty(2 * len(words), np.uint64)
    tokens[0::2] = words
    if len(words):
        tokens[1:-1:2] = words[:-1] * np.uint64(0x9E3779B97F4A7C15) + words[1:]
    upto = np.cumsum(counts)
    reaching = 2 * upto[counts > 0] - 1  # the pair that would reach into the next text
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(np.maximum(2 * counts - 1, 0), out=offsets[1:])
    return np.delete(tokens, reaching), offsets


def _same(tokens: "Hashes", offsets: "Counts") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Rows of equal shingles share a number; `first[number]` is the first such row."""
    import numpy as np

    count = len(offsets) - 1
    sums = np.zeros(len(tokens) + 1, np.uint64)
    np.cumsum(tokens * (tokens >> np.uint64(7) | np.uint64(1)), out=sums[1:])
    whole = (sums[offsets[1:]] - sums[offsets[:-1]]) ^ (offsets[1:] - offsets[:-1]).astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    empty = offsets[1:] == offsets[:-1]
    whole[empty] = np.arange(count, dtype=np.uint64)[empty]
    _, first, same = np.unique(whole, return_index=True, return_inverse=True)
    return same.astype(np.int64), first


def _join_near(tokens: "Hashes", offsets: "Counts", first: "NDArray[np.int64]", parent: list[int]) -> None:
    """Join the rows whose shingles are alike enough; only one of each kind is looked at."""
    import numpy as np
    from rensa import RMinHash, RMinHashLSH

    kinds = np.sort(first[(offsets[1:] > offsets[:-1])[first]])
    if len(kinds) < 2:
        return
    own, starts = _some(tokens, offsets, kinds)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(own, starts.astype(np.uint64), _HASHES, _SEED)
    flags = np.asarray(RMinHashLSH(LEAST_ALIKE, _HASHES, _BANDS).query_duplicate_flags_matrix_one_shot(matrix), bool)
    if not flags.any():
        return
    rows = kinds[flags]
    own, starts = _some(tokens, offsets, rows)
    digests = np.array(RMinHash.digest_matrix_from_flat_token_hashes(own, starts.astype(np.uint64), _HASHES, _SEED).to_rows(), np.uint32)
    sets: dict[int, set[int]] = {}
    for a, b in _pairs(digests):
        x, y = _root(parent, int(rows[a])), _root(parent, int(rows[b]))
        if x != y and _jaccard(sets, own, starts, a, b) >= LEAST_ALIKE:
            parent[max(x, y)] = min(x, y)


def _some(tokens: "Hashes", offsets: "Counts", rows: "NDArray[np.int64]") -> "tuple[Hashes, Counts]":
    """The shingles of these rows, end to end, and where each begins."""
    import numpy as np

    sizes = offsets[rows + 1] - offsets[rows]
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    if len(rows) == len(offsets) - 1:
        return tokens, starts
    return tokens[np.arange(starts[-1]) + np.repeat(offsets[rows] - starts[:-1], sizes)], starts


def _pairs(digests: "NDArray[np.uint32]") -> list[tuple[int, int]]:
    """Pairs that share a band and whose digests agree well, each once."""
    import numpy as np

    found = []
    count = len(digests)
    mix = np.array([pow(0x9E3779B97F4A7C15, k, 2**64) for k in range(1, _BAND_ROWS + 1)], np.uint64)
    for band in range(_BANDS):
        keys = (digests[:, band * _BAND_ROWS : (band + 1) * _BAND_ROWS].astype(np.uint64) * mix).sum(axis=1, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        begins = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        bucket = np.cumsum(begins) - 1
        starts = np.flatnonzero(begins)
        sizes = np.diff(np.append(starts, count))[bucket]
        place = np.arange(count) - starts[bucket]
        later = np.flatnonzero(place > 0)
        found.append(_code(order[starts[bucket[later]]], order[later], count))
        for step in range(1, _ALL_PAIRS_UPTO):
            close = np.flatnonzero((place >= step) & ((sizes <= _ALL_PAIRS_UPTO) | (step == 1)))
            found.append(_code(order[close - step], order[close], count))
    codes = np.unique(np.concatenate(found))
    left, right = codes // count, codes % count
    good = np.zeros(len(codes), bool)
    for at in range(0, len(codes), 100_000):
        some = slice(at, at + 100_000)
        good[some] = (digests[left[some]] == digests[right[some]]).mean(axis=1) >= _NEAR_ENOUGH
    return list(zip(left[good].tolist(), right[good].tolist(), strict=True))


def _code(a: "NDArray[np.int64]", b: "NDArray[np.int64]", count: int) -> "NDArray[np.int64]":
    import numpy as np

    return np.minimum(a, b) * count + np.maximum(a, b)


def _jaccard(sets: dict[int, set[int]], tokens: "Hashes", starts: "Counts", a: int, b: int) -> float:
    for row in (a, b):
        if row not in sets:
            sets[row] = set(tokens[starts[row] : starts[row + 1]].tolist())
    shared = len(sets[a] & sets[b])
    return shared / (len(sets[a]) + len(sets[b]) - shared)


def _root(parent: list[int], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


def _roots(parent: "NDArray[np.int64]") -> "NDArray[np.int64]":
    import numpy as np

    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent
        parent = above
