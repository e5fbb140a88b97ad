"""What the tests of evaluation arrange: rows in a run folder, a job without a supervisor, models that differ."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from core.evaluation.settings import ROWS_FILE, VERDICT_FILE, EvaluateSettings
from core.evaluation.verdict import VerdictDocument
from core.jobs.handle import ChildJob
from core.jobs.spec import JobSpec
from core.models.reference import ModelReference
from storage.files import sha256_of

COLUMNS = ("example_id", "part", "position", "messages", "question", "answer")
Given = tuple[str, str, str | None]  # part, question, answer


def rows_file(path: Path, rows: Sequence[Given]) -> Path:
    """As storage.bulk.writing leaves it to a child."""
    made: list[dict[str, Any]] = []
    for number, (part, question, answer) in enumerate(rows):
        turns = [{"role": "user", "content": question}] + ([{"role": "assistant", "content": answer}] if answer is not None else [])
        made.append(dict(zip(COLUMNS, (f"e{number}", part, number, json.dumps(turns), question, answer), strict=True)))
    schema = pyarrow.schema([(name, pyarrow.int64() if name == "position" else pyarrow.string()) for name in COLUMNS])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made, schema=schema), path)
    return path


def job_in(folder: Path, rows: Sequence[Given], tuned: ModelReference, base: ModelReference, **settings: Any) -> ChildJob:
    """As the supervisor leaves it to a child."""
    folder.mkdir(parents=True, exist_ok=True)
    path = rows_file(folder / ROWS_FILE, rows)
    chosen = EvaluateSettings(**{"task": "classification", "run": "run", "tuned": tuned, "base": base, **settings})
    spec = JobSpec(
        id="job", kind="evaluate", main="core.evaluation.job:main", settings=chosen.model_dump(mode="json"), inputs={ROWS_FILE: sha256_of(path)}
    )
    return ChildJob(folder, spec)


def verdict_of(job: ChildJob) -> VerdictDocument:
    return VerdictDocument.model_validate_json((job.folder / VERDICT_FILE).read_text(encoding="utf-8"))


FRUIT = ("apple_pie", "plum_cake", "pear_tart")


def fruit_rows(train: int, test: int, validation: int = 6) -> list[Given]:
    """Texts whose category stands in them: the classic method learns them at once."""
    parts = ["train"] * train + ["validation"] * validation + ["test"] * test
    return [(part, f"order {number} of {FRUIT[number % 3].split('_')[0]} please", FRUIT[number % 3]) for number, part in enumerate(parts)]
