"""Exact and near duplicates of 100,000 rows against datasketch, on the same planted pairs, at the same recall: `python -m tests.bench.data_duplicates`."""

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from core.data.doctor.alike import bundles
from tests.bench.figures import Figure, tell

ROWS, QUICK_ROWS = 100_000, 5_000
_PLANTED_SHARE = 0.1
_LEAST_RECALL = 0.99
_REPEATS = 5
Pairs = list[tuple[int, int]]


def figures(quick: bool) -> Iterator[Figure]:
    texts, planted = rows(QUICK_ROWS if quick else ROWS)
    ours, theirs = list[float](), list[float]()
    for _ in range(1 if quick else _REPEATS):
        ours.append(_timed(lambda: _ours(texts, planted)))
        theirs.append(_timed(lambda: _datasketch(texts, planted)))
    ratios = [peer / own for own, peer in zip(ours, theirs, strict=True)]
    name = f"duplicates of {len(texts):,} rows"
    yield Figure(name, statistics.median(ours), "s", "datasketch", statistics.median(ratios), "at least 9x, aim 20x, at recall 0.99")
    yield Figure(f"{name}, spread of the ratio", max(ratios) - min(ratios), "x")


def rows(count: int) -> tuple[list[str], Pairs]:
    """Texts of 15 to 50 words, a tenth of which are near copies (a word in twenty is another) or exact ones; and which copies which."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(20_000)]
    copies = int(count * _PLANTED_SHARE)
    texts = [" ".join(chance.choices(words, k=chance.randint(15, 50))) for _ in range(count - copies)]
    planted = []
    for _ in range(copies):
        original = chance.randrange(count - copies)
        parts = texts[original].split()
        for _ in range(len(parts) // 20 if chance.random() < 0.5 else 0):
            parts[chance.randrange(len(parts))] = chance.choice(words)
        planted.append((original, len(texts)))
        texts.append(" ".join(parts))
    return texts, planted


def _ours(texts: Sequence[str], planted: Pairs) -> None:
    bundle = bundles([list(texts[start : start + 10_000]) for start in range(0, len(texts), 10_000)]).bundle
    _check(sum(bool(bundle[a] == bundle[b] >= 0) for a, b in planted), planted)


def _datasketch(texts: Sequence[str], planted: Pairs) -> None:
    """As its documents advise for speed: `bulk`, a fast hash instead of SHA-1, one insertion session; the same shingles, bands and rows as ours."""
    import xxhash
    from datasketch import MinHash, MinHashLSH

    hashes = MinHash.bulk([_shingles(text) for text in texts], num_perm=120, hashfunc=xxhash.xxh32_intdigest)
    lsh = MinHashLSH(num_perm=120, params=(24, 5))
    with lsh.insertion_session() as session:
        for at, one in enumerate(hashes):
            session.insert(at, one, check_duplication=False)
    found = [set(lsh.query(one)) for one in hashes]
    _check(sum(a in found[b] for a, b in planted), planted)


def _shingles(text: str) -> list[bytes]:
    words = text.lower().encode().split()
    return [*words, *(b"%s %s" % pair for pair in zip(words, words[1:], strict=False))]


def _check(found: int, planted: Pairs) -> None:
    assert found >= _LEAST_RECALL * len(planted), f"{found} of {len(planted)} planted pairs"


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for figure in figures("--quick" in sys.argv):
        tell(figure, as_json="--json" in sys.argv)
