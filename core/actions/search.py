"""Search: which settings to try, the search itself, how it goes, and the training of its winner."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.jobs import job_of
from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.actions.run import run_of
from core.actions.train import Checked, TrainRequest, check_fit, checked, estimate_of, frozen_rows, job_inputs, plan_training, train
from core.errors import NotFound, UserError
from core.jobs.spec import JobSpec
from core.jobs.supervisor import RESUMABLE
from core.models.installed import STARTER
from core.search.job import NothingToCompareBy
from core.search.kind import SEARCH_KIND
from core.search.ranges import Range, known_names, ranges_for, recipe_with, said_of, suggested
from core.search.record import Record, Sampler, SearchSettings, Trial
from core.sentence import Sentence
from core.training.recipe import Recipe
from core.training.settings import ROWS_FILE
from storage import jobs
from storage.rows import Job, Run

_EXAMPLE_ID = "abcdefghijklm"
_SHARE_OF_WHOLE = 0.5  # of what all trials would take, where weak ones are stopped early: 0.46 to 0.57 in tests/bench/search.py


class NoWinner(UserError):
    """The search has no trial with a result yet."""

    sentence = "This search has no result yet, so there is nothing to train. Wait for its first trial, or search again. Nothing was started."
    status = 409

    def __init__(self) -> None:
        super().__init__()


class StartRequest(Request):
    """Where a search starts from: a training's recipe, a recipe, or a preset."""

    project: str = Field(description="The project.")
    from_run: str | None = Field(None, description="The training whose recipe is to be bettered; without it, the recipe or the preset given here.")
    recipe: str | None = Field(None, description="A recipe as TOML.", max_length=20_000)
    preset: str = Field("quick", description="quick, balanced or thorough; not used when a training or a recipe is given.")
    base_model: str = Field(STARTER, description="The model that learns; not used when a training or a recipe is given.")
    dataset: str | None = Field(None, description="The rows to learn from; without it, the project's latest dataset.")


class SearchRequest(StartRequest):
    ranges: dict[str, str] = Field(
        default_factory=dict,
        max_length=12,
        description='What to try, by setting: from where to where ("1e-5…1e-3"), or which ones ("8, 16, 32"), or "" for what is suggested. '
        "Without it, all that is suggested.",
    )
    trials: int = Field(20, ge=2, le=500, description="How many combinations are tried at most.")
    minutes: float | None = Field(None, gt=0, le=10_000, description="How many minutes are spent at most.")
    sampler: Sampler = Field(Sampler.TPE, description="tpe goes on where good ones were, random does not.")
    halving: bool = Field(True, description="Stop weak combinations early.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same seed tries the same combinations.")


class SearchStatusRequest(Request):
    project: str = Field(description="The project.")
    search: str | None = Field(None, description="The search; without it, the latest.")


class TrainWinnerRequest(Request):
    search: str = Field(description="The search whose best combination is to be trained.")
    name: str | None = Field(None, min_length=1, max_length=120, description="What the run is called.")


@dataclass(frozen=True)
class SearchProposal:
    """What would be tried, and the settings that could be tried besides. `said` says in English what each is."""

    recipe: Recipe
    ranges: tuple[Range, ...]
    others: tuple[str, ...]
    said: dict[str, str]


@dataclass(frozen=True)
class SearchStatus:
    """How a search goes. `start` is its first trial: the recipe as it was, if that has ended. `said` says in English what each setting is."""

    job: Job
    settings: SearchSettings
    trials: tuple[Trial, ...]
    importance: dict[str, float]
    winner: Trial | None
    start: Trial | None
    winner_recipe: str | None
    said: dict[str, str]
    can_resume: bool


@action("search-ranges", request=StartRequest, sentence="Say which settings a search would try, from where to where.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID})  # fmt: skip
def search_ranges(context: Context, request: StartRequest) -> SearchProposal:
    asked = checked(context, _start(context, request))
    ranges = suggested(asked.recipe, asked.shape.parameters, asked.size.train_rows)
    names = (*(found.name for found in ranges), *known_names(asked.recipe))
    said = {name: said_of(asked.recipe, name) for name in names}
    return SearchProposal(asked.recipe, ranges, tuple(name for name in said if name not in names[: len(ranges)]), said)


def plan_search(context: Context, request: SearchRequest) -> Plan:
    asked = checked(context, _start(context, request))
    ranges = _ranges(asked, request)
    whole = estimate_of(context, asked).estimate.seconds
    seconds = None if whole is None else whole * request.trials * (_SHARE_OF_WHOLE if request.halving else 1.0)
    if request.minutes is not None:
        seconds = 60 * request.minutes if seconds is None else min(seconds, 60 * request.minutes)
    facts = {
        "trials": request.trials, "model": asked.base.name, "settings": ", ".join(found.name for found in ranges), "rows": asked.size.train_rows,
        "dataset": asked.dataset.name,
    }  # fmt: skip
    what = Sentence(
        "search.plan",
        "Try up to {trials:,} combinations of {settings} for '{model}', on about {rows:,} rows of '{dataset}'. No model is kept yet.",
        facts,
    )
    return Plan(what, seconds, None, Sentence("search.undo", "Stop at any time: what was found until then is kept."))


@action("search", request=SearchRequest, sentence="Try several settings and find out which learn best.", undo="Stop at any time; what was found is kept.",
        costs=True, plan=plan_search, example={"project": _EXAMPLE_ID, "trials": 20})  # fmt: skip
def search(context: Context, request: SearchRequest) -> Job:
    """Raises CannotTry, NothingToCompareBy, and what keeps a training from starting."""
    asked = checked(context, _start(context, request))
    check_fit(context, asked)
    ranges = _ranges(asked, request)
    split = frozen_rows(context, asked.dataset)
    if split.validation == 0:
        raise NothingToCompareBy
    settings = SearchSettings(
        recipe=asked.recipe, base=asked.base, ranges=ranges, trials=request.trials, minutes=request.minutes, sampler=request.sampler,
        halving=request.halving, seed=request.seed,
    )  # fmt: skip
    return context.workshop.supervisor.submit(
        SEARCH_KIND.name, settings, owner=context.actor, project=asked.project.id, subject=asked.dataset.id,
        inputs=lambda folder: job_inputs(context, split, folder, asked.recipe),
    )  # fmt: skip


@action("search-status", request=SearchStatusRequest, sentence="Say how a search goes: what was tried, what is best until now, which settings mattered.",
        scope=Scope.READ, example={"project": _EXAMPLE_ID})  # fmt: skip
def search_status(context: Context, request: SearchStatusRequest) -> SearchStatus | None:
    """None where the project has none yet. Raises NotFound for one that is not there."""
    project = project_of(context, request.project)
    if request.search is not None:
        return _status(_search_of(context, request.search))
    known = jobs.of_project(context.workshop.store, project.id, SEARCH_KIND.name)
    return _status(known[0]) if known else None


def plan_winner(context: Context, request: TrainWinnerRequest) -> Plan:
    return plan_training(context, _winner_request(context, request))


@action("train-winner", request=TrainWinnerRequest, sentence="Train with the best settings that a search has found.", costs=True, plan=plan_winner,
        undo="Stop at any time; the best weights until then are kept.", example={"search": _EXAMPLE_ID})  # fmt: skip
def train_winner(context: Context, request: TrainWinnerRequest) -> Run:
    """Raises NoWinner, and what keeps a training from starting."""
    run: Run = train(context, _winner_request(context, request))
    return run


def _start(context: Context, request: StartRequest) -> TrainRequest:
    recipe, dataset = request.recipe, request.dataset
    if request.from_run is not None:
        run = run_of(context, request.from_run)
        recipe, dataset = run.recipe, dataset or run.dataset
    return TrainRequest(project=request.project, preset=request.preset, base_model=request.base_model, recipe=recipe, dataset=dataset)


def _ranges(asked: Checked, request: SearchRequest) -> tuple[Range, ...]:
    return ranges_for(asked.recipe, request.ranges, suggested(asked.recipe, asked.shape.parameters, asked.size.train_rows))


def _search_of(context: Context, id: str) -> Job:
    found = job_of(context, id)
    if found.kind != SEARCH_KIND.name:
        raise NotFound(thing="search", id=id)
    return found


def _status(job: Job) -> SearchStatus:
    folder = Path(job.folder)
    settings, record = SearchSettings.model_validate(JobSpec.of(folder).settings), Record.of(folder)
    winner = record.winner
    return SearchStatus(
        job=job,
        settings=settings,
        trials=record.trials,
        importance=record.importance,
        winner=winner,
        start=next((trial for trial in record.ended if trial.number == 1), None),
        winner_recipe=recipe_with(settings.recipe, settings.ranges, winner.values).to_toml() if winner is not None else None,
        said={found.name: said_of(settings.recipe, found.name) for found in settings.ranges},
        can_resume=job.state in RESUMABLE and (folder / ROWS_FILE).is_file(),
    )


def _winner_request(context: Context, request: TrainWinnerRequest) -> TrainRequest:
    job = _search_of(context, request.search)
    status = _status(job)
    if status.winner_recipe is None:
        raise NoWinner
    name = request.name or f"Best of {len(status.trials)}"
    return TrainRequest(project=job.project, recipe=status.winner_recipe, dataset=job.subject, name=name)
