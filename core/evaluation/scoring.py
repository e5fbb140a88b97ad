"""From answers to numbers: every metric of a task with its interval, and the score of each row."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.evaluation.metrics.about import Metric, load
from core.evaluation.statistics import DRAWINGS, Interval, drawn_interval, score_interval, share_interval
from core.evaluation.verdict import MetricValue
from core.tasks.base import Task

_INTERVALS = {
    "share": "Wilson interval, 95 %",
    "mean": f"bootstrap percentile interval, 95 %, {DRAWINGS} drawings of the rows, widened for few rows",
    "corpus": f"bootstrap percentile interval, 95 %, {DRAWINGS} drawings of the rows, widened for few rows",
}


class Scorer:
    """The metrics of a task, loaded once. Only for children: evaluate takes seconds to import."""

    def __init__(self, task: Task, scratch: Path, seed: int) -> None:
        self._headline, self._seed = task.headline_metric, seed
        self._metrics: Mapping[str, Metric] = {name: load(name, scratch) for name in task.metrics}

    @property
    def counts_rows(self) -> bool:
        """Whether the headline metric says right or wrong of each row."""
        return self._metrics[self._headline].about.kind == "share"

    def row_scores(self, answers: Sequence[str], references: Sequence[str]) -> list[float]:
        """Of the headline metric, one a row, from 0 to 1."""
        return self._metrics[self._headline].module.row_scores(list(answers), list(references))

    def values(self, answers: Sequence[str], references: Sequence[str]) -> tuple[MetricValue, ...]:
        """The headline metric first. Empty where there are no rows."""
        names = sorted(self._metrics, key=lambda name: name != self._headline)
        return tuple(self._value(self._metrics[name], list(answers), list(references)) for name in names) if answers else ()

    def _value(self, metric: Metric, answers: list[str], references: list[str]) -> MetricValue:
        about, found = metric.about, metric.module.compute(predictions=answers, references=references)
        interval, right = self._interval(metric, answers, references)
        return MetricValue(
            name=metric.name,
            label=about.label,
            explanation=about.explanation,
            term=about.term,
            value=float(found[metric.name]),
            low=None if interval is None else interval.low,
            high=None if interval is None else interval.high,
            right=right,
            rows=len(answers),
            headline=metric.name == self._headline,
            better=about.better,
            how_counted=str(found.get("signature", about.reference)),
            interval=_INTERVALS[about.kind],
        )

    def _interval(self, metric: Metric, answers: list[str], references: list[str]) -> tuple[Interval | None, int | None]:
        if metric.about.kind == "corpus":
            return drawn_interval(metric.module.resampled(answers, references), len(answers), self._seed), None
        scores = metric.module.row_scores(answers, references)
        if metric.about.kind == "share":
            right = round(sum(scores))
            return share_interval(right, len(scores)), right
        return score_interval(scores, self._seed), None
