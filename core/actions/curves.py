"""Curves beyond one page: runs side by side with what their recipes differ in, and curves to take home."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.actions.run import Series, curves_of, run_of
from core.data.exported import guarded
from core.errors import NotFound, UserError
from core.methods.base import method
from core.training.coach.look import FACT
from core.training.eventfile import event_file
from core.training.recipe import Recipe
from storage import jobs, runs
from storage.files import write_atomically
from storage.rows import JobState, Point, Run
from storage.store import Store

_EXAMPLE_ID = "abcdefghijklm"
MOST_RUNS = 8
_SHOWN = ("loss", "eval_loss")
_UNSAID = frozenset({"recipe_version", "preset"})  # of a recipe: what changes nothing in the training
CURVES_FILE = "curves.csv"


class NoEventFile(UserError):
    """The run told no point yet, or it is from before such files were written."""

    sentence = "The training '{run}' has written no TensorBoard file. Its curves can be taken home as a table."
    status = 404

    def __init__(self, *, run: str) -> None:
        super().__init__(run=run)


@dataclass(frozen=True)
class ComparedRun:
    """One of several runs: its curves of loss, its best point, and how long it worked."""

    run: Run
    state: JobState
    curves: tuple[Series, ...]
    best_step: int | None
    best_loss: float | None
    seconds: float | None


@dataclass(frozen=True)
class Difference:
    """A field of the recipe that is not the same in all runs: a value for each, in their order; None where that run's recipe has no such field.
    `label` says in English what it is."""

    field: str
    label: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Comparison:
    """`best` is the run with the lowest validation loss, where at least two have one. Validation losses can be compared where all were checked by
    the `same_rows` and with the `same_measure`: a head counts a row, words count their pieces, and another base model has other pieces."""

    runs: tuple[ComparedRun, ...]
    differences: tuple[Difference, ...]
    best: str | None
    same_rows: bool
    same_measure: bool


@dataclass(frozen=True)
class CurvesFile:
    """A file to take home: `path` for a door to stream, `name` what to call it."""

    path: str
    name: str


class CompareRequest(Request):
    project: str = Field(description="The project.")
    runs: tuple[str, ...] = Field((), max_length=MOST_RUNS, description="The runs to compare; without them, the latest two.")


class CurvesRequest(Request):
    runs: tuple[str, ...] = Field(min_length=1, max_length=MOST_RUNS, description="The runs whose curves are wanted.")


class EventFileRequest(Request):
    run: str = Field(description="The run.")


@action("compare-runs", request=CompareRequest, sentence="Show several runs on one chart, with what their recipes differ in.", scope=Scope.READ,
        example={"project": _EXAMPLE_ID})  # fmt: skip
def compare_runs(context: Context, request: CompareRequest) -> Comparison:
    """In the order in which they were made. Raises NotFound for a run that is not the project's."""
    project, store = project_of(context, request.project), context.workshop.store
    known = {run.id: run for run in runs.of_project(store, project.id)}
    for id in request.runs:
        if id not in known:
            raise NotFound(thing="run", id=id)
    chosen = [run for run in reversed(known.values()) if run.id in request.runs or (not request.runs and run.id in list(known)[:2])]
    compared = tuple(_compared(store, run) for run in chosen)
    ranked = sorted((one.best_loss, one.run.id) for one in compared if one.best_loss is not None)
    recipes = [Recipe.from_toml(run.recipe) for run in chosen]
    return Comparison(
        compared,
        _differences(recipes),
        ranked[0][1] if len(ranked) > 1 and ranked[0][0] < ranked[1][0] else None,
        len({run.split for run in chosen}) <= 1,
        len({(recipe.head, recipe.base_model) for recipe in recipes}) <= 1,
    )


@action("download-curves", request=CurvesRequest, sentence="Take the curves of one or several runs home as a table (CSV).", scope=Scope.READ,
        example={"runs": [_EXAMPLE_ID]})  # fmt: skip
def download_curves(context: Context, request: CurvesRequest) -> CurvesFile:
    """A line a run and step, a column a curve; every point that was kept, not only those that a chart shows."""
    store = context.workshop.store
    chosen = [run_of(context, id) for id in dict.fromkeys(request.runs)]
    table = _table([(run, runs.points_after(store, run.id)) for run in chosen])
    path = Path(jobs.find(store, chosen[0].job).folder) / CURVES_FILE
    write_atomically(path, table.encode("utf-8-sig"))  # so that spreadsheets read the names' letters right
    return CurvesFile(str(path), f"{chosen[0].name if len(chosen) == 1 else 'curves'}.csv")


@action("download-tensorboard", request=EventFileRequest, sentence="Take a run's curves home as the file that TensorBoard reads.", scope=Scope.READ,
        example={"run": _EXAMPLE_ID})  # fmt: skip
def download_tensorboard(context: Context, request: EventFileRequest) -> CurvesFile:
    """Raises NoEventFile."""
    run = run_of(context, request.run)
    path = event_file(Path(jobs.find(context.workshop.store, run.job).folder))
    if path is None:
        raise NoEventFile(run=run.name)
    return CurvesFile(str(path), path.name)


def _compared(store: Store, run: Run) -> ComparedRun:
    job = jobs.find(store, run.job)
    shown = tuple(series for series in curves_of(runs.points_after(store, run.id)) if series.name in _SHOWN)
    valid = next((series for series in shown if series.name == "eval_loss"), None)
    best = min(zip(valid.values, valid.steps, strict=True)) if valid is not None else (None, None)
    return ComparedRun(run, job.state, shown, best[1], best[0], job.took_s)


def _differences(recipes: Sequence[Recipe]) -> tuple[Difference, ...]:
    """In the order of the recipe's fields; the settings of a method or a loss are fields of their own ('lora_r')."""
    told = [_told(recipe) for recipe in recipes]
    names = dict.fromkeys(name for fields in told for name in fields)
    found = (Difference(name, _label(recipes, name), tuple(fields.get(name) for fields in told)) for name in names)
    return tuple(one for one in found if any(value != one.values[0] for value in one.values))


def _label(recipes: Sequence[Recipe], name: str) -> str:
    """From the field's own declaration; that of a loss's setting is its name."""
    fields = [Recipe.model_fields, *(method(recipe.method).Options.model_fields for recipe in recipes)]
    said = next((known[name].description for known in fields if name in known), None)
    return said or name.replace("_", " ").capitalize()


def _told(recipe: Recipe) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in recipe.model_dump(mode="json").items():
        if isinstance(value, dict) and name in ("method_options", "loss_options"):
            fields |= value
        elif name not in _UNSAID:
            fields[name] = value
    return fields


def _table(chosen: Sequence[tuple[Run, Sequence[Point]]]) -> str:
    names = sorted({point.name for _, points in chosen for point in points if not point.name.startswith(FACT)})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["run", "step", *names])
    for run, points in chosen:
        by_step: dict[int, Mapping[str, float]] = {}
        for point in points:
            by_step[point.step] = {**by_step.get(point.step, {}), point.name: point.value}
        for step in sorted(by_step):
            if not by_step[step].keys().isdisjoint(names):
                writer.writerow([guarded(run.name), step, *(by_step[step].get(name, "") for name in names)])
    return text.getvalue()
