"""Data: what a row can be, a look at a file, its import, the sample that comes with us, and a project's datasets."""

import os
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import Field

from core.actions.dataset_files import files_of, remove, settle
from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.data.job import ImportSettings
from core.data.kind import IMPORT_KIND, had, mapping_of, tidy
from core.data.look import look
from core.data.mapping import READ_AS, Mapping
from core.data.preview import Preview
from core.data.sample import FOLDER, SampleName, sample_of
from core.data.shapes.base import shape, shapes
from core.errors import NotFound, UserError
from core.jobs.handle import SPEC_FILE
from core.sentence import Sentence
from storage import datasets, jobs, uploads
from storage.ids import new_id
from storage.rows import Dataset, DatasetId, Job, JobState, ProjectId, Upload, UploadId

_EXAMPLE_ID = "abcdefghijklm"


class NothingUnderstood(UserError):
    """No mapping was given and none could be guessed."""

    sentence = "What the rows of {file} mean could not be guessed from its columns ({columns}). Say which column is what. Nothing was imported."

    def __init__(self, *, file: str, columns: str) -> None:
        super().__init__(file=file, columns=columns)


class WrongShape(UserError):
    """Rows of another shape than the dataset's are no exam for it, and no more of it."""

    sentence = "{file} was read as '{given}', and '{dataset}' holds '{wanted}'. Choose the columns so that both are the same. Nothing was imported."

    def __init__(self, *, file: str, given: str, dataset: str, wanted: str) -> None:
        super().__init__(file=file, given=given, dataset=dataset, wanted=wanted)


class NoSampleTest(UserError):
    """Only some samples have a file of sealed rows."""

    sentence = "The sample '{name}' has no rows for a sealed test; the support desk has. Nothing was imported."

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class NoDatasetYet(UserError):
    """A sealed file needs a dataset whose exam it is."""

    sentence = "{file} can be the sealed test only of a dataset that is there. Import the rows to train on first. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


@dataclass(frozen=True)
class RoleCard:
    """A role of a shape, for a form."""

    name: str
    label: str
    explanation: str
    required: bool


@dataclass(frozen=True)
class ShapeCard:
    """A shape, for a form."""

    name: str
    label: str
    explanation: str
    task: str
    roles: tuple[RoleCard, ...]


class UploadRequest(Request):
    upload: str = Field(description="The file, already uploaded.")
    mapping: Mapping | None = Field(None, description="Which column is what; without it a guess is made.")
    unanswered: bool = Field(False, description="Rows without an answer are wanted too, to be answered later.")


class ShapesRequest(Request):
    pass


class ImportRequest(UploadRequest):
    project: str = Field(description="The project that receives the rows.")
    dataset: str | None = Field(None, description="Add the rows to this dataset instead of making a new one.")
    name: str | None = Field(None, min_length=1, max_length=120, description="What the new dataset is called; without it, as the file.")
    sealed: bool = Field(False, description="The rows are the final exam: sealed until an evaluation, never trained on.")
    leave_out_incomplete: bool = Field(False, description="Leave out rows that cannot be read or lack a cell, instead of importing nothing.")
    unanswered: bool = Field(False, description="Rows without an answer are wanted too, to be answered later.")


class SampleRequest(Request):
    project: str = Field(description="The project that receives the rows.")
    name: SampleName = Field(SampleName.SUPPORT_DESK, description="Which one: messages to a support desk, letters of a clinic, clauses of contracts.")
    sealed: bool = Field(False, description="Bring the sample's test rows as the sealed test of the latest dataset, instead of its rows to train on.")


class DatasetRequest(Request):
    dataset: str = Field(description="The dataset.")


class DatasetsRequest(Request):
    project: str = Field(description="The project.")


def dataset_of(context: Context, id: str) -> Dataset:
    """The actor's own dataset. Raises NotFound."""
    found = datasets.get(context.workshop.store, context.actor, DatasetId(id))
    if found is None:
        raise NotFound(thing="dataset", id=id)
    return found


def dataset_id_of(context: Context, id: str) -> DatasetId:
    """The same where its rows need not be counted. Raises NotFound."""
    if not datasets.is_of(context.workshop.store, context.actor, DatasetId(id)):
        raise NotFound(thing="dataset", id=id)
    return DatasetId(id)


@action("shapes", request=ShapesRequest, sentence="List what a row can be and which columns each needs.", scope=Scope.READ, example={})
def list_shapes(context: Context, request: ShapesRequest) -> tuple[ShapeCard, ...]:
    return tuple(
        ShapeCard(kind.name, kind.label, kind.explanation, kind.task,
                  tuple(RoleCard(role.name, role.label, role.explanation, role.required) for role in kind.roles))
        for kind in shapes().values()
    )  # fmt: skip


@action("preview", request=UploadRequest, sentence="Look at an uploaded file and say what was understood of it.", scope=Scope.READ,
        example={"upload": _EXAMPLE_ID})  # fmt: skip
def preview_upload(context: Context, request: UploadRequest) -> Preview:
    upload, path = upload_of(context, request.upload)
    return look(path, upload.name, request.mapping, limits=context.workshop.settings.limits)


@action("import", request=ImportRequest, sentence="Import an uploaded file as rows to train on, or as the sealed test.", undo="Delete the dataset.",
        example={"upload": _EXAMPLE_ID, "project": _EXAMPLE_ID, "sealed": False})  # fmt: skip
def import_file(context: Context, request: ImportRequest) -> Job:
    """Starts the job; its subject is the dataset that the rows will be in."""
    project = project_of(context, request.project)
    upload, path = upload_of(context, request.upload)
    into = _receiver(context, project.id, request, upload.name)
    mapping = request.mapping if request.mapping and request.mapping.shape else _guessed(path, upload.name, context, into, request.mapping)
    if request.unanswered:
        mapping = mapping.model_copy(update={"unanswered": True})
    shape(mapping.shape)
    if into is not None and into.shape != mapping.shape:
        raise WrongShape(file=upload.name, given=mapping.shape, dataset=into.name, wanted=into.shape)
    again = False
    for job in jobs.of_project(context.workshop.store, project.id, IMPORT_KIND.name):
        if job.state is JobState.DONE:
            again = again or (into is not None and job.subject == into.id and had(Path(job.folder), upload.sha256))
            tidy(Path(job.folder))
    settings = ImportSettings(
        upload=f"upload-{upload.id}", file=upload.name, mapping=mapping, dataset=into.id if into else new_id(),
        name=request.name or _stem(upload.name), new=into is None, sealed=request.sealed, leave_out_incomplete=request.leave_out_incomplete,
        again=again, limits=context.workshop.settings.limits,
    )  # fmt: skip

    def inputs(folder: Path) -> dict[str, str]:
        _link(path, folder / settings.upload)
        return {settings.upload: upload.sha256}

    return context.workshop.supervisor.submit(
        IMPORT_KIND.name, settings, owner=context.actor, project=project.id, subject=settings.dataset, inputs=inputs
    )


@action("sample", request=SampleRequest, sentence="Make a dataset from a sample that comes with Bottega; without a name from the support desk.",
        undo="Delete the dataset.", example={"project": _EXAMPLE_ID})  # fmt: skip
def sample(context: Context, request: SampleRequest) -> Job:
    """Raises NoSampleTest."""
    project, chosen = project_of(context, request.project), sample_of(request.name)
    file = chosen.test if request.sealed else chosen.file
    if file is None:
        raise NoSampleTest(name=chosen.title)
    with resources.as_file(resources.files(FOLDER) / file) as path:
        upload = context.workshop.take_upload(context.actor, file, path)
    name = None if request.sealed else chosen.title
    return import_file(context, ImportRequest(upload=upload.id, mapping=chosen.mapping, project=project.id, name=name, sealed=request.sealed))


@action("datasets", request=DatasetsRequest, sentence="List a project's datasets.", scope=Scope.READ, example={"project": _EXAMPLE_ID})
def list_datasets(context: Context, request: DatasetsRequest) -> tuple[Dataset, ...]:
    return tuple(datasets.of_project(context.workshop.store, project_of(context, request.project).id))


def plan_dataset_deletion(context: Context, request: DatasetRequest) -> Plan:
    dataset = dataset_of(context, request.dataset)
    files = files_of(context, dataset)
    what = Sentence("delete_dataset", "Delete the dataset '{name}' with its {rows:,} rows.", {"name": dataset.name, "rows": dataset.rows})
    goes = (
        Sentence("delete_data.rows", "rows, with their history: {count:,}", {"count": dataset.rows}),
        Sentence("delete_data.kept", "its versions, splits, labelling and updates"),
        *((Sentence("delete_data.jobs", "what its imports, check-ups and exports left: {count:,}", {"count": len(files.whole)}),) if files.whole else ()),
        *((Sentence("delete_data.copies", "the copies of rows in the folders of its trainings: {count:,}. One that was paused or stopped cannot go on",
                    {"count": len(files.copies)}),) if files.copies else ()),
    )  # fmt: skip
    remains = (
        Sentence("delete_data.uploads", "the file that you uploaded"),
        Sentence(
            "delete_data.models",
            "models that learned from it, their packages and verdicts with the questions that these show, without the trace to the rows",
        ),
    )
    return Plan(what, goes=goes, remains=remains)


@action("delete-dataset", request=DatasetRequest, sentence="Delete a dataset with its rows, history, splits and the copies of its rows.", destroys=True,
        plan=plan_dataset_deletion, example={"dataset": _EXAMPLE_ID})  # fmt: skip
def delete_dataset(context: Context, request: DatasetRequest) -> Dataset:
    """Raises DatasetBusy."""
    dataset = dataset_of(context, request.dataset)
    with context.workshop.checkup_turn:
        settle(context, dataset)
        files = files_of(context, dataset)
        datasets.delete(context.workshop.store, dataset.id, [job.id for job in files.jobs])
        # Rows first: what a crash leaves here is a folder that nobody names.
        remove(context, files)
    return dataset


def upload_of(context: Context, id: str) -> tuple[Upload, Path]:
    """The actor's own upload and where it is. Raises NotFound."""
    upload = uploads.get(context.workshop.store, context.actor, UploadId(id))
    if upload is None:
        raise NotFound(thing="upload", id=id)
    return upload, context.workshop.upload_path(context.actor, upload.id)


def _receiver(context: Context, project: ProjectId, request: ImportRequest, file: str) -> Dataset | None:
    """The dataset that gets the rows; None for a new one. A sealed file goes to the project's latest dataset unless one is named."""
    if request.dataset is not None:
        found = dataset_of(context, request.dataset)
        if found.project != project:
            raise NotFound(thing="dataset", id=request.dataset)
        return found
    if not request.sealed:
        return None
    known = datasets.of_project(context.workshop.store, project)
    if not known:
        raise NoDatasetYet(file=file)
    return known[0]


def _guessed(path: Path, file: str, context: Context, into: Dataset | None, said: Mapping | None) -> Mapping:
    """The receiving dataset's own mapping where its columns are the same, else a guess from the file."""
    looked = look(path, file, said, limits=context.workshop.settings.limits)
    if into is not None and set(into.columns) >= set(looked.columns):
        for job in jobs.of_project(context.workshop.store, into.project, IMPORT_KIND.name):
            if job.subject == into.id and job.state is JobState.DONE and (Path(job.folder) / SPEC_FILE).is_file():
                return mapping_of(Path(job.folder)).model_copy(update={name: getattr(said, name, None) for name in READ_AS})
    if looked.mapping is None:
        raise NothingUnderstood(file=file, columns=", ".join(looked.columns)[:300])
    return looked.mapping


def _stem(file: str) -> str:
    return (file.removesuffix(".gz").rsplit(".", 1)[0] or file)[:120]


def _link(path: Path, target: Path) -> None:
    """A second name for the same bytes where the disk can, a copy where it cannot (FAT, other disks)."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
