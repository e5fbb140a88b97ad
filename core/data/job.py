"""The import job: streams a file into rows.parquet with the memory of one batch, or tells every row that cannot be used and imports nothing."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.data.bad_rows import BAD_ROWS_FILE, Faults
from core.data.bulk_source import remove_parts, take_at_once
from core.data.confined import Confines, confine
from core.data.hub import HubDataset, fetch
from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.reading import examples
from core.data.records import Fault
from core.data.rows_file import rows_file
from core.data.shapes.base import shape
from core.data.watching import ImportTooSlow, Watched
from core.errors import UserError
from core.sentence import Sentence, as_plain, from_plain
from storage.bulk.deriving import Interrupted, Room
from storage.bulk.lines import Lines

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob

ROWS_FILE, SUMMARY_FILE = "rows.parquet", "import.json"
_LEAST_FOR_DATABASE = 2 << 30  # of addresses: where they run out in one of its threads, the database ends the process without a word


class ImportSettings(BaseModel):
    """What an import job is told. `upload` is its input file's name in the run folder, `file` what the person calls it. `dataset` is the one that
    receives the rows, made by the server before or at the end. `again`: it has the very same file already. With
    `hub` the child fetches the file first; a mapping without a shape is guessed then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upload: str
    file: str
    mapping: Mapping
    dataset: str
    name: str
    new: bool
    sealed: bool = False
    leave_out_incomplete: bool = False
    again: bool = False
    limits: Limits = LIMITS
    hub: HubDataset | None = None


class ImportSummary(BaseModel):
    """Beside rows.parquet. `warnings` are sentences as (key, English, facts). `form` is there where the file was taken at once: its rows are ready for
    the store, in parts of the file itself where `lines` is there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    left_out: int
    columns: tuple[str, ...]
    warnings: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    form: str | None = None
    lines: Lines | None = None
    mapping: Mapping | None = None  # where the child had to guess it

    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(Sentence(key, english, {name: from_plain(fact) for name, fact in facts.items()}) for key, english, facts in self.warnings)


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


class NotGuessed(UserError):
    """What was fetched has columns that mean nothing to us, and nobody said what they are."""

    sentence = "What the rows of {file} mean could not be guessed from its columns ({columns}). Say which column is what, and fetch it again. Nothing was imported."

    def __init__(self, *, file: str, columns: str) -> None:
        super().__init__(file=file, columns=columns)


class ImportNeedsMemory(UserError):
    """The child ran out of memory, or of temporary disk."""

    sentence = "Reading {file} needs more memory than an import may use. Import it in parts, or raise import_memory_bytes in the settings. Nothing was imported."
    status = 413

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


def main(job: "ChildJob") -> None:
    """Writes rows.parquet and import.json, and announces them. Raises BadRow, BadRows, and what `examples` raises."""
    settings = ImportSettings.model_validate(job.spec.settings)
    upload, limits = job.folder / settings.upload, settings.limits  # the child's main has checked its hash
    tempfile.tempdir = str(job.folder)  # what is unpacked on the way is gone with the run folder, also after a kill
    if settings.hub is not None:
        settings = settings.model_copy(update={"file": fetch(job, settings.hub, upload, limits)})
    job.progress(0.0, "importing", f"Reading {settings.file}")
    watched = Watched(job, upload, settings.file, settings.limits.import_s)
    confine(Confines(limits.import_memory_bytes, cpu_s=int(limits.import_s) * 2 * job.spec.threads, file_bytes=limits.temporary_bytes))
    try:
        guessed = None if settings.mapping.shape else _guessed(upload, settings)
        settings = settings.model_copy(update={"mapping": guessed}) if guessed is not None else settings
        summary = write_rows(upload, job.folder, settings, watched=watched, threads=job.spec.threads)
        summary = summary.model_copy(update={"mapping": guessed})
    except MemoryError as error:
        raise ImportNeedsMemory(file=settings.file) from error
    if summary.lines is None:
        job.artefact("rows", job.folder / ROWS_FILE)
    (job.folder / SUMMARY_FILE).write_text(summary.model_dump_json(), encoding="utf-8")
    job.artefact("import", job.folder / SUMMARY_FILE)


def _guessed(upload: Path, settings: ImportSettings) -> Mapping:
    """Raises NotGuessed."""
    from core.data.preview import preview

    looked = preview(upload, settings.file, settings.mapping, limits=settings.limits)
    if looked.mapping is None:
        raise NotGuessed(file=settings.file, columns=", ".join(looked.columns)[:300])
    return looked.mapping


def write_rows(upload: Path, folder: Path, settings: ImportSettings, *, watched: Watched | None = None, threads: int = 2) -> ImportSummary:
    """The work itself, without a job around it: the whole file at once where that is the same, else row by row. Nothing stays in the folder when it
    raises, but bad_rows.csv."""
    limits = settings.limits
    if limits.import_memory_bytes < _LEAST_FOR_DATABASE:
        return _row_by_row(upload, folder, settings, watched)
    room = Room(folder, temporary_bytes=limits.temporary_bytes, threads=threads)
    try:
        bulk = take_at_once(
            upload, settings.mapping, folder / ROWS_FILE, file=settings.file, limits=limits, room=room, watch=watched.goes_on if watched else None
        )
    except Interrupted as error:
        assert watched is not None
        watched.check()
        raise ImportTooSlow(file=settings.file, limit=limits.import_s) from error
    if bulk is None:
        return _row_by_row(upload, folder, settings, watched)
    answers = Answers(bulk.derived.answer, bulk.derived.all_equal, waiting=bulk.derived.waiting > 0)
    try:
        _check_enough(bulk.derived.rows, answers, settings)
    except UserError:
        (folder / ROWS_FILE).unlink(missing_ok=True)
        remove_parts(folder)
        raise
    return ImportSummary(
        rows=bulk.derived.rows,
        left_out=0,
        columns=bulk.derived.columns[: limits.columns],
        warnings=(*_warnings(settings, bulk.derived.rows),),
        form=bulk.form,
        lines=bulk.lines,
    )


def _warnings(settings: ImportSettings, rows: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if settings.again:
        english = (
            "{file} was in this dataset already, letter by letter: its {count:,} rows stand there twice. The check-up can take the second ones out."
        )
        yield "file_again", english, {"file": settings.file, "count": rows}


def _row_by_row(upload: Path, folder: Path, settings: ImportSettings, watched: Watched | None) -> ImportSummary:
    limits = settings.limits
    answers, columns, faults = Answers(), dict[str, None](), Faults(folder / BAD_ROWS_FILE, settings.file, limits)
    with rows_file(folder / ROWS_FILE) as rows, faults:
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
            if watched is not None:
                watched.row(size)
        if faults.count and not (settings.leave_out_incomplete and rows.count):
            raise faults.error()
        _check_enough(rows.count, answers, settings)
    warnings = (*_warnings(settings, rows.count),)
    if faults.count:
        facts = {name: as_plain(fact) for name, fact in faults.facts().items()}
        warnings = (*warnings, ("rows_left_out", "Left out of {file}: {count:,} row(s), the first: {what}", facts))
    return ImportSummary(rows=rows.count, left_out=faults.count, columns=tuple(columns), warnings=warnings)


@dataclass
class Answers:
    """Whether the answers differ at all; rows that wait for one do not count."""

    first: str | None = None
    all_equal: bool = True
    waiting: bool = False

    def add(self, answer: str | None) -> None:
        if answer is None:
            self.waiting = True
            return
        if self.first is None:
            self.first = answer
        self.all_equal = self.all_equal and answer == self.first


def _check_enough(count: int, answers: Answers, settings: ImportSettings) -> None:
    """A dataset of its own needs rows and different answers; what is added to one, or its exam, may have less."""
    if not settings.new:
        return
    if count < settings.limits.least_rows:
        raise TooFewRows(file=settings.file, rows=count, least=settings.limits.least_rows)
    if answers.all_equal and not answers.waiting:
        column = settings.mapping.columns.get(shape(settings.mapping.shape).answer_role, "")
        raise OneAnswer(file=settings.file, rows=count, column=column, answer=(answers.first or "")[:80])
