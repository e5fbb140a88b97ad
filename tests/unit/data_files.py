"""What the data tests share: files made in place, imported without a job around them, and the real files where they lie."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from core.data.job import ROWS_FILE, ImportSettings, ImportSummary, write_rows
from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.preview import preview
from storage.bulk.deriving import Room, database
from storage.bulk.lines import Lines, rows_of_lines
from storage.canonical import canonical

LABELLED = Mapping(shape="text_label", columns={"text": "text", "label": "label"})


def real_file(name: str) -> Path:
    """A file of the real data, or a skip that says why."""
    folder = Path(os.environ.get("BOTTEGA_TEST_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
    if not (folder / name).is_file():
        pytest.skip(f"{name} is not in {folder}; set BOTTEGA_TEST_DATA to the folder that has it")
    return folder / name


def written(folder: Path, data: bytes | str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def imported(
    path: Path, folder: Path, mapping: Mapping | None = None, *, leave_out: bool = False, new: bool = True, limits: Limits = LIMITS
) -> tuple[ImportSummary, list[dict[str, object]]]:
    """The summary and the rows of rows.parquet, whole, whether they were taken at once or row by row."""
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    chosen = mapping or preview(path, path.name).mapping
    assert chosen is not None
    settings = ImportSettings(
        upload=path.name, file=path.name, mapping=chosen, dataset="d", name="n", new=new, leave_out_incomplete=leave_out, limits=limits
    )
    summary = write_rows(path, folder, settings)
    rows = _of_lines(folder, summary.lines) if summary.lines is not None else parquet.read_table(folder / ROWS_FILE).to_pylist()
    if summary.form is not None:
        rows = [whole(row, number, path.name, json.loads(summary.form)) for number, row in enumerate(rows, 1)]
    return summary, rows


def _of_lines(folder: Path, lines: Lines) -> list[dict[str, Any]]:
    with database(Room(folder), [], folder) as connection:
        found = connection.execute(f"SELECT * EXCLUDE (place) FROM ({rows_of_lines(folder, lines)}) ORDER BY place")
        return [dict(zip((column[0] for column in found.description), row, strict=True)) for row in found.fetchall()]


def whole(row: dict[str, Any], number: int, file: str, form: dict[str, str]) -> dict[str, object]:
    """A row that was taken at once, with what the store works out again."""
    turns = [{"role": "user", "content": row["question"]}]
    turns += [{"role": "assistant", "content": row["answer"]}] if row["answer"] is not None else []
    original = row["original"]
    if row["form"]:
        own = {form["question"]: row["question"]} | ({form["answer"]: row["answer"]} if "answer" in form else {})
        original = json.dumps(own | json.loads(original), ensure_ascii=False)
    return {**row, "messages": row["messages"] or canonical(turns), "original": original, "row": number, "source": file}
