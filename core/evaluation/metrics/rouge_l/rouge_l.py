"""ROUGE-L F (Lin 2004), averaged over the rows; counted by rouge-score on words of any script, without stemming."""

import datasets
import evaluate

from core.tasks.overlap import rouge_l


class RougeL(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description=__doc__, citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        scores = self.row_scores(predictions, references)
        return {"rouge_l": sum(scores) / len(scores)}

    def row_scores(self, predictions: list[str], references: list[str]) -> list[float]:
        return [rouge_l(given, wanted) for given, wanted in zip(predictions, references, strict=True)]
