"""Splits: freeze a dataset's rows and deal them out to training, validation and test."""

from dataclasses import dataclass

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.registry import Context, Scope, action
from core.data.shapes.base import shape
from core.data.split import SplitPlan, freeze
from core.errors import BadValue, UserError
from storage import datasets
from storage.bulk import splitting
from storage.errors import NothingToSplit
from storage.rows import PartCount, Split

_EXAMPLE_ID = "abcdefghijklm"


class CannotSplit(UserError):
    """There are no answered rows to draw from, or too few."""

    sentence = "'{dataset}' cannot be split: it has no rows with an answer. Import rows first. Nothing was changed."

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


@dataclass(frozen=True)
class SplitSummary:
    """A frozen split with how often each answer stands in each part; `counts` is empty where answers are no categories."""

    split: Split
    plan: SplitPlan
    counts: tuple[PartCount, ...]


class SplitRequest(DatasetRequest):
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same number draws the same rows.")
    validation_share: float = Field(0.1, ge=0.02, le=0.4, description="How much is kept aside to watch the training.")
    test_share: float = Field(0.1, ge=0.02, le=0.4, description="How much is kept aside for the final exam.")
    keep_together: str | None = Field(None, description="A column whose equal rows stay on one side, such as patient.")
    stratify: bool = Field(True, description="Keep each category's share the same on all sides.")


@action("split", request=SplitRequest, sentence="Freeze the rows and split them into training, validation and test.", undo="Split again.",
        example={"dataset": _EXAMPLE_ID, "test_share": 0.1})  # fmt: skip
def split(context: Context, request: SplitRequest) -> Split:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    if request.keep_together is not None and request.keep_together not in dataset.columns:
        raise BadValue(field="keep_together", value=f"'{request.keep_together}'", why=f"the columns are {', '.join(dataset.columns)}")
    plan = SplitPlan.model_validate(request.model_dump(exclude={"dataset"}))
    try:
        return freeze(store, dataset.id, plan, sealed_test=datasets.facts(store, dataset.id).sealed > 0)
    except NothingToSplit as error:
        raise CannotSplit(dataset=dataset.name) from error


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
