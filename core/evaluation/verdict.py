"""The verdict: what was measured, on how many rows, how sure it is, and what it means in sentences. This document is all that any door shows."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from core.sentence import Sentence


class Part(BaseModel):
    """A piece of the document: frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Fact = str | int | float | None


class Line(Part):
    """A sentence as it is stored. `term` is what the field calls what is said, for the hover text; facts may be lines themselves."""

    key: str
    english: str
    facts: dict[str, "Fact | Line"] = {}
    term: str = ""

    def sentence(self) -> Sentence:
        return Sentence(self.key, self.english, {name: fact.sentence() if isinstance(fact, Line) else fact for name, fact in self.facts.items()})

    def __str__(self) -> str:
        return str(self.sentence())


class Candidate(StrEnum):
    """Who was asked. The baselines are what a person could have for less."""

    TUNED = "tuned"
    BASE = "base"
    CLASSIC = "classic"
    NEAREST = "nearest"
    LEAD = "lead"
    MAJORITY = "majority"


class MetricValue(Part):
    """`low` and `high` are the 95 % interval, None where there are too few rows for one. `right` counts rows where the metric counts rows."""

    name: str
    label: str
    explanation: str
    term: str
    value: float
    low: float | None
    high: float | None
    right: int | None
    rows: int
    headline: bool
    better: Literal["higher", "lower"]
    how_counted: str  # library and settings
    interval: str  # how the interval was made


class CandidateResult(Part):
    """`why_not` says why nothing was measured; then `metrics` is empty. `prompt` says what a model that was not taught the task was told;
    on `silent` rows it wrote nothing, on `unread` ones of them since the text fills its whole context. `parted` rows are too long for it too: they were
    asked in `pieces`."""

    name: Candidate
    label: Line
    rows: int
    metrics: tuple[MetricValue, ...] = ()
    seconds: float | None = None
    silent: int = 0
    unread: int = 0
    parted: int = 0
    pieces: int = 0
    learned_from: int | None = None
    prompt: Line | None = None
    why_not: Line | None = None

    @property
    def headline(self) -> MetricValue | None:
        return next((metric for metric in self.metrics if metric.headline), None)


class Outcome(StrEnum):
    """Of the tuned model against another on the same rows."""

    BETTER = "better"
    NOT_CLEAR = "not clear"
    EQUAL = "equal"  # on each single row
    WORSE = "worse"
    TOO_FEW = "too few"
    NOT_MEASURED = "not measured"


class Comparison(Part):
    """Rows on which the tuned model was better, worse and equal; `difference` is of the headline metric, with its 95 % interval."""

    against: Candidate
    outcome: Outcome
    better: int
    worse: int
    equal: int
    rows: int
    difference: float
    low: float | None
    high: float | None
    p: float | None
    test: str
    line: Line


class CategoryResult(Part):
    """One category, or one field of an extraction. `mistaken_for` is what the tuned model most often wrote instead, on `mistaken_rows`."""

    name: str
    rows: int
    right: int
    learned_from: int
    mistaken_for: str | None = None
    mistaken_rows: int = 0


class FieldResult(Part):
    """One field of a form, on the asked rows. `wanted` rows have it and `right` of them got it whole; `not_there` rows do not have it and on
    `not_there_right` of them the tuned model said so. Values that it gave, and `made_up` among them, which stand in no text; `own_` of the stored answers."""

    name: str
    wanted: int
    right: int
    given: int
    made_up: int
    own_given: int
    own_made_up: int
    not_there: int
    not_there_right: int


class VerdictDocument(Part):
    """`rows` were asked of `test_rows` in the split. `headline` compares with `strongest`, the best of the baselines and the base model."""

    document_version: Literal[1] = 1
    task: str
    run: str
    outcome: Outcome
    headline: Line
    beside: tuple[Line, ...] = ()
    rows: int
    test_rows: int
    train_rows: int
    seed: int
    opened: int
    sealed: bool
    restricted: bool  # answers were held to the known ones
    strongest: Candidate | None
    candidates: tuple[CandidateResult, ...]
    comparisons: tuple[Comparison, ...]
    worst: tuple[CategoryResult, ...] = ()
    fields: tuple[FieldResult, ...] = ()
    advice: tuple[Line, ...] = ()
    not_measured: tuple[Line, ...] = ()

    def result(self, name: Candidate) -> CandidateResult | None:
        return next((candidate for candidate in self.candidates if candidate.name is name), None)

    def against(self, name: Candidate) -> Comparison | None:
        return next((comparison for comparison in self.comparisons if comparison.against is name), None)
