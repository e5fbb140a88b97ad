"""The job that exports a version: reads the rows that storage wrote, writes them in a format with their card, and packs both into one file."""

import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.export.base import DataFormat, Pieces, data_format
from core.data.export.card import Tally, card
from core.data.export.rows import ROWS_FILE, UNSPLIT, ExportRow, export_rows
from core.data.export.settings import CARD_FILE, EXPORT_FILE, ExportVersionSettings, Parts
from storage.rows import Part

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob

_TELL_EVERY_S = 0.5
_DATA = "data"
_PACKED_ALREADY = (".parquet",)


def main(job: "ChildJob") -> None:
    """Writes export.zip and announces it."""
    settings = ExportVersionSettings.model_validate(job.spec.settings)
    write_export(job.folder, settings, Watched(job, settings.rows))
    job.artefact("export", job.folder / EXPORT_FILE)
    (job.folder / ROWS_FILE).unlink()


class Watched:
    """Tells how far the export is, twice a second, and whether it is to stop. Every row is read twice: to look, and to write."""

    def __init__(self, job: "ChildJob | None", rows: int) -> None:
        self._job, self._rows, self._seen, self._told = job, max(rows, 1), 0, time.monotonic()

    def over(self, rows: Iterable[ExportRow]) -> Iterator[ExportRow]:
        for row in rows:
            self._seen += 1
            if self._job is not None and self._seen % 500 == 0:
                self._tell(self._job)
            yield row

    def _tell(self, job: "ChildJob") -> None:
        job.check_stop()
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY_S:
            self._told = now
            job.progress(min(self._seen / (2 * self._rows), 0.99), "exporting_rows", "Writing the rows")


def write_export(folder: Path, settings: ExportVersionSettings, watched: Watched) -> Path:
    """The work itself, without a job around it: rows.parquet of the folder becomes export.zip, which appears whole or not at all."""
    kind, source, data = data_format(settings.format), folder / ROWS_FILE, folder / _DATA
    shutil.rmtree(data, ignore_errors=True)  # of an attempt that was stopped
    data.mkdir()
    tally = Tally()
    split = settings.split_seed is not None and settings.parts is Parts.COLUMN
    look = kind.look(_counted(watched.over(export_rows(source)), tally), settings.shape, settings.further, split)
    pieces, counts = _pieces(source, settings, tally, watched)
    kind.write(pieces, data, look)
    files = _files(kind, counts)
    (data / CARD_FILE).write_text(card(settings, kind, look, tally, files), encoding="utf-8")
    temporary = folder / f".{EXPORT_FILE}.part"
    _pack(data, temporary)
    temporary.replace(folder / EXPORT_FILE)
    shutil.rmtree(data)
    return folder / EXPORT_FILE


def _counted(rows: Iterable[ExportRow], tally: Tally) -> Iterator[ExportRow]:
    for row in rows:
        tally.add(row.answer, row.part, row.sealed)
        yield row


def _pieces(source: Path, settings: ExportVersionSettings, tally: Tally, watched: Watched) -> tuple[Pieces, dict[str, int]]:
    """The files with what stands in each. Sealed rows have one of their own, so that nobody trains on them by mistake."""
    if settings.split_seed is not None and settings.parts is Parts.FILES:
        names = [name for name in (*(part.value for part in Part), UNSPLIT) if tally.parts[name]]
        return {name: lambda name=name: watched.over(export_rows(source, part=name)) for name in names}, {name: tally.parts[name] for name in names}
    counts = {"rows": tally.rows - tally.sealed, "sealed": tally.sealed}
    pieces = {
        name: lambda sealed=name == "sealed": watched.over(export_rows(source, sealed=sealed))
        for name, rows in counts.items()
        if rows or name == "rows"
    }
    return pieces, {name: rows for name, rows in counts.items() if name in pieces}


def _files(kind: DataFormat, counts: dict[str, int]) -> dict[str, int]:
    return {f"{name}{kind.suffix or '/'}": rows for name, rows in counts.items()}


def _pack(data: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for path in sorted(data.rglob("*")):
            if path.is_file():
                packed = zipfile.ZIP_STORED if path.suffix in _PACKED_ALREADY else zipfile.ZIP_DEFLATED
                archive.write(path, path.relative_to(data).as_posix(), compress_type=packed)
