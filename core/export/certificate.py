"""What the check of an exported model found, and its colour by stated tolerances."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.export.targets import Precision

RED_METRIC_LOSS_POINTS = 5.0


class Colour(StrEnum):
    """Green: as good as the tuned model. Amber: usable, with a loss that is told. Red: not to be used without a reason."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Score(_Frozen):
    """The task's metric on the checked rows, from 0 to 1, with a 95 % interval. `right` counts rows where the metric is right or wrong."""

    value: float
    rows: int
    right: int | None
    low: float
    high: float


class TokenizerCheck(_Frozen):
    """Rows whose question (as rendered) and answer have the same tokens outside as in training."""

    rows: int
    equal: int
    first_difference: str | None = None


class LogitCheck(_Frozen):
    """Differences of the next token's logits over all `positions` of `rows`."""

    rows: int
    positions: int
    largest: float
    mean: float


class AnswerCheck(_Frozen):
    rows: int
    equal: int


class Speed(_Frozen):
    """Tokens read and written a second, one question at a time, with `threads`, on the machine that exported; other work slows both."""

    tuned: float
    exported: float
    questions: int
    threads: int


class Findings(_Frozen):
    """All that was measured; parts are None when the exported model did not load (`load_failure`) or there was no row to ask."""

    load_failure: str | None = None
    tokenizer: TokenizerCheck | None = None
    logits: LogitCheck | None = None
    answers: AnswerCheck | None = None
    metric: str = ""
    tuned: Score | None = None
    exported: Score | None = None
    speed: Speed | None = None

    @property
    def metric_loss_points(self) -> float:
        """How many points of 100 the export lost; negative when it gained."""
        return 0.0 if self.tuned is None or self.exported is None else 100 * (self.tuned.value - self.exported.value)


class Reason(_Frozen):
    """A sentence with its facts; `key` finds it in a word file."""

    key: str
    english: str
    facts: dict[str, Any] = Field(default_factory=dict)

    def __str__(self) -> str:
        return self.english.format(**self.facts)


class FileHash(_Frozen):
    name: str
    sha256: str
    size_bytes: int


class Took(_Frozen):
    """Seconds of the steps of this export, for the estimate of the next."""

    merge_s: float
    build_s: float
    check_s: float
    parameters: int


class Certificate(_Frozen):
    """The check's report. `checked_rows` of `test_rows` were asked. `files` are the model's, without this report, the card and the scripts."""

    certificate_version: int = 1
    name: str
    target: str
    precision: str
    task: str
    base_model: str
    colour: Colour
    reasons: tuple[Reason, ...]
    findings: Findings
    checked_rows: int
    test_rows: int
    model_bytes: int
    tuned_bytes: int
    files: tuple[FileHash, ...]
    took: Took
    versions: dict[str, str]
    made_on: str


_UNREADABLE = "The exported model did not load: {why}."
_TOKENS = "The tokenizer of the package gives other tokens than in training for {different:,} of {rows:,} texts, so its answers cannot be trusted."
_NUMBERS = "The exported model gives numbers that are not finite."
_LOST_MUCH = "It loses {points:.1f} points of {metric} on {rows:,} test rows; more than {limit:g} points is too much."
_LOST = "It loses {points:.1f} points of {metric} on {rows:,} test rows; up to {limit:g} would be green. The exact version (fp32) keeps them."
_DRIFT = "Its largest difference to the tuned model's numbers is {largest:.2g}; up to {limit:g} would be green."
_UNASKED = "There was no test row to ask, so nothing is known about its answers."
_SAME = "{equal:,} of {rows:,} answers are the tuned model's own, and it loses {points:.1f} points of {metric} (up to {limit:g} is green)."


def judge(findings: Findings, precision: Precision) -> tuple[Colour, tuple[Reason, ...]]:
    """The worst of what was found, with a sentence for each thing that is not green (or one that says why it is)."""
    if findings.load_failure is not None:
        return Colour.RED, (Reason(key="export.unreadable", english=_UNREADABLE, facts={"why": findings.load_failure}),)
    red, amber = _red(findings), _amber(findings, precision)
    if red:
        return Colour.RED, tuple(red)
    if amber:
        return Colour.AMBER, tuple(amber)
    assert findings.answers is not None
    facts = {"equal": findings.answers.equal, "rows": findings.answers.rows, **_loss(findings, precision.green_metric_loss_points)}
    return Colour.GREEN, (Reason(key="export.same", english=_SAME, facts=facts),)


def _red(findings: Findings) -> Sequence[Reason]:
    found = []
    tokens, logits = findings.tokenizer, findings.logits
    if tokens is not None and tokens.equal < tokens.rows:
        facts = {"different": tokens.rows - tokens.equal, "rows": tokens.rows}
        found.append(Reason(key="export.tokens", english=_TOKENS, facts=facts))
    if logits is not None and not math.isfinite(logits.largest):
        found.append(Reason(key="export.numbers", english=_NUMBERS))
    if _points(findings) > RED_METRIC_LOSS_POINTS:
        found.append(Reason(key="export.lost_much", english=_LOST_MUCH, facts=_loss(findings, RED_METRIC_LOSS_POINTS)))
    return found


def _amber(findings: Findings, precision: Precision) -> Sequence[Reason]:
    found = []
    if findings.answers is None or findings.answers.rows == 0:
        found.append(Reason(key="export.unasked", english=_UNASKED))
    if _points(findings) > precision.green_metric_loss_points:
        found.append(Reason(key="export.lost", english=_LOST, facts=_loss(findings, precision.green_metric_loss_points)))
    limit, logits = precision.green_logit_difference, findings.logits
    if limit is not None and logits is not None and logits.largest > limit:
        found.append(Reason(key="export.drift", english=_DRIFT, facts={"largest": logits.largest, "limit": limit}))
    return found


def _points(findings: Findings) -> float:
    return round(findings.metric_loss_points, 9)  # 0.90 - 0.89 is a hair more than a point


def _loss(findings: Findings, limit: float) -> dict[str, Any]:
    rows = findings.exported.rows if findings.exported else 0
    return {"points": max(0.0, _points(findings)), "metric": findings.metric, "rows": rows, "limit": limit}
