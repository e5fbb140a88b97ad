"""The child that puts the model in use and the updated one to the same exam, and tells old cases from new ones."""

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.evaluation.asking import Exam, Listener, ask_tuned
from core.evaluation.documents import Documents, grouped
from core.evaluation.metrics.about import metrics
from core.evaluation.pace import Pace
from core.evaluation.rows import Row, drawn, read_rows
from core.evaluation.scoring import Scorer
from core.evaluation.statistics import paired_scores, paired_shares
from core.evaluation.verdict import Line
from core.evaluation.wording import outcome_of
from core.tasks.base import Task
from core.tasks.base import task as task_named
from core.updating.document import Cases, Side
from core.updating.settings import JUDGED_FILE, ROWS_FILE, JudgedModel, JudgeSettings
from core.updating.wording import side_line
from storage.files import write_atomically

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob


def main(job: "ChildJob") -> None:
    """Announces judged.json: a list of Side."""
    settings = JudgeSettings.model_validate(job.spec.settings)
    job.progress(0.0, "evaluate.reading", "Reading the test rows")
    rows, task = read_rows(job.input(ROWS_FILE)).test, task_named(settings.task)
    asked = tuple(row for document in drawn(grouped(rows, task.name), settings.max_rows, settings.seed) for row in document)
    sides = _judged(job, settings, task, asked) if asked else ()
    write_atomically(job.folder / JUDGED_FILE, ("[" + ",".join(side.model_dump_json() for side in sides) + "]").encode())
    job.artefact("judged", job.folder / JUDGED_FILE)


def _judged(job: "ChildJob", settings: JudgeSettings, task: Task, asked: Sequence[Row]) -> tuple[Side, ...]:
    """Pieces of one document count once, as in every evaluation."""
    documents, pace = Documents.of(asked, task.name), Pace(job, 2 * len(asked))
    listener = Listener(pace.told, job.check_stop, job.stop_requested)
    pace.begin("update.in_use", "Asking the model in use", 0)
    in_use, _ = documents.merged(_answers(settings.in_use, settings, task, asked, job.spec.threads, listener))
    gc.collect()  # one model in memory at a time
    pace.begin("update.updated", "Asking the updated model", len(asked))
    updated, _ = documents.merged(_answers(settings.updated, settings, task, asked, job.spec.threads, listener))
    pace.say(0.96, "evaluate.scoring", "Comparing the answers")
    scorer, old = Scorer(task, job.folder / "metrics", settings.seed), [row.position < settings.first for row in documents.rows]
    sides = []
    for cases in Cases:
        chosen = [at for at, is_old in enumerate(old) if cases is Cases.ALL or is_old is (cases is Cases.OLD)]
        if chosen:
            references = [documents.rows[at].answer.strip() for at in chosen]
            sides.append(_side(cases, scorer, settings.seed, references, [in_use[at] for at in chosen], [updated[at] for at in chosen]))
    return tuple(sides)


def _answers(judged: JudgedModel, settings: JudgeSettings, task: Task, asked: Sequence[Row], threads: int, listener: Listener) -> tuple[str, ...]:
    """Held to the answers that this model's own training knew."""
    knowing = task.knowing(judged.known)
    constraint = knowing.constraint(judged.known) if judged.known else None
    exam = Exam(knowing, judged.known, constraint, (), settings.seed, judged.layout)
    return ask_tuned(judged.model, exam, asked, threads, listener).answers


def _side(cases: Cases, scorer: Scorer, seed: int, references: list[str], in_use: list[str], updated: list[str]) -> Side:
    was, now = scorer.row_scores(in_use, references), scorer.row_scores(updated, references)
    before, after = scorer.values(in_use, references)[0], scorer.values(updated, references)[0]
    paired = paired_shares(now, was) if scorer.counts_rows else paired_scores(now, was, seed)
    outcome, about = outcome_of(paired), metrics()[before.name]
    return Side(
        cases=cases,
        rows=len(references),
        measure=Line(key=f"metric.{before.name}", english=about.label, term=about.term),
        in_use=before.value,
        updated=after.value,
        in_use_right=before.right,
        updated_right=after.right,
        outcome=outcome,
        better=paired.better,
        worse=paired.worse,
        p=paired.p if paired.enough else None,
        test=paired.test,
        line=side_line(cases, outcome, paired.better, paired.worse, len(references), paired.test, paired.p),
    )
