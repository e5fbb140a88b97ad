"""Arranges a real store with rows, for the tests of storage."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage import datasets, projects
from storage.bulk.importing import import_parquet
from storage.bulk.paging import window
from storage.canonical import canonical, question_and_answer, turns_of
from storage.rows import LOCAL_OWNER, DatasetId, ExampleId, Part, Project, RowFilter, RowWindow, SplitId
from storage.store import Store

Pair = tuple[str, str | None]
SCHEMA = pa.schema(
    [("messages", "string"), ("question", "string"), ("answer", "string"), ("source", "string"), ("row", "int64"), ("original", "string")]
)


def messages(question: str, answer: str | None) -> str:
    turns = [{"role": "user", "content": question}]
    return canonical(turns if answer is None else [*turns, {"role": "assistant", "content": answer}])


def row_hash(text: str) -> str:
    """What the schema says of the hash of a row with these messages, said in Python."""
    question, answer = question_and_answer(turns_of(text))
    if text != messages(question, answer) or any(f"\\u00{code:02x}" in text for code in range(32)):
        said = text
    elif answer is None:
        said = f"\0{question}"
    else:
        said = f"{question}\0{answer}"
    return hashlib.sha256(said.encode()).hexdigest()


def write_parquet(path: Path, pairs: Sequence[Pair], originals: Sequence[dict[str, str]] | None = None) -> Path:
    rows = [
        {
            "messages": messages(question, answer),
            "question": question,
            "answer": answer,
            "source": "rows.csv",
            "row": number,
            "original": json.dumps(originals[number - 1] if originals else {"text": question}),
        }
        for number, (question, answer) in enumerate(pairs, 1)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    return path


@contextmanager
def open_store(folder: Path) -> Iterator[Store]:
    with Store.open(folder / "bottega.duckdb", memory_limit="500MB") as store:
        yield store


def filled(
    store: Store, pairs: Sequence[Pair], *, originals: Sequence[dict[str, str]] | None = None, sealed: Sequence[Pair] = ()
) -> tuple[Project, DatasetId]:
    project = projects.create(store, LOCAL_OWNER, "Support desk")
    dataset = datasets.create(store, LOCAL_OWNER, project.id, "rows.csv", "text_label", ["text"]).id
    folder = store.path.parent
    import_parquet(store, dataset, write_parquet(folder / "rows.parquet", pairs, originals), sealed=False)
    if sealed:
        import_parquet(store, dataset, write_parquet(folder / "sealed.parquet", sealed), sealed=True)
    return project, dataset


def support_rows(count: int, labels: int = 5) -> list[Pair]:
    return [(f"Where is order {number}?", f"label {number % labels}") for number in range(count)]


def page(store: Store, dataset: DatasetId, *, after: int = 0, size: int = 50, split: SplitId | None = None, **conditions: Any) -> RowWindow:
    """Rows in the order of the file, behind position `after`."""
    return window(store, dataset, RowFilter(split=split, **conditions), after=str(after), size=size, split=split)


def first_example(store: Store, dataset: DatasetId) -> ExampleId:
    return ExampleId(store.read(None, "SELECT id FROM example WHERE dataset = ? AND gone IS NULL ORDER BY position LIMIT 1", [dataset])[0][0])


def parts_by_question(store: Store, split: SplitId) -> list[tuple[str, Part]]:
    """Of each row of the split, in the order of the rows. The rows must be as they were frozen."""
    sql = """
        SELECT e.question, r.part FROM split_row r JOIN split s ON s.id = r.split
        JOIN example e ON e.dataset = s.dataset AND e.position = r.position AND e.gone IS NULL WHERE r.split = ? ORDER BY r.position
    """
    return [(question, Part(part)) for question, part in store.read(None, sql, [split])]
