"""Words as numbers: a text's words hashed all at once, so that rows are compared without a loop over their words. FNV-like polynomial hash, mod 2**64."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Counts = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
_THREADS = 2
_CHUNK_CHARS = 200_000  # the tables of powers stay in the processor's cache
_UNSPACED = re.compile("([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff])")  # scripts that put no space between words: each sign is a word
_SIGNS = re.compile("[’‘‛“”„«»–—…·•\u00a0\u2009\u202f、。，！？：；（）]")  # no letters, though they are no ASCII


def folded(text: str) -> str:
    """For comparing: without case, accents and surplus white space, as the store folds."""
    text = text.lower()
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(text.split())


def hashed_words(blocks: Iterable[list[str]]) -> "tuple[Hashes, Counts]":
    """The hash of every word in order, and how many words each text has. Case, punctuation and the kind of white space do not count."""
    import numpy as np

    hashes, counts = [], []
    with ThreadPoolExecutor(_THREADS) as pool:  # numpy lets go of the interpreter while it counts
        for texts in blocks:
            for own, per_text in pool.map(_hashed, _chunks(texts)):
                hashes.append(own)
                counts.append(per_text)
    if not hashes:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    return np.concatenate(hashes), np.concatenate(counts)


def _chunks(texts: list[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for text in texts:
        some.append(text)
        size += len(text)
        if size >= _CHUNK_CHARS:
            yield some
            some, size = [], 0
    if some:
        yield some


def _hashed(texts: list[str]) -> "tuple[Hashes, Counts]":
    import numpy as np

    joined = "\n".join(text.replace("\n", " ") if "\n" in text else text for text in texts).lower()
    if not joined.isascii():
        joined = _UNSPACED.sub(r" \1 ", _SIGNS.sub(" ", joined))
    octets = np.frombuffer(joined.encode("utf-8", "replace"), np.uint8)
    powers, inverse = _powers_upto((len(octets) + 1).bit_length())
    inside = np.zeros(len(octets) + 2, np.int8)
    inside[1:-1] = _word_octets()[octets]
    edges = np.flatnonzero(np.diff(inside))
    starts, ends = edges[0::2], edges[1::2]
    sums = np.zeros(len(octets) + 1, np.uint64)
    np.cumsum((octets.astype(np.uint64) + np.uint64(1)) * powers[: len(octets)], out=sums[1:])
    hashes = (sums[ends] - sums[starts]) * inverse[starts]
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(32)
    lines = np.concatenate((np.flatnonzero(octets == 10), [len(octets)]))
    upto = np.searchsorted(starts, lines)
    return hashes, np.diff(upto, prepend=0).astype(np.int64)


def _word_octets() -> "NDArray[np.int8]":
    import numpy as np

    letters = np.zeros(256, np.int8)
    letters[[*b"abcdefghijklmnopqrstuvwxyz0123456789_", *range(128, 256)]] = 1
    return letters


@cache
def _powers_upto(bits: int) -> "tuple[Hashes, Hashes]":
    import numpy as np

    made = []
    for base in (_BASE, pow(_BASE, -1, 2**64)):
        powers = np.full(2**bits, base, np.uint64)
        powers[0] = 1
        made.append(np.multiply.accumulate(powers))
    return made[0], made[1]
