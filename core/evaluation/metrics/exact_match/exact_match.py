"""The share of answers that equal the reference, white space at the edges aside; counted by scikit-learn."""

import datasets
import evaluate
from sklearn.metrics import accuracy_score


class ExactMatch(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description=__doc__, citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        return {"exact_match": float(accuracy_score([text.strip() for text in references], [text.strip() for text in predictions]))}

    def row_scores(self, predictions: list[str], references: list[str]) -> list[float]:
        return [float(given.strip() == wanted.strip()) for given, wanted in zip(predictions, references, strict=True)]
