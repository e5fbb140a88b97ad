"""BLEU of the whole set (Papineni et al. 2002), from 0 to 1, by sacrebleu; its signature says how it was counted."""

from collections.abc import Callable

import datasets
import evaluate
import numpy
from sacrebleu.metrics.bleu import BLEU


class Bleu(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description=__doc__, citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float | str]:
        counter = BLEU()
        score = counter.corpus_score(predictions, [references])
        return {"bleu": score.score / 100, "signature": str(counter.get_signature())}

    def resampled(self, predictions: list[str], references: list[str]) -> Callable[[numpy.ndarray], float]:
        """The same value for a drawing of rows (indices): counts are kept per row and added up."""
        counter = BLEU()
        rows = numpy.array(counter._extract_corpus_statistics(predictions, [references]), dtype=numpy.int64)

        def value(drawn: numpy.ndarray) -> float:
            return float(counter._compute_score_from_stats(rows[drawn].sum(axis=0).tolist()).score) / 100

        return value
