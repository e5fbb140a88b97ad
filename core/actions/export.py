"""Export: make a package of a trained model, list packages, show the check's report, download, delete."""

import datetime
from pathlib import Path

from pydantic import Field

from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.actions.run import run_of
from core.errors import NotFound, UserError
from core.export.architectures import check_architecture, check_template
from core.export.certificate import Certificate
from core.export.kind import EXPORT
from core.export.package import PackageDamaged, remove_files
from core.export.room import Estimate, check_room, estimate
from core.export.settings import ROWS_FILE, ExportSettings, Origin, rows_to_check
from core.export.targets import Precision, Target, target
from core.methods.base import method
from core.models.catalogue import NotInCatalogue, entry
from core.models.installed import STARTER
from core.models.reference import ModelReference
from core.sentence import Sentence
from core.training.keeping import kept_model
from core.training.recipe import Recipe
from storage import datasets, jobs, packages
from storage.bulk.splitting import get_split
from storage.bulk.versions import get_version
from storage.bulk.writing import write_rows
from storage.rows import Job, Package, PackageId, Part, Run, Split, Version

_ID = "abcdefghijklm"


class NothingToExport(UserError):
    """The run has no finished model."""

    sentence = "'{run}' has no trained model that could be exported: its training is {state}. Let it come to an end, or choose another run. Nothing was started."
    status = 409

    def __init__(self, *, run: str, state: str) -> None:
        super().__init__(run=run, state=state)


class CannotMerge(UserError):
    """What the method learned cannot be put into the model's own weights."""

    sentence = "A model trained with '{method}' cannot be exported, because what it learned cannot be put into the model itself. Train it with LoRA or fully. Nothing was started."
    status = 422

    def __init__(self, *, method: str) -> None:
        super().__init__(method=method)


class HeadStays(UserError):
    """A model with a head for categories."""

    sentence = (
        "The model of '{run}' names categories by a head of its own, which cannot be taken home as a file yet. Use it inside Bottega, or train again with "
        "head = 'none': its categories are then written as words, and can be exported. Nothing was started."
    )
    status = 422

    def __init__(self, *, run: str) -> None:
        super().__init__(run=run)


class RedPackage(UserError):
    """A package whose check failed is not handed out unasked."""

    sentence = (
        "The check of '{name}' is red: {why} Download it only if you know why you want it; then say so (accept_red). The trained model is unchanged."
    )
    status = 409

    def __init__(self, *, name: str, why: str) -> None:
        super().__init__(name=name, why=why)


class ExportRequest(Request):
    run: str = Field(description="The run whose model is exported.")
    precision: str = Field("int4", description="int4: small and quick. fp32: the very same answers, at full size.")
    target: str = Field("cpu", description="Where it is to run.")
    max_rows: int | None = Field(None, ge=1, description="Ask at most so many test rows in the check. Empty: all of them for categories, else 200.")
    name: str | None = Field(None, max_length=120, description="What the package is called. Empty: after the run.")


class PackagesRequest(Request):
    project: str = Field(description="The project.")


class PackageRequest(Request):
    package: str = Field(description="The package.")


class DownloadRequest(PackageRequest):
    accept_red: bool = Field(False, description="Take it although its check is red.")


def package_of(context: Context, id: str) -> Package:
    """The actor's own package. Raises NotFound."""
    found = packages.get(context.workshop.store, context.actor, PackageId(id))
    if found is None:
        raise NotFound(thing="package", id=id)
    return found


def plan_export(context: Context, request: ExportRequest) -> Plan:
    """Raises at once what would fail after minutes."""
    run, model, (where, how), taken = _checked(context, request)
    facts = {"run": run.name, "precision": how.label, "where": where.label[0].lower() + where.label[1:]}
    key, clause = (
        ("export_measured", "as measured at your last export") if taken.measured else ("export_estimated", "estimated from the model's size")
    )
    what = Sentence(
        f"actions.{key}",
        "Export the model of '{run}' as {precision} for {where}, and check it against the trained model on test rows ("
        + clause
        + "). The trained model stays as it is.",
        facts,
    )
    return Plan(what, taken.seconds, taken.package_bytes, Sentence("actions.export_undo", "Delete the package."))


@action("export", request=ExportRequest, sentence="Make an ONNX package of a trained model and check it against the model.", undo="Delete the package.",
        costs=True, plan=plan_export, example={"run": _ID, "precision": "int4"})  # fmt: skip
def export(context: Context, request: ExportRequest) -> Job:
    run, model, _, _ = _checked(context, request)
    workshop = context.workshop
    split, version = _frozen(context, run)
    recipe = Recipe.from_toml(run.recipe)
    dataset = datasets.get(workshop.store, context.actor, run.dataset)
    licence, words = _licence(recipe.base_model)
    origin = Origin(
        run_id=run.id,
        run_name=run.name,
        base_model=recipe.base_model,
        base_license=licence,
        base_license_words=words,
        dataset=dataset.name if dataset else "?",
        dataset_version=version.number,
        dataset_hash=version.content_hash,
        split_seed=split.seed,
        train_rows=split.train,
        test_rows=split.test,
        made_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    settings = ExportSettings(
        name=request.name or f"{run.name} {request.precision}",
        model=model,
        task=recipe.task,
        target=request.target,
        precision=request.precision,
        max_rows=request.max_rows,
        seed=recipe.seed,
        recipe=run.recipe,
        origin=origin,
        layout=recipe.layout,
    )
    cells = recipe.layout is not None and bool(recipe.layout.columns)

    def inputs(folder: Path) -> dict[str, str]:
        return {ROWS_FILE: write_rows(workshop.store, run.split, folder / ROWS_FILE, (Part.TRAIN, Part.TEST), with_original=cells)}

    return workshop.supervisor.submit(EXPORT, settings, owner=context.actor, project=run.project, subject=run.id, inputs=inputs)


@action("packages", request=PackagesRequest, sentence="List the packages of a project.", scope=Scope.READ, example={"project": _ID})
def list_packages(context: Context, request: PackagesRequest) -> tuple[Package, ...]:
    """Newest first."""
    return tuple(packages.of_project(context.workshop.store, project_of(context, request.project).id))


@action("package", request=PackageRequest, sentence="Show the report of a package's check.", scope=Scope.READ, example={"package": _ID})
def package(context: Context, request: PackageRequest) -> Certificate:
    return Certificate.model_validate_json(package_of(context, request.package).certificate)


@action("download", request=DownloadRequest, sentence="Download a package.", scope=Scope.READ, example={"package": _ID})
def download(context: Context, request: DownloadRequest) -> Package:
    """For the door to stream from disk. Raises RedPackage without `accept_red`, PackageDamaged when the file is gone or cut."""
    found = package_of(context, request.package)
    if found.state == "red" and not request.accept_red:
        reasons = Certificate.model_validate_json(found.certificate).reasons
        raise RedPackage(name=found.name, why=" ".join(str(reason) for reason in reasons))
    path = Path(found.path)
    if not path.is_file() or path.stat().st_size != found.size_bytes:
        raise PackageDamaged(name=found.name, what="its file is missing or was cut")
    return found


def plan_deletion(context: Context, request: PackageRequest) -> Plan:
    found = package_of(context, request.package)
    what = Sentence("actions.delete_package", "Delete the package '{name}'.", {"name": found.name})
    goes = (f"the package of {found.size_bytes / 1e6:,.1f} MB and its report",)
    return Plan(what, goes=goes, remains=("the trained model: it can be exported again", "copies that you downloaded"))


@action("delete-package", request=PackageRequest, sentence="Delete a package.", destroys=True, plan=plan_deletion, example={"package": _ID})
def delete_package(context: Context, request: PackageRequest) -> Package:
    found = package_of(context, request.package)
    packages.delete(context.workshop.store, found.id)  # first the row: a crash leaves a file that nobody names, not a row without its file
    remove_files(context.workshop.home, found)
    return found


def _checked(context: Context, request: ExportRequest) -> tuple[Run, ModelReference, tuple[Target, Precision], Estimate]:
    run = run_of(context, request.run)
    where, how = target(request.target, request.precision)
    model = _model_of(context, run)
    if not method(model.method).leaves:
        raise CannotMerge(method=model.method)
    if model.has_head:
        raise HeadStays(run=run.name)
    weights = model.base or model.folder
    check_architecture(weights)
    check_template(model.folder, model.name)
    split, _ = _frozen(context, run)
    rows = rows_to_check(Recipe.from_toml(run.recipe).task, split.test, request.max_rows)
    earlier = (Certificate.model_validate_json(one.certificate) for one in packages.of_project(context.workshop.store, run.project))
    taken = estimate(weights, how, request.precision, rows, earlier)
    check_room(context.workshop.home.root, taken.peak_bytes)
    return run, model, (where, how), taken


def _model_of(context: Context, run: Run) -> ModelReference:
    """Raises NothingToExport. A training that was stopped has kept its best weights, which can be exported too."""
    job = jobs.find(context.workshop.store, run.job)
    model = kept_model(Path(job.folder))
    if model is None:
        raise NothingToExport(run=run.name, state=job.state.value)
    return model


def _frozen(context: Context, run: Run) -> tuple[Split, Version]:
    split, version = get_split(context.workshop.store, context.actor, run.split), get_version(context.workshop.store, context.actor, run.version)
    if split is None or version is None:
        raise NotFound(thing="split", id=run.split)
    return split, version


def _licence(base_model: str) -> tuple[str, str]:
    """The base's licence and what it says in plain words; empty for a folder that a person brought."""
    if base_model == STARTER:
        return "apache-2.0", "Apache-2.0: use it for anything, change it and pass it on; keep the licence text with it"
    try:
        found = entry(base_model)
    except NotInCatalogue:
        return "", ""
    return found.licence.lower(), f"{found.licence}: {found.licence_words}"
