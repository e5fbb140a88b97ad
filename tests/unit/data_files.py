"""What the data tests share: files made in place, imported without a job around them, and the real files where they lie."""

import os
from pathlib import Path

import pytest

from core.data.job import ROWS_FILE, ImportSettings, ImportSummary, write_rows
from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.preview import preview

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
    """The summary and the rows of rows.parquet."""
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    chosen = mapping or preview(path, path.name).mapping
    assert chosen is not None
    settings = ImportSettings(upload=path.name, file=path.name, mapping=chosen, dataset="d", name="n", new=new, leave_out_incomplete=leave_out)
    summary = write_rows(path, folder, settings, limits=limits)
    return summary, parquet.read_table(folder / ROWS_FILE).to_pylist()
