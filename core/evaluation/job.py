"""The evaluation's child: asks the baselines and both models the test rows, scores them, and writes answers.parquet and verdict.json."""

import gc
import time
from collections.abc import Sequence

from core.evaluation.answers import Answers, write_answers
from core.evaluation.asking import Asked, Exam, Listener, ask_base, ask_tuned
from core.evaluation.baselines import Baseline, CannotLearn, baselines
from core.evaluation.documents import Documents, grouped
from core.evaluation.filled import field_results, lines_of
from core.evaluation.judging import comparisons, decisive, strongest_first, worst_categories
from core.evaluation.pace import Pace
from core.evaluation.rows import Row, Rows, drawn, read_rows
from core.evaluation.scoring import Scorer
from core.evaluation.settings import ANSWERS_FILE, ROWS_FILE, VERDICT_FILE, EvaluateSettings
from core.evaluation.verdict import Candidate, CandidateResult, FieldResult, Outcome, VerdictDocument
from core.evaluation.wording import advice, beside, headline, in_pieces, label_of, not_measured, too_long, tuned_line
from core.jobs.handle import ChildJob
from core.tasks.base import Constraint, Task
from core.tasks.base import task as task_named
from storage.files import write_atomically


def main(job: ChildJob) -> None:
    settings = EvaluateSettings.model_validate(job.spec.settings)
    job.progress(0.0, "evaluate.reading", "Reading the test rows")
    rows = read_rows(job.input(ROWS_FILE))
    known = tuple(sorted(rows.labels))
    task = task_named(settings.task).knowing(known)
    documents = grouped(rows.test, task.name)
    asked = tuple(row for document in drawn(documents, settings.max_rows, settings.seed) for row in document)
    exam = Exam(task, known, constraint_of(task, known), rows.validation, settings.seed, settings.layout)
    evaluation = _Evaluation(job, settings, exam, rows, asked)
    evaluation.run()
    document = evaluation.document()
    write_answers(job.folder / ANSWERS_FILE, evaluation.documents.rows, evaluation.given)
    write_atomically(job.folder / VERDICT_FILE, document.model_dump_json(indent=1).encode())
    job.artefact("answers", job.folder / ANSWERS_FILE)
    job.artefact("verdict", job.folder / VERDICT_FILE)
    job.progress(1.0, "evaluate.done", "Evaluated", 0.0)


def constraint_of(task: Task, known: Sequence[str]) -> Constraint | None:
    """What an answer may be, from the training rows alone: the known categories, the known fields. As it will be when the model is used."""
    return task.constraint(known) if known else None


_OF_ASKING = ("prompt", "silent", "unread", "parted", "pieces")  # what a result says of how its model was asked


class _Evaluation:
    """One run through all candidates; `given` and `results` grow as they answer."""

    def __init__(self, job: ChildJob, settings: EvaluateSettings, exam: Exam, rows: Rows, asked: tuple[Row, ...]) -> None:
        self.job, self.settings, self.exam, self.rows, self.asked = job, settings, exam, rows, asked
        self.documents = Documents.of(asked, exam.task.name)
        self.references = [row.answer.strip() for row in self.documents.rows]
        self.given: dict[Candidate, Answers] = {}
        self.results: list[CandidateResult] = []
        self.fields: tuple[FieldResult, ...] = ()
        self.pace = Pace(job, exam.trial_questions + 2 * len(asked))
        self.listener = Listener(self.pace.told, job.check_stop, job.stop_requested)

    def run(self) -> None:
        if not self.asked:
            return
        self.pace.say(0.02, "evaluate.loading", "Loading the measures")
        self.scorer = Scorer(self.exam.task, self.job.folder / "metrics", self.settings.seed)
        self.job.check_stop()
        self.pace.say(0.05, "evaluate.baselines", "Asking the simple methods")
        for baseline in baselines(self.exam.task.name):
            self._baseline(baseline)
        threads = self.job.spec.threads
        self.pace.begin("evaluate.base", "Asking the base model", 0)
        self._model(Candidate.BASE, ask_base(self.settings.base, self.exam, self.asked, threads, self.listener))
        gc.collect()  # one model in memory at a time
        self.pace.begin("evaluate.tuned", "Asking the tuned model", self.exam.trial_questions + len(self.asked))
        tuned = ask_tuned(self.settings.tuned, self.exam, self.asked, threads, self.listener)
        self._model(Candidate.TUNED, tuned)
        if self.exam.constraint is not None and self.exam.constraint.fields:
            self.fields = field_results(self.asked, tuned.answers, self.exam.constraint.fields)
        self.pace.say(0.96, "evaluate.scoring", "Comparing the answers")

    def _baseline(self, baseline: Baseline) -> None:
        started, name = time.monotonic(), baseline.name
        try:
            answers = baseline.answers(self.rows.train, self.asked, self.job.check_stop)
        except CannotLearn as reason:
            self.results.append(CandidateResult(name=name, label=label_of(name), rows=0, why_not=reason.line))
            return
        self.job.check_stop()
        learned_from = baseline.learns_from(self.rows.train)
        self._add(name, [answer.strip() for answer in answers], time.monotonic() - started, learned_from=learned_from)

    def _model(self, name: Candidate, asked: Asked) -> None:
        self._add(name, asked.answers, asked.seconds, asked)

    def _add(
        self,
        name: Candidate,
        answers: Sequence[str],
        seconds: float,
        asked: Asked | None = None,
        *,
        learned_from: int | None = None,
    ) -> None:
        answers, merged = self.documents.merged(answers)
        self.given[name] = Answers(tuple(answers), tuple(self.scorer.row_scores(answers, self.references)), tuple(merged))
        self.results.append(
            CandidateResult(
                name=name,
                label=label_of(name),
                rows=len(answers),
                metrics=self.scorer.values(answers, self.references),
                seconds=seconds,
                learned_from=learned_from,
                **({name: getattr(asked, name) for name in _OF_ASKING} if asked is not None else {}),
            )
        )
        self.job.check_stop()

    def document(self) -> VerdictDocument:
        counts_rows = bool(self.asked) and self.scorer.counts_rows
        found = comparisons(self.given, self.results, counts_rows=counts_rows, seed=self.settings.seed)
        deciding = decisive(found)
        by_name = {result.name: result for result in self.results}
        tuned = by_name.get(Candidate.TUNED, CandidateResult(name=Candidate.TUNED, label=label_of(Candidate.TUNED), rows=0))
        strongest = next(iter(strongest_first(self.results)), None)
        worst = (
            worst_categories(self.exam.task.name, self.rows.train, self.rows.labels, self.documents.rows, self.given[Candidate.TUNED].texts)
            if self.asked
            else ()
        )
        rows, test_rows, train_rows = len(self.documents.rows), len(grouped(self.rows.test, self.exam.task.name)), self.rows.train_rows
        pieced = in_pieces(self.documents.pieces, sum(len(one) > 1 for one in self.documents.members))
        quiet = beside(found, deciding, counts_rows=counts_rows, rows=rows, test_rows=test_rows, opened=self.settings.opened)
        return VerdictDocument(
            task=self.exam.task.name,
            run=self.settings.run,
            outcome=deciding.outcome if deciding else Outcome.NOT_MEASURED,
            headline=headline(tuned, deciding, by_name.get(deciding.against) if deciding else None, counts_rows),
            beside=(*tuned_line(tuned), *lines_of(self.fields), *pieced, *too_long(self.results), *quiet),
            rows=rows,
            test_rows=test_rows,
            train_rows=train_rows,
            seed=self.settings.seed,
            opened=self.settings.opened,
            sealed=self.settings.sealed,
            restricted=self.exam.constraint is not None,
            strongest=None if strongest is None else strongest.name,
            candidates=tuple(sorted(self.results, key=lambda result: result.name is not Candidate.TUNED)),
            comparisons=found,
            worst=worst,
            fields=self.fields,
            advice=advice(tuned, deciding, worst, train_rows=train_rows, rows=rows, test_rows=test_rows),
            not_measured=not_measured(self.results, self.exam.task.name, self._unknown()),
        )

    def _unknown(self) -> int:
        """Test rows whose category no training row has: nobody who is held to the known ones can be right there."""
        known = set(self.exam.known)
        categories = self.exam.constraint is not None and self.exam.constraint.choices
        return sum(reference not in known for reference in self.references) if categories else 0
