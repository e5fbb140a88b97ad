"""Update with new data: one wish reads a file as the rows were read, cleans it as they were cleaned, trains again and compares with the model in use."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.data import ImportRequest, import_file, upload_of
from core.actions.evaluate import NotTrainedYet, models_of
from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.actions.run import run_of, said_of_failure
from core.actions.train import TrainRequest, checked, estimated
from core.actions.update_chain import go_on, job_of, moves_on, past_of
from core.data.kind import IMPORT_KIND, mapping_of, settings_of
from core.data.look import look
from core.data.mapping import READ_AS, Mapping
from core.data.reading import MissingColumn
from core.errors import DiskFull, NotFound, UserError
from core.jobs.handle import SPEC_FILE
from core.jobs.refusals import CannotResume
from core.sentence import Sentence
from core.updating.document import Choice, UpdateDocument
from storage import datasets, jobs, runs, updates
from storage.files import free_bytes
from storage.rows import LIVE, Dataset, Job, JobState, ModelUpdate, ProjectId, Run, RunId, UpdateId, UpdateStage

_EXAMPLE_ID = "abcdefghijklm"
_BYTES_A_FILE_BYTE = 4  # the rows in the store, their history, and the files of the jobs that read them
_GB = 1e9


class NoModelInUse(UserError):
    """A project without a finished training."""

    sentence = "'{project}' has no trained model yet that could be brought up to date. Train one first. Nothing was started."
    status = 409

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)


class UpdateGoesOn(UserError):
    """One at a time: the second would judge against a model that is about to be another."""

    sentence = "The update with {file} is still at work. Wait for it or stop it, then bring the next file. Nothing was started."
    status = 409

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class OtherColumns(UserError):
    """The file cannot be read as the rows were."""

    sentence = (
        "{file} has no column '{missing}', from which the rows of '{dataset}' were read; it has {columns}. Name its columns as in the first file. "
        "Nothing was started."
    )

    def __init__(self, *, file: str, missing: str, dataset: str, columns: str) -> None:
        super().__init__(file=file, missing=missing, dataset=dataset, columns=columns)


@dataclass(frozen=True)
class UpdateCard:
    """An update: how far it is, what is known, what keeps it from going on. `job` is the job of its stage. One that is neither done nor `at_work` waits
    for somebody to take it up again."""

    update: ModelUpdate
    run_name: str
    new_run_name: str | None
    document: UpdateDocument
    job: Job | None
    error: Sentence | None

    @property
    def at_work(self) -> bool:
        """Also in the moment between two of its jobs."""
        return moves_on(self.update, self.job)

    @property
    def waits(self) -> bool:
        return self.update.stage is not UpdateStage.DONE and not self.at_work


@dataclass(frozen=True)
class UpdatesView:
    """Newest first, with the model that the next one would follow (None: there is none) and the room on this machine's disk."""

    cards: tuple[UpdateCard, ...]
    in_use: Run | None
    free_bytes: int


class UpdateRequest(Request):
    project: str = Field(description="The project.")
    upload: str = Field(description="The file with new rows, already uploaded.")
    run: str | None = Field(None, description="The training whose model is in use; the latest that has one if left empty.")


class UpdatesRequest(Request):
    project: str = Field(description="The project.")


class GoOnRequest(Request):
    update: str = Field(description="The update.")


@dataclass(frozen=True)
class _Asked:
    """A request with everything it means, checked."""

    run: Run
    dataset: Dataset
    file: str
    mapping: Mapping | None
    leave_out_incomplete: bool
    needed_bytes: int
    seconds: float | None


def plan_update(context: Context, request: UpdateRequest) -> Plan:
    asked = _asked(context, request)
    past = past_of(context, asked.dataset.id)
    left = len(past.left) + past.unnoted
    facts = {"run": asked.run.name, "file": asked.file, "dataset": asked.dataset.name, "repeated": len(past.repeated)}
    english = (
        "Bring '{run}' up to date: read {file} as '{dataset}' was read, leave out rows that are known, repeat earlier changes on the new ones "
        "(there are {repeated:,}), let some of them join the exam, train again with the same recipe, and compare both models on old and new cases."
    )
    what = Sentence("update.plan", english, facts)
    if left:
        more = "{plan} Changes that speak of single rows and are not repeated: {left:,}."
        what = Sentence("update.plan_left", more, {"plan": what, "left": left})
    undo = Sentence("update.undo", "The model in use stays as it is. The rows that came can be taken out again in the history of the data.")
    return Plan(what, asked.seconds, asked.needed_bytes, undo)


@action("update", request=UpdateRequest, costs=True, plan=plan_update, example={"project": _EXAMPLE_ID, "upload": _EXAMPLE_ID},
        sentence="Bring a trained model up to date with a file of new rows, and compare it with the one in use.",
        undo="The model in use stays; take the rows out in the history of the data.")  # fmt: skip
def update(context: Context, request: UpdateRequest) -> ModelUpdate:
    """Begins the chain with the reading of the file. Raises NoModelInUse, UpdateGoesOn, OtherColumns, DiskFull."""
    asked, store = _asked(context, request), context.workshop.store
    wanted = ImportRequest(
        upload=request.upload, project=request.project, dataset=asked.dataset.id, mapping=asked.mapping,
        leave_out_incomplete=asked.leave_out_incomplete,
    )  # fmt: skip
    told = UpdateDocument().model_dump_json()
    with context.workshop.update_turn:  # its job may be done before we say that it is ours
        begun = updates.create(store, context.actor, asked.run.project, dataset=asked.dataset.id, run=asked.run.id, file=asked.file, told=told)
        return updates.set_job(store, begun.id, import_file(context, wanted).id)


@action("updates", request=UpdatesRequest, sentence="Say how the updates of a project's models go, and what they brought.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID})  # fmt: skip
def list_updates(context: Context, request: UpdatesRequest) -> UpdatesView:
    project, store = project_of(context, request.project), context.workshop.store
    names = {run.id: run.name for run in runs.of_project(store, project.id)}
    cards = tuple(_card(context, found, names) for found in updates.of_project(store, project.id))
    return UpdatesView(cards, _in_use(context, project.id), free_bytes(context.workshop.home.runs))


@action("go-on-update", request=GoOnRequest, sentence="Go on with an update that was stopped, failed or lost.", undo="Stop it.",
        example={"update": _EXAMPLE_ID})  # fmt: skip
def go_on_update(context: Context, request: GoOnRequest) -> ModelUpdate:
    """Its job goes on where it was; where none was asked for, it is asked for now. Raises CannotResume."""
    with context.workshop.update_turn:  # it may be on its way to the next stage just now
        found = updates.get(context.workshop.store, context.actor, UpdateId(request.update))
        if found is None:
            raise NotFound(thing="update", id=request.update)
        job = job_of(context, found)
        if found.stage is UpdateStage.DONE or moves_on(found, job):
            raise CannotResume(state="done" if found.stage is UpdateStage.DONE else JobState.RUNNING)
        if job is not None and job.state is not JobState.DONE:
            context.workshop.supervisor.resume(job.id)
            return found
        return go_on(context, found)


def _asked(context: Context, request: UpdateRequest) -> _Asked:
    project, store = project_of(context, request.project), context.workshop.store
    upload, path = upload_of(context, request.upload)
    run = run_of(context, request.run) if request.run is not None else _in_use(context, project.id)
    if run is None:
        raise NoModelInUse(project=project.name)
    models_of(context, run)
    dataset = datasets.get(store, context.actor, run.dataset)
    if dataset is None or run.project != project.id:
        raise NotFound(thing="dataset" if dataset is None else "run", id=run.dataset if dataset is None else run.id)
    for known in updates.of_project(store, project.id):
        if known.dataset == dataset.id and moves_on(known, job_of(context, known)):
            raise UpdateGoesOn(file=known.file)
    mapping, leave_out = _as_before(context, dataset)
    if mapping is not None:
        try:
            look(path, upload.name, mapping, limits=context.workshop.settings.limits)
        except MissingColumn as error:
            facts = error.facts
            raise OtherColumns(file=upload.name, missing=facts["column"], dataset=dataset.name, columns=facts["columns"]) from error
    found = estimated(context, checked(context, TrainRequest(project=project.id, recipe=run.recipe, dataset=dataset.id)))
    needed, free = found.disk_bytes + upload.size_bytes * _BYTES_A_FILE_BYTE, free_bytes(context.workshop.home.runs)
    if needed > free:
        raise DiskFull(needed=f"{needed / _GB:.1f} GB", free=f"{free / _GB:.1f} GB", place="the data folder")
    took_s = jobs.find(context.workshop.store, run.job).took_s  # the training that comes will take as long
    return _Asked(run, dataset, upload.name, mapping, leave_out, needed, took_s)


def _in_use(context: Context, project: ProjectId) -> Run | None:
    """The latest training that has ended and left a model, but for one that an update found to be worse than the model before it."""
    store = context.workshop.store
    told = {update.new_run: UpdateDocument.model_validate_json(update.told) for update in updates.of_project(store, project)}
    worse = {run for run, document in told.items() if document.choice is Choice.IN_USE}
    ended = {job.id for job in jobs.of_project(store, project) if job.state not in LIVE}
    for run in runs.of_project(store, project):
        if run.job in ended and run.id not in worse:
            try:
                models_of(context, run)
            except NotTrainedYet:
                continue
            return run
    return None


def _as_before(context: Context, dataset: Dataset) -> tuple[Mapping | None, bool]:
    """How the dataset's rows were read last, and whether incomplete ones were left out; None where that is not known any more: then it is guessed.
    How letters and cells are stored is found out of each file anew."""
    for job in jobs.of_project(context.workshop.store, dataset.project, IMPORT_KIND.name):
        folder = Path(job.folder)
        if job.subject == dataset.id and job.state is JobState.DONE and (folder / SPEC_FILE).is_file() and not settings_of(folder).sealed:
            return mapping_of(folder).model_copy(update=dict.fromkeys(READ_AS)), settings_of(folder).leave_out_incomplete
    return None, False


def _card(context: Context, found: ModelUpdate, names: dict[RunId, str]) -> UpdateCard:
    job = job_of(context, found)
    error = found.error or (job.error if job is not None and found.stage is not UpdateStage.DONE else None)
    new_name = names.get(found.new_run) if found.new_run is not None else None
    return UpdateCard(found, names.get(found.run, ""), new_name, UpdateDocument.model_validate_json(found.told), job, said_of_failure(error))
