"""Runs: the list, and how one goes: its curves, what the coach reads in them, what it uses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.errors import NotFound
from core.jobs.events import Failure, from_lines
from core.sentence import Sentence
from core.training.coach import Proposal, Reading, read
from core.training.coach.look import FACT
from core.training.keeping import last_checkpoint
from core.training.recipe import Recipe
from core.training.rescue import rescue
from storage import jobs, runs
from storage.rows import LIVE, Job, JobState, Point, Run, RunId

_EXAMPLE_ID = "abcdefghijklm"
_MOST_POINTS = 1000  # a series; a chart shows no more


@dataclass(frozen=True)
class Series:
    """One curve: steps and values of equal number."""

    name: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class RunSummary:
    """A run in the list."""

    run: Run
    state: JobState
    progress: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Offer:
    """What the coach proposes, as an action with its values: asked for as any other, so that its plan is shown first."""

    verb: str
    said: Sentence
    values: dict[str, Any]


@dataclass(frozen=True)
class RunStatus:
    """How a run goes. `steps` are all that were planned, 0 until it is known; `error` is what ended it, in a sentence; `notes` are what it said on its
    way; `reading` is the coach's."""

    run: Run
    recipe: Recipe
    job: Job
    curves: tuple[Series, ...]
    steps: int
    reading: Reading
    offer: Offer | None
    notes: tuple[Sentence, ...]
    error: Sentence | None
    tokens_per_second: float | None
    memory_bytes: int | None
    has_model: bool
    can_resume: bool


class RunsRequest(Request):
    project: str = Field(description="The project.")


class RunRequest(Request):
    run: str = Field(description="The run.")


class WhyRequest(Request):
    project: str = Field(description="The project.")
    run: str | None = Field(None, description="The run; without it, the latest.")


def run_of(context: Context, id: str) -> Run:
    """The actor's own run. Raises NotFound."""
    found = runs.get(context.workshop.store, context.actor, RunId(id))
    if found is None:
        raise NotFound(thing="run", id=id)
    return found


@action("runs", request=RunsRequest, sentence="List a project's runs.", scope=Scope.READ, example={"project": _EXAMPLE_ID})
def list_runs(context: Context, request: RunsRequest) -> tuple[RunSummary, ...]:
    project, store = project_of(context, request.project), context.workshop.store
    by_id = {job.id: job for job in jobs.of_project(store, project.id)}
    found = [(run, by_id[run.job]) for run in runs.of_project(store, project.id) if run.job in by_id]
    return tuple(RunSummary(run, job.state, job.progress, job.seconds_left) for run, job in found)


@action("run", request=RunRequest, sentence="Show how a run goes: curves, best step, time left.", scope=Scope.READ, example={"run": _EXAMPLE_ID})
def show_run(context: Context, request: RunRequest) -> RunStatus:
    return status_of(context, run_of(context, request.run))


@action("how", request=WhyRequest, sentence="Say in a sentence how a run goes and why, such as why its validation loss rises.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID})  # fmt: skip
def how(context: Context, request: WhyRequest) -> Reading:
    project, store = project_of(context, request.project), context.workshop.store
    if request.run is not None:
        return read(runs.points_after(store, run_of(context, request.run).id))
    found = runs.of_project(store, project.id)
    if not found:
        raise NotFound(thing="run", id="latest")
    return read(runs.points_after(store, found[0].id))


def status_of(context: Context, run: Run) -> RunStatus:
    store = context.workshop.store
    job, points = jobs.find(store, run.job), runs.points_after(store, run.id)
    folder, resource = Path(job.folder), jobs.latest_resource(store, job.id)
    speeds = [point.value for point in points if point.name == "tokens_per_second"]
    notes = tuple(Sentence(said.key, said.english, json.loads(said.facts)) for said in jobs.advice(store, run.id))
    return RunStatus(
        run=run,
        recipe=Recipe.from_toml(run.recipe),
        job=job,
        curves=curves_of(points),
        steps=next((int(point.value) for point in points if point.name == FACT + "steps"), 0),
        reading=(reading := read(points)),
        offer=offer_of(run, _rescue(job, run) if job.state is JobState.FAILED else reading.proposal),
        notes=notes,
        error=said_of_failure(job.error),
        tokens_per_second=speeds[-1] if speeds else None,
        memory_bytes=resource.rss_bytes if resource else None,
        has_model=(folder / "model" / "manifest.json").is_file(),
        can_resume=job.state is JobState.PAUSED
        or (job.state not in LIVE and job.state is not JobState.DONE and last_checkpoint(folder, check=False) is not None),
    )


def _rescue(job: Job, run: Run) -> Proposal | None:
    return rescue(json.loads(job.error).get("error", ""), Recipe.from_toml(run.recipe)) if job.error else None


def offer_of(run: Run, proposal: Proposal | None) -> Offer | None:
    """A proposal for this run's own data: the same recipe with some fields changed, or what is to be done to the rows first."""
    if proposal is None:
        return None
    values: dict[str, dict[str, Any]] = {
        "train": {"project": run.project, "dataset": run.dataset},
        "checkup": {"dataset": run.dataset},
        "mend": {"dataset": run.dataset, "check": "exact-duplicates"},
    }
    chosen = values.get(proposal.verb, {})
    if proposal.verb == "train":
        recipe = Recipe.of({**Recipe.from_toml(run.recipe).model_dump(), **proposal.changes})
        chosen["recipe"] = recipe.to_toml()
    return Offer(proposal.verb, proposal.said, chosen)


def curves_of(points: Sequence[Point]) -> tuple[Series, ...]:
    """By name, each with at most a thousand points: of neighbours the mean at the last one's step. The first point stays as it is."""
    names = sorted({point.name for point in points if not point.name.startswith(FACT)})
    return tuple(_series(name, [point for point in points if point.name == name]) for name in names)


def _series(name: str, points: Sequence[Point]) -> Series:
    if len(points) > _MOST_POINTS:
        size = -(-(len(points) - 1) // (_MOST_POINTS - 1))
        groups = [points[:1], *(points[start : start + size] for start in range(1, len(points), size))]
        points = [Point(group[-1].step, name, sum(point.value for point in group) / len(group)) for group in groups]
    return Series(name, tuple(point.step for point in points), tuple(point.value for point in points))


def said_of_failure(error: str | None) -> Sentence | None:
    """What a job's error says: a Failure event as JSON."""
    event = next((event for event, _ in from_lines(error.encode() + b"\n")), None) if error is not None else None
    if not isinstance(event, Failure):
        return None
    return Sentence(f"errors.{event.error}", event.sentence.replace("{", "{{").replace("}", "}}"), event.facts)
