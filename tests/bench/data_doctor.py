"""The whole doctor on 100,000 rows: time, time of each check, progress and memory: `python -m tests.bench.data_doctor`."""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from core.data.doctor.job import CheckupSettings, examine
from core.data.doctor.report import CheckupDocument
from core.data.doctor.rows import Rows
from core.models.installed import starter
from storage.canonical import canonical
from tests.bench.figures import Figure, tell

ROWS, QUICK_ROWS = 100_000, 3_000
_REPEATS = 5
_THINGS = (
    "kettle",
    "lamp",
    "sofa",
    "blender",
    "printer",
    "mirror",
    "carpet",
    "bottle",
    "helmet",
    "ladder",
    "chair",
    "drill",
    "tent",
    "oven",
    "watch",
)
_LITTLE = (
    "the", "of", "to", "that", "is", "was", "it", "for", "on", "with", "as", "not", "by", "this", "are", "from", "or", "have", "an", "be", "we", "you", "which",
    "when", "our", "if", "about", "after", "there", "their", "has", "will", "can", "more",
)  # fmt: skip


def figures(quick: bool) -> Iterator[Figure]:
    count = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, planted = _written(folder / "current.parquet", count)
        times, calls = list[float](), 0
        for _ in range(1 if quick else _REPEATS):
            began = time.perf_counter()
            heard = list[float]()
            document = examine(Rows.of(path, lambda: heard.append(time.perf_counter())), _settings(), ("My kettle is broken",), folder)  # noqa: B023
            times.append(time.perf_counter() - began)
            calls = len(heard)
            for check, rows in planted.items():
                assert _found(document, check) >= rows, f"{check}: {_found(document, check)} of {rows}"
    yield Figure(f"the whole doctor on {count:,} rows", statistics.median(times), "s", goal="at most 20 s, with progress")
    yield Figure("the whole doctor, spread", max(times) - min(times), "s")
    yield Figure("blocks told while it works", calls, "times")
    for line in document.checks:
        yield Figure(f"check {line.name}", line.seconds, "s")


def _settings() -> CheckupSettings:
    tokenizer = starter() / "tokenizer.json"
    return CheckupSettings(dataset="d", change=1, labelled=False, split="s", model="starter", tokenizer=str(tokenizer), context_tokens=1024)


def _found(document: CheckupDocument, check: str) -> int:
    line = document.line(check)
    assert line is not None
    return line.rows


def _written(path: Path, count: int) -> tuple[Path, dict[str, int]]:
    """Questions of about 20 words and answers of about 40, with a hundredth of each trouble planted; how many rows each check is to find."""
    chance = random.Random(3)
    rare = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(4, 10))) for _ in range(20_000)]

    def text(words: int) -> str:
        return " ".join(chance.choice(_LITTLE) if chance.random() < 0.45 else chance.choice(rare) for _ in range(words)) + "."

    pairs = [(f"{chance.choice(_THINGS)} {text(chance.randint(10, 30))}", text(chance.randint(20, 60))) for _ in range(count)]
    each = count // 100
    for at in range(each):
        question, answer = pairs[at]
        pairs[each + at] = (question, answer)
        pairs[2 * each + at] = (question + " Write to anna.rossi@example.org or +39 06 6982 0000.", answer)
        pairs[3 * each + at] = (question.replace(" ", "&nbsp;", 1) + "<br>", answer + " Really.")
        pairs[4 * each + at] = (f"{text(12)} perchÃ© no", answer[::-1])
        pairs[5 * each + at] = (text(15), "I'm sorry, but I cannot help with that. " + text(20))
    order = list(range(count))
    chance.shuffle(order)
    table = {
        "position": list(range(1, count + 1)),
        "messages": [canonical([{"role": "user", "content": pairs[at][0]}, {"role": "assistant", "content": pairs[at][1]}]) for at in order],
        "question": [pairs[at][0] for at in order],
        "answer": [pairs[at][1] for at in order],
        "part": chance.choices(("train", "validation", "test"), (8, 1, 1), k=count),
        "sealed": [False] * count,
    }
    parquet.write_table(pa.table(table), path)
    names = ("exact-duplicates", "near-duplicates", "personal-data", "html-remains", "encoding-damage", "refusals")
    return path, dict.fromkeys(names, each)


if __name__ == "__main__":
    for figure in figures("--quick" in sys.argv):
        tell(figure, as_json="--json" in sys.argv)
