"""The curves of one training as parts: the losses on one chart, and what goes along with them in small ones."""

from collections.abc import Callable

from core.actions.run import RunStatus
from storage.rows import JobState
from ui.parts import curve
from ui.parts.part import Link
from ui.parts.small_charts import MOST_POINTS, SmallChart, SmallCharts
from ui.visit import Visit
from ui.words import Words

Say = Callable[[Words, float], str]
# Each with its own name in the field, and how its latest value is said.
_SMALL: dict[str, tuple[str, Say]] = {
    "eval_accuracy": ("validation accuracy", lambda words, value: words.percent(value)),
    "learning_rate": ("learning rate", lambda words, value: words.exact(value)),
    "grad_norm": ("gradient norm", lambda words, value: words.number(value, 2)),
    "tokens_per_second": ("tokens per second", lambda words, value: words.number(value)),
    "processors": ("CPU cores in use", lambda words, value: words.number(value, 1)),
    "memory_bytes": ("resident set size", lambda words, value: words.size(value)),
    "gpu_memory_bytes": ("GPU memory allocated", lambda words, value: words.size(value)),
}


def small_of(visit: Visit, status: RunStatus) -> SmallCharts | None:
    """None while there is nothing to draw a line from."""
    words, charts = visit.words, []
    for name, (term, say) in _SMALL.items():
        points = points_of(status, name, MOST_POINTS)
        if len(points) < 2:
            continue
        values = [value for _, value in points]
        summary = words(
            "train.small_summary", first=say(words, values[0]), last=say(words, values[-1]), low=say(words, min(values)), high=say(words, max(values))
        )
        charts.append(SmallChart(words(f"train.small.{name}"), term, say(words, values[-1]), summary, points))
    return SmallCharts(words("train.small_charts"), tuple(charts)) if charts else None


def curve_of(visit: Visit, status: RunStatus) -> curve.Curve:
    words, reading = visit.words, status.reading
    train, valid = points_of(status, "loss"), points_of(status, "eval_loss")
    best = None
    if status.run.best_step is not None and status.run.best_loss is not None:  # what is kept, by whatever the recipe keeps the best
        named = words("train.best", step=status.run.best_step, loss=status.run.best_loss)
        best = curve.Best(status.run.best_step, status.run.best_loss, named)
    at = step_of(status)
    now = words("train.step", step=at, steps=steps_of(status)) if at is not None and steps_of(status) else ""
    summary = words("train.summary_empty")
    if train:
        summary = words("train.summary", first=train[0][1], last=train[-1][1], step=train[-1][0])
    if valid:
        summary += " " + words("train.summary_valid", first=valid[0][1], last=valid[-1][1])
    if best:
        summary += " " + words("train.summary_best", step=best.step, loss=best.value)
    spoken = words.say(reading.said) if valid else ""
    return curve.Curve(
        train,
        valid,
        steps_of(status),
        best,
        words("train.loss"),
        words("train.eval_loss"),
        words("train.axis"),
        now,
        summary,
        words("train.waiting"),
        spoken,
        home=(Link(words("train.as_table"), f"/api/runs/{status.run.id}/curves"),) if train else (),
        picture=words("train.as_picture") if train else "",
        file=status.run.name,
    )


def points_of(status: RunStatus, name: str, most: int = curve.MOST_POINTS) -> tuple[tuple[int, float], ...]:
    """(step, value), oldest first; none for a curve that the run has not."""
    found = next((series for series in status.curves if series.name == name), None)
    return curve.thinned(tuple(zip(found.steps, found.values, strict=True)), most) if found else ()


def step_of(status: RunStatus) -> int | None:
    """The last that was told of."""
    return max((series.steps[-1] for series in status.curves if series.steps), default=None)


def steps_of(status: RunStatus) -> int:
    """All the steps of the run: those that were planned, or that it took where it came to its end before; 0 while nobody knows."""
    return (step_of(status) or 0) if status.job.state is JobState.DONE else status.steps
