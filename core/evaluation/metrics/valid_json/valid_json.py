"""The share of answers that are one JSON object, read by Python's own parser."""

import datasets
import evaluate

from core.tasks.extraction import fields_of


class ValidJson(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description=__doc__, citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        scores = self.row_scores(predictions, references)
        return {"valid_json": sum(scores) / len(scores)}

    def row_scores(self, predictions: list[str], references: list[str]) -> list[float]:
        return [float(fields_of(given) is not None) for given in predictions]
