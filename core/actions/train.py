"""Train: what it will take, the start, the stop and going on."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.losses import own_loss_file
from core.actions.method import checked_layout, data_size, dataset_for, export_of, layout_of, memory_there, task_of
from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.actions.split import CannotSplit, CannotSplitByTime
from core.data.split import frozen_as_last
from core.errors import DiskFull, UserError
from core.methods.base import method
from core.models.advice import advise_model
from core.models.installed import STARTER, Shape, find, shape_of
from core.models.reference import ModelReference
from core.sentence import Sentence
from core.tasks.base import task
from core.training.encoding import NothingToLearn, OneCategory
from core.training.estimate import PROBE_FILE, Estimate, Probe, estimate
from core.training.head import HEAD_STAYS, check_head, has_head
from core.training.kind import PROBE_KIND, TRAIN_KIND
from core.training.losses.base import loss_options_of
from core.training.losses.own import OWN_FILE
from core.training.options import options_of
from core.training.presets import DataSize, ModelSize, recipe_for
from core.training.recipe import Recipe
from core.training.settings import ROWS_FILE, ProbeSettings, TrainSettings
from storage import datasets, jobs, runs
from storage.bulk import splitting
from storage.bulk.writing import write_rows
from storage.errors import NoDates, NothingToSplit
from storage.files import free_bytes, sha256_of, write_atomically
from storage.ids import new_id
from storage.rows import LIVE, Dataset, Job, JobId, JobState, Part, Project, ProjectId, Run, Split

_EXAMPLE_ID = "abcdefghijklm"
_CHARS_A_TOKEN = 3
STOP_ANYTIME = Sentence("train_undo", "Stop at any time: the best weights until then are kept.")
_GB = 1e9


class NotEnoughMemory(UserError):
    """Even with nothing else running the model would not fit."""

    sentence = (
        "Training '{model}' with {method} needs about {needed_gb:.1f} GB of memory and this machine has {there_gb:.1f} GB. "
        "Choose a smaller model, LoRA instead of full fine-tuning, or fewer rows at once. Nothing was started."
    )
    status = 507

    def __init__(self, *, model: str, method: str, needed_gb: float, there_gb: float) -> None:
        super().__init__(model=model, method=method, needed_gb=needed_gb, there_gb=there_gb)


class TrainRequest(Request):
    project: str = Field(description="The project.")
    preset: str = Field("quick", description="quick, balanced or thorough; not used when a recipe is given.")
    base_model: str = Field(STARTER, description="The model that learns; not used when a recipe is given.")
    recipe: str | None = Field(None, description="A recipe as TOML, instead of a preset.", max_length=20_000)
    dataset: str | None = Field(None, description="The rows to learn from; without it, the project's latest dataset.")
    name: str | None = Field(None, min_length=1, max_length=120, description="What the run is called.")


@dataclass(frozen=True)
class EstimateCard:
    """What a training will take. `probe` is the probe's job while it measures; `estimate.seconds` is None until it has."""

    estimate: Estimate
    recipe: Recipe
    said: Sentence
    suited: bool
    advice: Sentence
    probe: Job | None = None


@dataclass(frozen=True)
class Checked:
    """A request with everything it means, checked."""

    project: Project
    dataset: Dataset
    recipe: Recipe
    base: ModelReference
    shape: Shape
    size: DataSize


@action("probe", request=TrainRequest, sentence="Measure a few steps on the real rows, to say how long a training takes.", undo="Nothing is kept but the figures.",
        example={"project": _EXAMPLE_ID, "preset": "quick"})  # fmt: skip
def probe(context: Context, request: TrainRequest) -> Job:
    """The same question a second time is the same job."""
    asked = checked(context, request)
    split = frozen_rows(context, asked.dataset)
    subject = _fingerprint(context, asked, split.id)
    if (known := _probe_job(context, asked.project.id, subject)) is not None:
        return known
    settings = ProbeSettings(recipe=asked.recipe, base=asked.base)
    return context.workshop.supervisor.submit(
        PROBE_KIND.name, settings, owner=context.actor, project=asked.project.id, subject=subject,
        inputs=lambda folder: job_inputs(context, split, folder, asked.recipe),
    )  # fmt: skip


@action("estimate", request=TrainRequest, sentence="Say what a training will take: minutes, memory, disk.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID, "preset": "quick"})  # fmt: skip
def estimate_training(context: Context, request: TrainRequest) -> EstimateCard:
    """Minutes are 'not measured' until a probe of just these rows and this recipe has ended."""
    return estimate_of(context, checked(context, request))


def estimate_of(context: Context, asked: Checked) -> EstimateCard:
    latest = splitting.latest_split(context.workshop.store, asked.dataset.id)
    job = _probe_job(context, asked.project.id, _fingerprint(context, asked, latest.id)) if latest else None
    found = estimated(context, asked, _probe_of(job))
    advice = advise_model(asked.recipe.task, asked.shape)
    return EstimateCard(found, asked.recipe, _said(found), advice.suited, advice.said, job if job is not None and job.state in LIVE else None)


def plan_training(context: Context, request: TrainRequest) -> Plan:
    asked = checked(context, request)
    found = estimate_of(context, asked)
    facts = {
        "model": asked.base.name, "dataset": asked.dataset.name, "rows": asked.size.train_rows, "method": asked.recipe.method,
        "preset": asked.recipe.preset, "epochs": asked.recipe.num_train_epochs,
    }  # fmt: skip
    english = "Train '{model}' on about {rows:,} rows of '{dataset}' ({preset}: {method}, {epochs:g} rounds)."
    what = Sentence("train", english, facts)
    if not found.suited:
        what = Sentence("train_unsuited", english + " But: " + found.advice.english, {**facts, **found.advice.facts, "model": asked.base.name})
    chosen = method(asked.recipe.method)
    if has_head(asked.recipe) or not chosen.leaves:  # said before hours are spent, not when the file is wanted
        note = HEAD_STAYS if has_head(asked.recipe) else export_of(chosen)
        what = Sentence("train_noted", "{plan} {note}", {"plan": what, "note": note})
    return Plan(what, found.estimate.seconds, found.estimate.disk_bytes, STOP_ANYTIME)


@action("train", request=TrainRequest, sentence="Train a model on your rows.", undo="Stop at any time; the best weights until then are kept.", costs=True,
        plan=plan_training, example={"project": _EXAMPLE_ID, "preset": "quick"})  # fmt: skip
def train(context: Context, request: TrainRequest) -> Run:
    """Freezes the rows and their split, makes the run and starts its job."""
    asked = checked(context, request)
    check_fit(context, asked)
    number = len(runs.of_project(context.workshop.store, asked.project.id)) + 1
    return start_run(context, asked, frozen_rows(context, asked.dataset), request.name or f"{asked.recipe.preset.capitalize()} {number}")


def start_run(
    context: Context,
    asked: Checked,
    split: Split,
    name: str,
    *,
    goes_on_from: str | None = None,
    more: Callable[[Path], dict[str, str]] | None = None,
) -> Run:
    """Make the run of these frozen rows and start its job. `goes_on_from` names the run whose weights `more` puts into the run folder."""
    job_id, workshop = JobId(new_id()), context.workshop
    run = runs.create(
        workshop.store, context.actor, asked.project.id, dataset=asked.dataset.id, version=split.version, split=split.id, job=job_id, name=name,
        recipe=asked.recipe.to_toml(),
    )  # fmt: skip
    settings = TrainSettings(
        name=name, recipe=asked.recipe, base=asked.base, goes_on_from=goes_on_from, checkpoint_bytes=workshop.settings.checkpoint_bytes
    )
    workshop.supervisor.submit(
        TRAIN_KIND.name, settings, owner=context.actor, project=asked.project.id, subject=run.id, id=job_id,
        inputs=lambda folder: job_inputs(context, split, folder, asked.recipe) | (more(folder) if more is not None else {}),
    )  # fmt: skip
    return run


def checked(context: Context, request: TrainRequest) -> Checked:
    """Raises what keeps a training from starting: no rows, no answers, one category, a model that is not here, a fault in the recipe."""
    project = project_of(context, request.project)
    dataset = dataset_for(context, project, request.dataset)
    layout = layout_of(context, dataset)
    size = data_size(context, dataset, layout)
    given = Recipe.from_toml(request.recipe) if request.recipe is not None else None
    base = find(given.base_model if given else request.base_model, context.workshop.home)
    shape = shape_of(base)
    recipe = given or recipe_for(task_of(context, project, dataset), request.preset, size, ModelSize.of(shape, memory_there()))
    task(recipe.task)
    layout = recipe.layout or layout  # a recipe that says nothing of it takes the data's own
    if layout is not None:
        checked_layout(context, dataset, layout)
    loss_options_of(recipe)
    check_head(recipe)
    own_loss_file(context, recipe)
    recipe = recipe.model_copy(update={"layout": layout, "method_options": options_of(recipe).model_dump(mode="json")})
    _check_answers(context, dataset, recipe)
    return Checked(project, dataset, recipe, base, shape, size)


def _check_answers(context: Context, dataset: Dataset, recipe: Recipe) -> None:
    facts = datasets.facts(context.workshop.store, dataset.id)
    if facts.answered == 0:
        raise NothingToLearn(rows=facts.rows)
    if recipe.task == "classification" and facts.labels == 1:
        label = datasets.label_counts(context.workshop.store, dataset.id)[0][0]
        raise OneCategory(rows=facts.answered, label=label)


def check_fit(context: Context, asked: Checked) -> None:
    """Raises NotEnoughMemory, DiskFull."""
    found, there = estimated(context, asked), memory_there()
    if found.memory_bytes > there:
        raise NotEnoughMemory(model=asked.base.name, method=asked.recipe.method, needed_gb=found.memory_bytes / _GB, there_gb=there / _GB)
    if not found.fits_disk:
        raise DiskFull(needed=f"{found.disk_bytes / _GB:.1f} GB", free=f"{found.disk_free_bytes / _GB:.1f} GB", place="the data folder")


def estimated(context: Context, asked: Checked, measured: Probe | None = None) -> Estimate:
    import psutil

    return estimate(
        asked.recipe, asked.shape, train_rows=asked.size.train_rows, row_tokens=asked.size.median_chars / _CHARS_A_TOKEN + 16, probe=measured,
        memory_free=psutil.virtual_memory().available, disk_free=free_bytes(context.workshop.home.runs),
    )  # fmt: skip


def _said(found: Estimate) -> Sentence:
    facts = {"memory_gb": found.memory_bytes / _GB, "disk_gb": found.disk_bytes / _GB, "minutes": (found.seconds or 0) / 60}
    if found.seconds is None:
        return Sentence(
            "estimate.not_measured", "Its minutes are not measured yet; about {memory_gb:.1f} GB of memory and {disk_gb:.1f} GB of disk.", facts
        )
    return Sentence(
        "estimate.measured",
        "At most {minutes:.1f} minutes, {memory_gb:.1f} GB of memory and {disk_gb:.1f} GB of disk, measured on this machine.",
        facts,
    )


def frozen_rows(context: Context, dataset: Dataset) -> Split:
    """The dataset as it stands now, split as it was last, else by the default plan. The same rows and plan are the same split."""
    store = context.workshop.store
    try:
        return frozen_as_last(store, dataset.id, sealed_test=datasets.facts(store, dataset.id).sealed > 0)
    except NothingToSplit as error:
        raise CannotSplit(dataset=dataset.name) from error
    except NoDates as error:
        raise CannotSplitByTime(dataset=dataset.name, column=error.column) from error


def job_inputs(context: Context, split: Split, folder: Path, recipe: Recipe) -> dict[str, str]:
    """The rows, with their own cells only where the layout names some; and the file with the loss, where the recipe has one of one's own."""
    parts, cells = (Part.TRAIN, Part.VALIDATION), recipe.layout is not None and bool(recipe.layout.columns)
    given = {ROWS_FILE: write_rows(context.workshop.store, split.id, folder / ROWS_FILE, parts, with_original=cells)}
    if (own := own_loss_file(context, recipe)) is not None:
        write_atomically(folder / OWN_FILE, own.read_bytes())
        given[OWN_FILE] = sha256_of(folder / OWN_FILE)
    return given


def _fingerprint(context: Context, asked: Checked, split: str) -> str:
    """What a measured probe is good for: these rows, this recipe, this many threads."""
    own = own_loss_file(context, asked.recipe)
    told = f"{split} {context.workshop.settings.threads} {asked.recipe.model_dump_json()} {sha256_of(own) if own is not None else ''}"
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def _probe_job(context: Context, project: ProjectId, subject: str) -> Job | None:
    """The latest that has ended well or is still at it."""
    known = [job for job in jobs.of_project(context.workshop.store, project, PROBE_KIND.name) if job.subject == subject]
    return next((job for job in known if job.state is JobState.DONE or job.state in LIVE), None)


def _probe_of(job: Job | None) -> Probe | None:
    if job is None or job.state is not JobState.DONE:
        return None
    file = Path(job.folder) / PROBE_FILE
    return Probe.model_validate_json(file.read_text(encoding="utf-8")) if file.is_file() else None
