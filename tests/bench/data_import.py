"""A file of a million rows into the store, against datasets.load_dataset and pandas on the same file: `python -m tests.bench.data_import [--quick] [--repeats N]`.

Ours parses, hashes and stores, durably; the peers parse, and datasets writes its cache. Which questions are the same is worked out after that, and told by
itself. The whole action goes through the supervisor as a person's does: a look at the file, a child that starts and checks the upload's hash, the store.
Peak memory is that of server and child together.
"""

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, tell

ROWS, QUICK_ROWS = 1_000_000, 50_000
_REPEATS, _QUICK_REPEATS = 5, 3
_GB = 1 << 30


def figures(quick: bool, repeats: int | None = None) -> Iterator[Figure]:
    count = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        file = _file(folder, count)
        size = f"{count:,} rows, {file.stat().st_size / 1e6:.0f} MB"
        seconds, peak = _whole_action(file, folder / "home", count)  # first: later this process holds the peers' libraries too
        yield Figure(f"import of {size}: the whole action", seconds, "s")
        yield Figure("import: peak memory of server and child", peak / _GB, "GiB", goal="at most 1 GiB")
        works: dict[str, Callable[[Path], int]] = {
            "ours": lambda place: _ours(file, place), "datasets": lambda place: _datasets(file, place),
            "pandas": lambda _: _pandas(file, None), "pandas with pyarrow": lambda _: _pandas(file, "pyarrow")}  # fmt: skip
        took: dict[str, list[float]] = {name: [] for name in works}
        afterwards: list[float] = []
        _ours(_file(folder, 1_000, "warm.jsonl"), folder / "warm")  # imports, not measured
        _datasets(folder / "warm.jsonl", folder / "warm-datasets")
        for _ in range(repeats or (_QUICK_REPEATS if quick else _REPEATS)):
            for name, work in works.items():
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    began = time.perf_counter()
                    rows = work(Path(place))
                    took[name].append(time.perf_counter() - began)
                    if name == "ours":
                        afterwards.append(_keys(Path(place)))
                    if rows != count:
                        raise RuntimeError(f"{name} has {rows} rows of {count}")
        yield Figure("import: which questions are the same, worked out once the rows are safe", statistics.median(afterwards), "s")
        goals = {"datasets": "at most 2x its time, aim 1x", "pandas": "at most 0.33x its time", "pandas with pyarrow": ""}
        for name, goal in goals.items():
            ratios = [own / peer for own, peer in zip(took["ours"], took[name], strict=True)]
            middle = statistics.median(took["ours"])
            yield Figure(
                f"import of {size}: parse and store", middle, "s", f"{name} ({statistics.median(took[name]):.2f} s)", statistics.median(ratios), goal
            )
            yield Figure(f"import against {name}: spread of the ratio", max(ratios) - min(ratios), "x")


def _file(folder: Path, count: int, name: str = "rows.jsonl") -> Path:
    chance, path = random.Random(7), folder / name
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10))) for _ in range(5_000)] + ['"quoted"', "perché", "a  b"]
    pieces = [" ".join(chance.choices(words, k=12)) for _ in range(20_000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = " ".join(chance.choices(pieces, k=4))[: chance.randint(280, 340)]
            line = {"id": number, "text": f"{text} {number}", "label": f"label {number % 77}", "source": "bench"}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def _ours(file: Path, place: Path) -> int:
    from core.data.job import ImportSettings, write_rows
    from core.data.mapping import Mapping
    from core.settings import Settings
    from storage import datasets, projects
    from storage.bulk.importing import import_lines
    from storage.rows import LOCAL_OWNER
    from storage.store import Store

    place.mkdir(exist_ok=True)
    mapping = Mapping(shape="text_label", columns={"text": "text", "label": "label"})
    settings = ImportSettings(upload=file.name, file=file.name, mapping=mapping, dataset="d", name="n", new=True)
    with Store.open(place / "bottega.duckdb", memory_limit=Settings().store_memory, threads=2) as store:
        summary = write_rows(file, place, settings)
        assert summary.lines is not None, "the file was not taken at once"
        dataset = datasets.create(store, LOCAL_OWNER, projects.create(store, LOCAL_OWNER, "P").id, "d", "text_label", summary.columns).id
        return import_lines(store, dataset, place, summary.lines, source=file.name, sealed=False)


def _keys(place: Path) -> float:
    from core.settings import Settings
    from storage.bulk.keys import fill_soon
    from storage.store import Store

    with Store.open(place / "bottega.duckdb", memory_limit=Settings().store_memory, threads=2) as store:
        dataset = store.read(None, "SELECT id FROM dataset")[0][0]
        began = time.perf_counter()
        fill_soon(store, dataset)
        return time.perf_counter() - began


def _datasets(file: Path, place: Path) -> int:
    import datasets

    datasets.disable_progress_bars()
    return int(datasets.load_dataset("json", data_files=str(file), cache_dir=str(place), split="train").num_rows)


def _pandas(file: Path, engine: str | None) -> int:
    import pandas

    more: dict[str, Any] = {"engine": "pyarrow", "dtype_backend": "pyarrow"} if engine is not None else {}
    return len(pandas.read_json(file, lines=True, **more))


def _whole_action(file: Path, home: Path, count: int) -> tuple[float, float]:
    from core.actions.registry import Context, perform
    from core.home import Home
    from core.workshop import Workshop
    from storage.rows import LIVE, LOCAL_OWNER

    with Workshop.open(Home(home).prepare()) as workshop, _peak() as peak:
        context = Context(workshop, LOCAL_OWNER)
        project = perform(context, "create-project", {"name": "bench"}).id
        upload = workshop.take_upload(LOCAL_OWNER, file.name, file)
        began = time.perf_counter()
        job = perform(context, "import", {"upload": upload.id, "project": project})
        while (job := workshop.supervisor.wait(job.id, 5)).state in LIVE:
            pass
        seconds = time.perf_counter() - began
        rows = perform(context, "datasets", {"project": project})[0].rows
        if rows != count:
            raise RuntimeError(f"the store has {rows} rows of {count}")
    return seconds, peak()


@contextmanager
def _peak() -> Iterator[Callable[[], float]]:
    """The most memory that this process and its children had at one time."""
    import psutil

    me, most, ended = psutil.Process(), 0.0, threading.Event()

    def look() -> None:
        nonlocal most
        while not ended.wait(0.01):
            total = float(me.memory_info().rss)
            for child in me.children(recursive=True):
                try:
                    total += child.memory_info().rss
                except psutil.Error:  # it has just ended
                    continue
            most = max(most, total)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield lambda: most
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--repeats", type=int)
    given = parser.parse_args()
    for figure in figures(given.quick, given.repeats):
        tell(figure, as_json=given.as_json)
