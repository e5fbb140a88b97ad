"""The import job: streams a file into rows.parquet with the memory of one batch, or tells every row that cannot be used and imports nothing."""

import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pydantic import BaseModel, ConfigDict

from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.reading import examples
from core.data.records import Fault
from core.data.shapes.base import shape
from core.errors import UserError
from core.sentence import Sentence
from storage.rows import NewExample

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob

ROWS_FILE, SUMMARY_FILE, BAD_ROWS_FILE = "rows.parquet", "import.json", "bad_rows.csv"
_BATCH_ROWS, _BATCH_CHARS = 5_000, 16_000_000
_TELL_EVERY_S = 0.5


class ImportSettings(BaseModel):
    """What an import job is told. `upload` is its input file's name in the run folder, `file` what the person calls it. `dataset` is the one that
    receives the rows, made by the server before or at the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upload: str
    file: str
    mapping: Mapping
    dataset: str
    name: str
    new: bool
    sealed: bool = False
    leave_out_incomplete: bool = False


class ImportSummary(BaseModel):
    """Beside rows.parquet. `warnings` are sentences as (key, English, facts)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    left_out: int
    columns: tuple[str, ...]
    warnings: tuple[tuple[str, str, dict[str, Any]], ...] = ()

    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(Sentence(*warning) for warning in self.warnings)


class BadRow(UserError):
    """One row cannot be used. `what` is its sentence, `what_key` the sentence's key in word files."""

    sentence = "{what} {file} was not imported; its other rows are fine. To import it without that row, choose to leave out incomplete rows."

    def __init__(self, *, file: str, what: str, what_key: str, **facts: Any) -> None:
        super().__init__(**{**facts, "file": file, "what": what, "what_key": what_key})


class BadRows(UserError):
    """Several rows cannot be used; the first are told, all stand in the job's bad_rows.csv."""

    sentence = "{count:,} rows of {file} cannot be used, the first: {what} Nothing was imported. Mend them, or choose to leave out incomplete rows."

    def __init__(self, *, file: str, count: int, what: str) -> None:
        super().__init__(file=file, count=count, what=what)


class TooFewRows(UserError):
    """Too few to hold some back for an exam."""

    sentence = (
        "{file} has only {rows} usable row(s); at least {least} are needed to train on some and check on others. Add rows. Nothing was imported."
    )

    def __init__(self, *, file: str, rows: int, least: int) -> None:
        super().__init__(file=file, rows=rows, least=least)


class OneAnswer(UserError):
    """All answers are equal: there is nothing to learn but that one answer."""

    sentence = "All {rows:,} rows of {file} have '{answer}' in column '{column}', so nothing can be learned. Choose another. Nothing was imported."

    def __init__(self, *, file: str, rows: int, column: str, answer: str) -> None:
        super().__init__(file=file, rows=rows, column=column, answer=answer)


def main(job: "ChildJob") -> None:
    """Writes rows.parquet and import.json, and announces them. Raises BadRow, BadRows, and what `examples` raises."""
    settings = ImportSettings.model_validate(job.spec.settings)
    upload = job.folder / settings.upload  # the child's main has checked its hash
    job.progress(0.0, "importing", f"Reading {settings.file}")
    watched = Watched(job, upload, settings)
    summary = write_rows(upload, job.folder, settings, on_row=watched.row)
    job.artefact("rows", job.folder / ROWS_FILE)
    (job.folder / SUMMARY_FILE).write_text(summary.model_dump_json(), encoding="utf-8")
    job.artefact("import", job.folder / SUMMARY_FILE)


class Watched:
    """Tells how far the import is, twice a second, and whether it is to stop. The share is guessed from the characters written."""

    def __init__(self, job: "ChildJob", upload: Path, settings: ImportSettings) -> None:
        self._job, self._file = job, settings.file
        packed = upload.open("rb").read(2) == b"\x1f\x8b"
        self._expected = None if packed else max(upload.stat().st_size, 1)
        self._chars = self._rows = 0
        self._began = self._told = time.monotonic()

    def row(self, original_chars: int) -> None:
        self._rows += 1
        self._chars += original_chars
        if self._rows % 500:
            return
        self._job.check_stop()
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        share = None if self._expected is None else min(self._chars / self._expected, 0.99)
        left = (now - self._began) * (1 - share) / share if share and share > 0.02 else None
        self._job.progress(share, "importing", f"{self._rows:,} rows of {self._file} read", left)


def write_rows(upload: Path, folder: Path, settings: ImportSettings, *, limits: Limits = LIMITS, on_row: Any = None) -> ImportSummary:
    """The work itself, without a job around it. Nothing stays in the folder when it raises, but bad_rows.csv."""
    answers, columns, faults = _Answers(), dict[str, None](), _Faults(folder / BAD_ROWS_FILE, limits)
    with _parquet(folder / ROWS_FILE) as rows, faults:
        for item, own in examples(upload, settings.mapping, file=settings.file, limits=limits):
            if isinstance(item, Fault):
                faults.add(item)
                size = 0
            else:
                if len(columns) < limits.columns:
                    columns.update(dict.fromkeys(own))
                answers.add(item.answer)
                size = len(item.original)
                if not faults.count or settings.leave_out_incomplete:
                    rows.add(item)
            if on_row is not None:
                on_row(size)
        if faults.count and not settings.leave_out_incomplete:
            raise faults.error(settings.file)
        _check_enough(rows.count, answers, settings, limits, faults)
    return ImportSummary(rows=rows.count, left_out=faults.count, columns=tuple(columns), warnings=tuple(_warnings(settings, faults)))


class _Answers:
    """Whether the answers differ at all."""

    def __init__(self) -> None:
        self.first: str | None = None
        self.all_equal = True

    def add(self, answer: str | None) -> None:
        if self.first is None:
            self.first = answer
        self.all_equal = self.all_equal and answer == self.first


class _Faults:
    """All bad rows: counted, the first told, up to a limit written to a CSV file that a person can work through."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._file: TextIO | None = None
        self.count, self.first = 0, list[Fault]()

    def __enter__(self) -> "_Faults":
        return self

    def add(self, found: Fault) -> None:
        self.count += 1
        if len(self.first) < self._limits.faults_told:
            self.first.append(found)
        if self.count > self._limits.faults_kept:
            return
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(["row", "column", "problem"])
        csv.writer(self._file).writerow([found.row, found.column or "", str(found.sentence)])

    def error(self, file: str) -> UserError:
        first = self.first[0].sentence
        if self.count == 1:
            return BadRow(file=file, what=str(first), what_key=first.key, **first.facts)
        return BadRows(file=file, count=self.count, what=" ".join(str(found.sentence) for found in self.first))

    def __exit__(self, *raised: object) -> None:
        if self._file is not None:
            self._file.close()


def _check_enough(count: int, answers: _Answers, settings: ImportSettings, limits: Limits, faults: _Faults) -> None:
    """A dataset of its own needs rows and different answers; what is added to one, or its exam, may have less."""
    if faults.count and not count:
        raise faults.error(settings.file)
    if not settings.new:
        return
    if count < limits.least_rows:
        raise TooFewRows(file=settings.file, rows=count, least=limits.least_rows)
    if answers.all_equal:
        column = settings.mapping.columns.get(shape(settings.mapping.shape).answer_role, "")
        raise OneAnswer(file=settings.file, rows=count, column=column, answer=(answers.first or "")[:80])


def _warnings(settings: ImportSettings, faults: _Faults) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if faults.count:
        facts = {"count": faults.count, "file": settings.file, "what": str(faults.first[0].sentence)}
        yield "rows_left_out", "Left out of {file}: {count:,} row(s), the first: {what}", facts


class _Rows:
    """Batches on their way into one Parquet file."""

    def __init__(self, writer: Any) -> None:
        self._writer, self._batch, self._chars, self.count = writer, list[NewExample](), 0, 0

    def add(self, example: NewExample) -> None:
        self._batch.append(example)
        self._chars += len(example.messages) + len(example.original)
        self.count += 1
        if len(self._batch) >= _BATCH_ROWS or self._chars >= _BATCH_CHARS:
            self.flush()

    def flush(self) -> None:
        import pyarrow as pa

        batch, self._batch, self._chars = self._batch, [], 0
        columns = [[getattr(example, name) for example in batch] for name in ("messages", "question", "answer", "source", "row", "original")]
        self._writer.write_batch(pa.record_batch(columns, schema=self._writer.schema))


@contextmanager
def _parquet(path: Path) -> Iterator[_Rows]:
    """The file is there only when nothing was raised."""
    import pyarrow as pa
    from pyarrow import parquet

    text = pa.string()
    schema = pa.schema([("messages", text), ("question", text), ("answer", text), ("source", text), ("row", pa.int64()), ("original", text)])
    temporary = path.with_suffix(".part")
    try:
        with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
            rows = _Rows(writer)
            yield rows
            rows.flush()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
