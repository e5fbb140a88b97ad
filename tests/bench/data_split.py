"""A stratified split of a million rows into three parts that keeps duplicates on one side, against scikit-learn and datasets, which part them.

All get the same rows and give training, validation and test of the same sizes. Ours reads them from the store and writes the frozen split into it, durably;
the peers hold their rows in memory, as they are used, and keep the parts there. They know no duplicates: what leaks with them is counted too.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from storage import datasets, projects
from storage.bulk.splitting import freeze_split, freeze_version, leaks
from storage.rows import LOCAL_OWNER, DatasetId, Part
from storage.store import Store
from tests.bench.figures import Figure

ROWS, QUICK_ROWS = 1_000_000, 50_000
_REPEATS, _LABELS = 5, 50
_SHARE = 0.1
_FILL = """
    INSERT INTO example
    SELECT lower(to_base(place, 32, 5)) || 'benchbench', 'local', $dataset, place, NULL, question, 'label ' || label, sha256(question || label), NULL, 'rows.jsonl',
           place, '{}', '{"question":"text","answer":"label"}', false, false, question_key(folded(question)), NULL, 1, NULL
    FROM (
        SELECT place, hash(number) % $labels AS label, 'Case ' || number || ': ' || repeat('the customer writes about an order that did not come. ', 3) AS question
        FROM (SELECT place, CASE WHEN place % 20 = 0 THEN place - 1 ELSE place END AS number FROM range(1, $rows + 1) r(place))
    )
"""


def figures(quick: bool) -> Iterator[Figure]:
    count = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "bottega.duckdb") as store:
        dataset = _filled(store, count)
        began = time.perf_counter()
        version = freeze_version(store, dataset)
        frozen = time.perf_counter() - began
        texts, labels = _rows(store, dataset)
        works: dict[str, Callable[[int], object]] = {
            "ours": lambda seed: freeze_split(store, version.id, "{}", seed=seed, validation_share=_SHARE, test_share=_SHARE),
            "scikit-learn": _scikit_learn(texts, labels),
            "datasets": _datasets(texts, labels),
        }
        took: dict[str, list[float]] = {name: [] for name in works}
        for seed in range(1 if quick else _REPEATS):
            for name, work in works.items():
                began = time.perf_counter()
                made = work(seed)
                took[name].append(time.perf_counter() - began)
                _check(store, name, made, count, texts)
    name = f"stratified split of {count:,} rows"
    goals = {"scikit-learn": "at least 8x, 0 leaks", "datasets": "at least 100x, 0 leaks"}
    for peer, goal in goals.items():
        ratios = [theirs / ours for ours, theirs in zip(took["ours"], took[peer], strict=True)]
        yield Figure(f"{name}, against {peer}", statistics.median(took["ours"]), "s", peer, statistics.median(ratios), goal)
        yield Figure(f"{name}, spread of the ratio to {peer}", max(ratios) - min(ratios), "x")
        yield Figure(f"{name}, {peer}", statistics.median(took[peer]), "s")
    yield Figure(f"freeze a version of {count:,} rows", frozen, "s")


def _filled(store: Store, count: int) -> DatasetId:
    """Every twentieth row repeats the one before it."""
    project = projects.create(store, LOCAL_OWNER, "Bench")
    dataset = datasets.create(store, LOCAL_OWNER, project.id, "rows", "text_label", ["text", "label"]).id
    store.write(lambda connection: connection.execute(_FILL, {"dataset": dataset, "labels": _LABELS, "rows": count}))
    store.write(lambda connection: connection.execute("UPDATE dataset SET change = 1, last_position = ? WHERE id = ?", [count, dataset]))
    store.checkpoint()
    return dataset


def _rows(store: Store, dataset: DatasetId) -> tuple[list[str], list[str]]:
    found = store.read(None, "SELECT question, answer FROM example WHERE dataset = ? ORDER BY position", [dataset])
    return [row[0] for row in found], [row[1] for row in found]


def _scikit_learn(texts: list[str], labels: list[str]) -> Callable[[int], object]:
    import pandas as pd
    from sklearn.model_selection import train_test_split

    frame = pd.DataFrame({"text": texts, "label": labels})

    def split(seed: int) -> tuple[Any, Any, Any]:
        rest, test = train_test_split(frame, test_size=_SHARE, stratify=frame["label"], random_state=seed)
        train, validation = train_test_split(rest, test_size=len(test), stratify=rest["label"], random_state=seed)
        return train, validation, test

    return split


def _datasets(texts: list[str], labels: list[str]) -> Callable[[int], object]:
    import datasets as hugging_face

    hugging_face.disable_progress_bars()
    rows = hugging_face.Dataset.from_dict({"text": texts, "label": labels}).class_encode_column("label")

    def split(seed: int) -> tuple[Any, Any, Any]:
        first = rows.train_test_split(test_size=_SHARE, stratify_by_column="label", seed=seed)
        second = first["train"].train_test_split(test_size=len(first["test"]), stratify_by_column="label", seed=seed)
        return second["train"], second["test"], first["test"]

    return split


def _check(store: Store, name: str, made: Any, count: int, texts: list[str]) -> None:
    """Ours leaks nothing; all give parts of the same sizes, but for what stays together."""
    if name == "ours":
        assert leaks(store, made.id).equal == 0
        sides = store.read(None, "SELECT position, part FROM split_row WHERE split = ?", [made.id])
        assert _apart([Part(part) for _, part in sorted(sides)], texts) == 0
        sizes = (made.train, made.validation, made.test)
    else:
        sizes = tuple(len(part) for part in made)
    wanted = (count - 2 * round(count * _SHARE), round(count * _SHARE), round(count * _SHARE))
    assert all(abs(size - want) <= 2 * _LABELS for size, want in zip(sizes, wanted, strict=True)), json.dumps([name, sizes])


def _apart(parts: list[Part], texts: list[str]) -> int:
    """Texts that stand in two parts, counted without the store."""
    side: dict[str, Part] = {}
    return sum(side.setdefault(text, part) is not part for text, part in zip(texts, parts, strict=True))
