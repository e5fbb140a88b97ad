"""The child that splits long texts: reads rows.parquet, writes pieces.parquet and pieces.json."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.data.cutting.rows import LongRow, PiecesFile, piece_rows
from core.data.cutting.settings import PIECES_FILE, REPORT_FILE, ROWS_FILE, CutReport, CutSettings, NothingTooLong
from core.inference.showing import pieces_of_rows, without_torch
from storage.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from core.jobs.handle import ChildJob

_BATCH = 50  # rows; a stop is heard between two of them
_TELL_EVERY_S = 0.5


def main(job: "ChildJob") -> None:
    """Raises NothingTooLong."""
    from pyarrow import parquet

    without_torch()
    settings = CutSettings.model_validate(job.spec.settings)
    source = job.input(ROWS_FILE)
    told = _Told(job, parquet.read_metadata(source).num_rows)
    counted = Counter[str]()
    with PiecesFile(job.folder / PIECES_FILE) as file:
        for long, texts in _cut(source, settings, told):
            if len(texts) > 1:
                made, unplaced = piece_rows(settings.wear.task, long, texts, f"{settings.dataset}-{long.position}")
                counted.update(documents=1, pieces=len(made), unplaced=unplaced)
                file.add(made)
    if not counted["documents"]:
        raise NothingTooLong(max_length=settings.wear.max_length)
    report = CutReport(documents=counted["documents"], pieces=counted["pieces"], unplaced=counted["unplaced"])
    write_atomically(job.folder / REPORT_FILE, report.model_dump_json().encode())
    job.artefact("pieces", job.folder / PIECES_FILE)
    job.artefact("report", job.folder / REPORT_FILE)


def _cut(source: "Path", settings: CutSettings, told: "_Told") -> Iterator[tuple[LongRow, tuple[str, ...]]]:
    from pyarrow import parquet

    for batch in parquet.ParquetFile(source).iter_batches(_BATCH):
        rows = [LongRow.of(**row) for row in batch.to_pylist()]
        for long, texts in zip(rows, pieces_of_rows(settings.wear, settings.overlap, [long.row for long in rows]), strict=True):
            told.one()
            yield long, texts


class _Told:
    """Twice a second how far it is, and with each row whether it is to stop."""

    def __init__(self, job: "ChildJob", rows: int) -> None:
        self._job, self._rows, self._done = job, max(1, rows), 0
        self._began = self._last = time.monotonic()

    def one(self) -> None:
        self._job.check_stop()
        self._done += 1
        now = time.monotonic()
        if now - self._last >= _TELL_EVERY_S:
            self._last, share = now, self._done / self._rows
            self._job.progress(min(share, 0.99), "cutting", "Splitting the long texts", (now - self._began) * (1 - share) / share)
