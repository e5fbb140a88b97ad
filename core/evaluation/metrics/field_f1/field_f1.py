"""F1 over the pairs of field and value of each row, averaged over the rows, by scikit-learn; a row that wants nothing and gets nothing counts 1."""

import datasets
import evaluate
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

from core.tasks.extraction import said_in

BROKEN = frozenset({("", "no JSON object")})  # a pair that no reference holds: what is no JSON object finds nothing, also where nothing is wanted


class FieldF1(evaluate.Metric):
    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description=__doc__, citation="", inputs_description="", features=features)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        given, wanted = _pairs(predictions, BROKEN), _pairs(references, frozenset())
        # Two columns that stay empty: scikit-learn takes a table of one column for something else than several labels a row.
        marks = MultiLabelBinarizer(sparse_output=True).fit([*given, *wanted, {("", "0"), ("", "1")}])
        return {"field_f1": float(f1_score(marks.transform(wanted), marks.transform(given), average="samples", zero_division=1))}

    def row_scores(self, predictions: list[str], references: list[str]) -> list[float]:
        rows = zip(_pairs(predictions, BROKEN), _pairs(references, frozenset()), strict=True)
        return [2 * len(given & wanted) / (len(given) + len(wanted)) if given or wanted else 1.0 for given, wanted in rows]


def _pairs(texts: list[str], broken: frozenset[tuple[str, str]]) -> list[frozenset[tuple[str, str]]]:
    read = [said_in(text) for text in texts]
    return [broken if pairs is None else pairs for pairs in read]
