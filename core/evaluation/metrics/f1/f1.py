"""F1 averaged over the categories that stand in the references, so that rare ones count as much as common ones; by scikit-learn."""

from collections.abc import Callable

import datasets
import evaluate
import numpy
from sklearn.metrics import f1_score


class F1(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description=__doc__, citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        # Only the categories of the references: every model is averaged over the same ones, whatever else it answers.
        wanted = sorted(set(references))
        return {"f1": float(f1_score(references, predictions, labels=wanted, average="macro", zero_division=0))}

    def resampled(self, predictions: list[str], references: list[str]) -> Callable[[numpy.ndarray], float]:
        """The same value for a drawing of rows (indices), averaged over the categories that were drawn."""
        names = sorted({*predictions, *references})
        number = {name: i for i, name in enumerate(names)}
        given = numpy.array([number[name] for name in predictions])
        wanted = numpy.array([number[name] for name in references])

        def value(rows: numpy.ndarray) -> float:
            drawn_given, drawn_wanted = given[rows], wanted[rows]
            right = numpy.bincount(drawn_wanted[drawn_given == drawn_wanted], minlength=len(names))
            asked = numpy.bincount(drawn_wanted, minlength=len(names))
            total = asked + numpy.bincount(drawn_given, minlength=len(names))
            present = asked > 0
            return float(numpy.mean(2 * right[present] / total[present]))

        return value
