"""Evaluation: put a trained model to the test, read the verdicts, look at single answers."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import Field

from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.actions.run import run_of
from core.data.layout import Layout
from core.data.pieces import PIECE
from core.errors import NotFound, UserError
from core.evaluation.answers import AnswerPage, Show, page_of, read_answers
from core.evaluation.filled import pointed
from core.evaluation.kind import EVALUATE_KIND
from core.evaluation.settings import ANSWERS_FILE, FREE_TEXT_ROWS, ROWS_FILE, EvaluateSettings
from core.evaluation.verdict import Candidate, Outcome, VerdictDocument
from core.jobs.handle import SPEC_FILE
from core.jobs.spec import JobSpec
from core.models.reference import REFERENCE_FILE, ModelReference
from core.sentence import Sentence
from core.training.recipe import Recipe
from core.training.settings import TrainSettings
from storage import datasets, jobs, runs, verdicts
from storage.bulk import splitting, writing
from storage.rows import Job, JobState, Part, Run, RunId, Split, Verdict, VerdictId

_EXAMPLE_ID = "abcdefghijklm"
_HELD = frozenset({"classification", "extraction"})
_MODEL = "model"  # the folder of the best weights within a training's run folder


class NotTrainedYet(UserError):
    """A run has no finished model."""

    sentence = "The training '{run}' has no model yet. Wait until it has kept one, or resume it, and evaluate then. Nothing was started."
    status = 409

    def __init__(self, *, run: str) -> None:
        super().__init__(run=run)


class NoTestRows(UserError):
    """The split of a run keeps no rows aside."""

    sentence = (
        "No rows were kept aside for the exam of '{run}', so nothing can be measured fairly. Split the data again with a test part, or import a "
        "file of test rows, and train again. Nothing was started."
    )
    status = 409

    def __init__(self, *, run: str) -> None:
        super().__init__(run=run)


class AnswersGone(UserError):
    """The file of single answers was removed."""

    sentence = "The single answers of this evaluation are no longer on the disk. Its verdict is kept; evaluate again to see answers."
    status = 410

    def __init__(self) -> None:
        super().__init__()


@dataclass(frozen=True)
class VerdictCard:
    """A verdict in a list: its first sentence and where it comes from."""

    verdict: VerdictId
    run: RunId
    run_name: str
    outcome: Outcome
    headline: Sentence
    rows: int
    created_at: datetime


@dataclass(frozen=True)
class VerdictView:
    """All that was found, with what it was found on."""

    verdict: VerdictId
    run: RunId
    run_name: str
    document: VerdictDocument
    created_at: datetime


class EvaluateRequest(Request):
    run: str = Field(description="The training whose model is put to the test.")
    max_rows: int | None = Field(
        None, ge=1, description="Ask only so many test rows, drawn by lot. All categories, and 300 written answers, if left empty."
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same number draws the same rows.")


class VerdictsRequest(Request):
    project: str = Field(description="The project.")


class VerdictRequest(Request):
    verdict: str = Field(description="The verdict, or a training: then its newest one.")


class AnswersRequest(VerdictRequest):
    show: Show = Field(Show.ALL, description="All rows, only wrong ones, only losses against the strongest other (regressions), or only gains.")
    other: Candidate | None = Field(None, description="Whom losses and gains are told against; the strongest one if left empty.")
    offset: int = Field(0, ge=0, description="Rows to pass over.")
    size: int = Field(50, ge=1, le=500, description="How many rows at once.")


def models_of(context: Context, run: Run) -> tuple[ModelReference, ModelReference]:
    """The base model that a run started from, and what it made of it. Raises NotTrainedYet."""
    job = jobs.find(context.workshop.store, run.job)
    folder = Path(job.folder) / _MODEL
    if not (folder / REFERENCE_FILE).is_file():
        raise NotTrainedYet(run=run.name)
    spec = JobSpec.model_validate_json((Path(job.folder) / SPEC_FILE).read_text(encoding="utf-8"))
    return TrainSettings.model_validate(spec.settings).base, ModelReference.of(folder)


def task_of(run: Run) -> str:
    return Recipe.from_toml(run.recipe).task


def split_of(context: Context, run: Run) -> Split:
    """The frozen rows that a run learned from and is examined on. Raises NotFound."""
    found = splitting.get_split(context.workshop.store, context.actor, run.split)
    if found is None:
        raise NotFound(thing="split", id=run.split)
    return found


def known_answers(context: Context, run: Run) -> tuple[str, ...]:
    """The answers of the rows that a run learned from, of a task whose answers are held to what training knew; else none."""
    if task_of(run) not in _HELD:
        return ()
    counts = splitting.split_counts(context.workshop.store, split_of(context, run).id)
    return tuple(sorted({label for count in counts if count.part is Part.TRAIN and (label := count.label.strip())}))


def plan_evaluation(context: Context, request: EvaluateRequest) -> Plan:
    run = run_of(context, request.run)
    models_of(context, run)
    split = _examinable(context, run)
    rows = _rows_asked(run, split, request)
    what = Sentence(
        "evaluate.plan",
        "Ask {rows:,} of the {test_rows:,} test rows of '{run}': the tuned model, the base model and simple methods. "
        "Looks at them so far: {times:,}.",
        {"rows": rows, "test_rows": split.test, "run": run.name, "times": split.opened},
    )
    undo = Sentence("evaluate.undo", "A verdict changes nothing else. That the test rows were looked at stays counted.")
    return Plan(what, seconds=_seconds(context, run, rows), undo=undo)


@action("evaluate", request=EvaluateRequest, sentence="Put a trained model to the test on rows it has never seen, against simpler ways.",
        undo="A verdict changes nothing else.", costs=True, plan=plan_evaluation, example={"run": _EXAMPLE_ID})  # fmt: skip
def evaluate(context: Context, request: EvaluateRequest) -> Job:
    """Raises NotTrainedYet, NoTestRows."""
    run, store = run_of(context, request.run), context.workshop.store
    base, tuned = models_of(context, run)
    split = _examinable(context, run)
    layout = Recipe.from_toml(run.recipe).layout
    settings = EvaluateSettings(
        task=task_of(run),
        run=run.id,
        tuned=tuned,
        base=base,
        max_rows=_rows_asked(run, split, request),
        seed=request.seed,
        opened=split.opened + 1,
        sealed=datasets.facts(store, run.dataset).sealed >= split.test,
        layout=layout,
    )

    def inputs(folder: Path) -> dict[str, str]:
        return {ROWS_FILE: writing.write_rows(store, split.id, folder / ROWS_FILE, tuple(Part), with_original=_needs_cells(context, run, layout))}

    job = context.workshop.supervisor.submit(EVALUATE_KIND.name, settings, owner=context.actor, project=run.project, subject=run.id, inputs=inputs)
    splitting.open_test(store, split.id)
    return job


@action(
    "verdicts", request=VerdictsRequest, sentence="List what evaluations found, newest first.", scope=Scope.READ, example={"project": _EXAMPLE_ID}
)
def list_verdicts(context: Context, request: VerdictsRequest) -> tuple[VerdictCard, ...]:
    project, store = project_of(context, request.project), context.workshop.store
    names = {run.id: run.name for run in runs.of_project(store, project.id)}
    return tuple(_card(found, names.get(found.run, "")) for found in verdicts.of_project(store, project.id))


@action("verdict", request=VerdictRequest, sentence="Say what an evaluation found, with its counts and how sure it is.", scope=Scope.READ,
        example={"verdict": _EXAMPLE_ID})  # fmt: skip
def verdict(context: Context, request: VerdictRequest) -> VerdictView:
    found = verdict_of(context, request.verdict)
    run = runs.get(context.workshop.store, context.actor, found.run)
    return VerdictView(found.id, found.run, run.name if run else "", _document(found), found.created_at)


@action("answers", request=AnswersRequest, sentence="Look at single answers of an evaluation: all, the wrong ones, or where another did better.",
        scope=Scope.READ, example={"verdict": _EXAMPLE_ID, "show": "wrong"})  # fmt: skip
def answers(context: Context, request: AnswersRequest) -> AnswerPage:
    """Raises AnswersGone."""
    found = verdict_of(context, request.verdict)
    path = Path(jobs.find(context.workshop.store, found.job).folder) / ANSWERS_FILE
    if not path.is_file():
        raise AnswersGone
    document = _document(found)
    page = page_of(read_answers(path), request.show, request.other or document.strongest, offset=request.offset, size=request.size)
    return replace(page, rows=tuple(pointed(row, document) for row in page.rows)) if document.fields else page


def verdict_of(context: Context, id: str) -> Verdict:
    """The actor's own verdict, or the newest of the actor's own run of that id. Raises NotFound."""
    store = context.workshop.store
    if (found := verdicts.get(store, context.actor, VerdictId(id))) is not None:
        return found
    run = runs.get(store, context.actor, RunId(id))
    if run is None or (found := verdicts.latest(store, run.id)) is None:
        raise NotFound(thing="verdict", id=id)
    return found


def _examinable(context: Context, run: Run) -> Split:
    """Raises NoTestRows."""
    split = split_of(context, run)
    if split.test == 0:
        raise NoTestRows(run=run.name)
    return split


def _needs_cells(context: Context, run: Run, layout: Layout | None) -> bool:
    """Whether the rows' own cells are needed: the layout writes some, or rows are pieces of documents."""
    dataset = datasets.get(context.workshop.store, context.actor, run.dataset)
    return bool(layout is not None and layout.columns) or (dataset is not None and PIECE in dataset.columns)


def _document(found: Verdict) -> VerdictDocument:
    return VerdictDocument.model_validate_json(found.document)


def _card(found: Verdict, run_name: str) -> VerdictCard:
    document = _document(found)
    return VerdictCard(found.id, found.run, run_name, document.outcome, document.headline.sentence(), document.rows, found.created_at)


def _rows_asked(run: Run, split: Split, request: EvaluateRequest) -> int:
    most = request.max_rows or (split.test if task_of(run) == "classification" else FREE_TEXT_ROWS)
    return max(1, min(most, split.test))


def _seconds(context: Context, run: Run, rows: int) -> float | None:
    """From how long the last evaluation of this project took a row; None where none was measured."""
    for found in jobs.of_project(context.workshop.store, run.project, EVALUATE_KIND.name):
        measured = verdicts.of_job(context.workshop.store, found.id)
        if found.state is JobState.DONE and measured is not None and found.took_s is not None:
            asked = _document(measured).rows
            return found.took_s * rows / asked if asked else None
    return None
