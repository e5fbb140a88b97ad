"""Splits: freeze a dataset's rows and deal them out to training, validation and test; propose how; say how alike the parts are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.registry import Context, Scope, action
from core.data import alike
from core.data.alike import AlikeReport
from core.data.proposal import SplitProposal, propose
from core.data.shapes.base import shape
from core.data.split import SplitPlan, freeze
from core.errors import BadValue, NotFound, UserError
from core.sentence import Sentence
from storage import datasets
from storage.bulk import profiling, splitting
from storage.bulk.profiling import PartValue
from storage.errors import NoDates, NothingToSplit
from storage.rows import Dataset, Part, PartCount, Split
from storage.store import Store

_EXAMPLE_ID = "abcdefghijklm"
_MOST_LABELS = 0.5  # of the rows: with more different answers than that they are no categories


class CannotSplit(UserError):
    """There are no answered rows to draw from, or too few."""

    sentence = "'{dataset}' cannot be split: it has no rows with an answer. Import rows first. Nothing was changed."

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


class NothingToLearnFrom(UserError):
    """A column of parts that gives no row to training."""

    sentence = "'{dataset}' cannot be split by '{column}': no row is left to learn from. Its values should be train, validation and test. Nothing was changed."

    def __init__(self, *, dataset: str, column: str) -> None:
        super().__init__(dataset=dataset, column=column)


class CannotSplitByTime(UserError):
    """Fewer than two moments can be read in the column."""

    sentence = (
        "'{dataset}' cannot be split by '{column}': fewer than two different dates can be read in it. Choose a column of dates. Nothing was changed."
    )

    def __init__(self, *, dataset: str, column: str) -> None:
        super().__init__(dataset=dataset, column=column)


@dataclass(frozen=True)
class SplitSummary:
    """A frozen split with how often each answer stands in each part; `counts` is empty where answers are no categories."""

    split: Split
    plan: SplitPlan
    counts: tuple[PartCount, ...]


class SplitRequest(SplitPlan, DatasetRequest):
    """A SplitPlan with its dataset."""


class SplitReportRequest(DatasetRequest):
    split: str | None = Field(None, description="A split of the dataset; the latest if left empty.")
    column: str | None = Field(None, description="A column that is compared too.")


@action("split", request=SplitRequest, sentence="Freeze the rows and split them into training, validation and test.", undo="Split again.",
        example={"dataset": _EXAMPLE_ID, "test_share": 0.1})  # fmt: skip
def split(context: Context, request: SplitRequest) -> Split:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    for field, columns in request.columns.items():
        for column in columns:
            _check_column(dataset, field, column)
    plan = SplitPlan.model_validate(request.model_dump(exclude={"dataset"}))
    try:
        made = freeze(store, dataset.id, plan, sealed_test=datasets.facts(store, dataset.id).sealed > 0)
    except NothingToSplit as error:
        raise CannotSplit(dataset=dataset.name) from error
    except NoDates as error:
        raise CannotSplitByTime(dataset=dataset.name, column=error.column) from error
    if not made.train and plan.part_column is not None:
        splitting.forget(store, made.id)
        raise NothingToLearnFrom(dataset=dataset.name, column=plan.part_column)
    return made


@action("split-summary", request=DatasetRequest, sentence="Show the latest split: rows of each part, and of each category in it.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def split_summary(context: Context, request: DatasetRequest) -> SplitSummary | None:
    """None while nothing was split."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    latest = splitting.latest_split(store, dataset.id)
    if latest is None:
        return None
    counts = splitting.split_counts(store, latest.id) if shape(dataset.shape).task == "classification" else []
    return SplitSummary(latest, SplitPlan.model_validate_json(latest.plan), tuple(counts))


@action("split-proposal", request=DatasetRequest, sentence="Say which way of splitting suits a dataset, and why.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def split_proposal(context: Context, request: DatasetRequest) -> SplitProposal:
    """Read from the columns of the first 20,000 rows."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    known = datasets.facts(store, dataset.id)
    texts = profiling.text_columns(store, dataset.id)
    facts = profiling.column_facts(store, dataset.id, [column for column in dataset.columns if column not in texts])
    return propose(facts, texts, categories=0 < known.labels <= known.answered * _MOST_LABELS)


@action("split-report", request=SplitReportRequest, sentence="Say how alike the parts of a split are, and that nothing leaks between them.",
        scope=Scope.READ, example={"dataset": _EXAMPLE_ID})  # fmt: skip
def split_report(context: Context, request: SplitReportRequest) -> AlikeReport | None:
    """None while nothing was split."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    if request.column is not None:
        _check_column(dataset, "column", request.column)
    known = splitting.splits_of(store, dataset.id)
    if request.split is not None and all(each.id != request.split for each in known):
        raise NotFound(thing="split", id=request.split)
    chosen = next((each for each in known if request.split in (None, each.id)), None)
    return None if chosen is None else _report(store, chosen, request.column)


def _report(store: Store, chosen: Split, column: str | None) -> AlikeReport:
    plan = SplitPlan.model_validate_json(chosen.plan)
    counts: dict[str, dict[Part, dict[str | None, int]]] = {"sources": _by_part(profiling.sources(store, chosen.id))}
    labels = profiling.answers(store, chosen.id)
    rows, rare = sum(value.rows for value in labels), sum(value.rows for value in labels if value.value is None)
    if len({value.value for value in labels}) <= rows * _MOST_LABELS and rare <= rows * _MOST_LABELS:
        counts = {"labels": _by_part(labels), **counts}
    for name in dict.fromkeys((*plan.stratify_by, *((column,) if column is not None else ()))):
        counts[name] = _by_part(profiling.column(store, chosen.id, name))
    lengths: dict[Part, dict[int, int]] = defaultdict(dict)
    for each in profiling.lengths(store, chosen.id):
        lengths[each.part][each.length] = each.rows
    found = alike.traits(lengths, counts)
    likeness, said = alike.headline(found)
    leaks = splitting.leaks(store, chosen.id)
    of_parts = {Part.TRAIN: chosen.train, Part.VALIDATION: chosen.validation, Part.TEST: chosen.test}
    return AlikeReport(said, likeness, of_parts, found, leaks.equal, leaks.near, leaks.near_known, chosen.opened, tuple(_notes(store, chosen, plan)))


def _notes(store: Store, chosen: Split, plan: SplitPlan) -> Sequence[Sentence]:
    notes = []
    undated = profiling.undated(store, chosen.id, plan.time_column, plan.day_first) if plan.time_column and plan.way == "time" else 0
    if undated:
        english = "Rows without a date that can be read in '{column}', which are in no part: {count:,}."
        notes.append(Sentence("split.undated", english, {"column": plan.time_column, "count": undated}))
    unnamed = profiling.unnamed(store, chosen.id, plan.part_column, plan.named) if plan.part_column and plan.way == "column" else 0
    if unnamed:
        english = "Rows for which '{column}' names no part, which are in none: {count:,}."
        notes.append(Sentence("split.unnamed", english, {"column": plan.part_column, "count": unnamed}))
    others = chosen.kept_out - undated - unnamed
    if others > 0:
        english = "Rows in no part, because they are the same as, or belong together with, rows that are kept for later: {count:,}."
        notes.append(Sentence("split.kept_out", english, {"count": others}))
    return notes


def _check_column(dataset: Dataset, field: str, column: str) -> None:
    if column not in dataset.columns:
        raise BadValue(
            field=field, value=f"'{column}'", why=Sentence("bad.columns", "the columns are {columns}", {"columns": ", ".join(dataset.columns)})
        )


def _by_part(values: Sequence[PartValue]) -> dict[Part, dict[str | None, int]]:
    found: dict[Part, dict[str | None, int]] = defaultdict(dict)
    for each in values:
        found[each.part][each.value] = found[each.part].get(each.value, 0) + each.rows
    return found
