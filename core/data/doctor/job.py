"""The check-up job: all checks over rows.parquet, one after the other, into findings.parquet, near.parquet and checkup.json."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.data.doctor.base import Check, CheckContext, NotChecked, Worry, checks
from core.data.doctor.report import CheckLine, CheckupDocument, said
from core.data.doctor.rows import Rows
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob

ROWS_FILE, OWN_CASES_FILE, FINDINGS_FILE, NEAR_FILE, REPORT_FILE = (
    "rows.parquet",
    "own_cases.json",
    "findings.parquet",
    "near.parquet",
    "checkup.json",
)
_BATCH = 20_000
_FEW = 3
_TELL_EVERY_S = 0.25


class CheckupSettings(BaseModel):
    """`tokenizer` is the path of a tokenizer.json on this machine; the texts of own cases lie in the run folder. `labelled`: answers are categories."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    change: int
    labelled: bool
    split: str | None = None
    model: str | None = None
    tokenizer: str | None = None
    context_tokens: int | None = None


def main(job: "ChildJob") -> None:
    """Announces the three files; the rows themselves are not kept."""
    settings = CheckupSettings.model_validate(job.spec.settings)
    told = Told(job)
    rows = Rows.of(job.folder / ROWS_FILE, told.block)
    own = json.loads((job.folder / OWN_CASES_FILE).read_text(encoding="utf-8"))
    document = examine(rows, settings, tuple(own), job.folder, told)
    (job.folder / REPORT_FILE).write_text(document.model_dump_json(), encoding="utf-8")
    for name, file in (("findings", FINDINGS_FILE), ("near", NEAR_FILE), ("checkup", REPORT_FILE)):
        job.artefact(name, job.folder / file)
    for file in (ROWS_FILE, OWN_CASES_FILE):
        (job.folder / file).unlink()


class Told:
    """How far the check-up is: checks count by what they cost, and the one at work by the blocks that it has read. Hears of a stop."""

    def __init__(self, job: "ChildJob") -> None:
        self._job, self._costs = job, {name: found.cost for name, found in checks().items()}
        self._whole, self._done, self._name, self._seen = sum(self._costs.values()), 0.0, "", 0
        self._began = self._last = time.monotonic()

    def check(self, name: str) -> None:
        self._done += self._costs.get(self._name, 0.0)
        self._name, self._seen = name, 0
        self._say()

    def block(self) -> None:
        self._job.check_stop()
        self._seen += 1
        if time.monotonic() - self._last >= _TELL_EVERY_S:
            self._say()

    def _say(self) -> None:
        self._last = now = time.monotonic()
        share = min(0.99, (self._done + self._costs.get(self._name, 0.0) * (1 - 0.9**self._seen)) / self._whole)
        left = (now - self._began) * (1 - share) / share if share > 0.05 else None
        self._job.progress(share, "checkup", "Looking through your rows", left)


def examine(rows: Rows, settings: CheckupSettings, own_cases: tuple[str, ...], folder: Path, told: Told | None = None) -> CheckupDocument:
    """The work itself, without a job around it: writes findings.parquet and near.parquet into the folder and returns the report."""
    context = CheckContext(
        rows=rows, labelled=settings.labelled, tokenizer=Path(settings.tokenizer) if settings.tokenizer else None,
        context_tokens=settings.context_tokens, own_cases=own_cases, is_split=settings.split is not None,
    )  # fmt: skip
    lines = []
    with _Findings(folder / FINDINGS_FILE) as findings:
        for name, check in checks().items():
            if told is not None:
                told.check(name)
            lines.append(_line(check, rows, context, findings))
    _write_near(folder / NEAR_FILE, rows, context)
    return CheckupDocument(change=settings.change, rows=rows.count, checks=tuple(lines), split=settings.split, model=settings.model,
                           context_tokens=settings.context_tokens, own_cases=own_cases)  # fmt: skip


def _line(check: Check, rows: Rows, context: CheckContext, findings: "_Findings") -> CheckLine:
    began = time.monotonic()
    count = repairs = 0
    bundles, examples, sentences = set[int](), list[int](), list[Sentence]()
    try:
        for one in check.run(rows, context):
            if isinstance(one, Sentence):
                sentences.append(one)
                continue
            findings.add(one)
            count += 1
            repairs += one.repair is not None
            bundles.add(one.bundle)
            if len(examples) < _FEW:
                examples.append(one.position)
    except NotChecked as reason:
        return CheckLine(name=check.name, state="not checked", reason=said(reason.sentence), seconds=time.monotonic() - began)
    worried = any(isinstance(sentence, Worry) for sentence in sentences)
    return CheckLine(
        name=check.name, state="found" if count or worried else "clean", rows=count, bundles=len(bundles), repairs=repairs,
        examples=tuple(examples), says=tuple(said(sentence) for sentence in sentences), seconds=time.monotonic() - began,
    )  # fmt: skip


class _Findings:
    """On their way into one Parquet file, in batches."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        text = pa.string()
        schema = pa.schema([("check", text), ("position", pa.int64()), ("bundle", pa.int64()), ("facts", text), ("repair", text)])
        self._writer: Any = parquet.ParquetWriter(path, schema, compression="zstd")
        self._batch: list[Found] = []

    def add(self, found: Found) -> None:
        self._batch.append(found)
        if len(self._batch) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        batch, self._batch = self._batch, []
        columns = [[getattr(found, name) for found in batch] for name in ("check", "position", "bundle", "facts", "repair")]
        self._writer.write_batch(pa.record_batch(columns, schema=self._writer.schema))

    def __enter__(self) -> "_Findings":
        return self

    def __exit__(self, *raised: object) -> None:
        self._flush()
        self._writer.close()


def _write_near(path: Path, rows: Rows, context: CheckContext) -> None:
    """Which rows belong on one side of a split."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    bundle = context.alike.bundle
    inside = np.flatnonzero(bundle >= 0)
    positions = np.asarray(rows.positions, np.int64)[inside]
    parquet.write_table(pa.table({"position": positions, "bundle": bundle[inside]}), path, compression="zstd")


def found_by(check: Check, rows: Rows, context: CheckContext) -> Iterator[Found]:
    """The findings of one check without its sentences."""
    return (one for one in check.run(rows, context) if isinstance(one, Found))
