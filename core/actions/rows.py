"""A dataset's rows: paged, searched, filtered and sorted, and what is known of all of them."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, Field

from core.actions.data import DatasetRequest, dataset_id_of, dataset_of
from core.actions.doctor import things_found
from core.actions.registry import Context, Scope, action
from core.data.filter import RowFilterModel
from core.data.kind import summary_of
from core.data.shapes.base import shape
from core.errors import UserError
from core.sentence import Sentence
from storage import datasets, jobs
from storage.bulk import paging, splitting
from storage.rows import Dataset, DatasetFacts, JobState, Order, RowWindow, Split

_EXAMPLE_ID = "abcdefghijklm"


class NoSuchPlace(UserError):
    """`after` is no key of this order."""

    sentence = "The place to go on from is not one of this order. Ask for the first page again. Nothing was changed."


@dataclass(frozen=True)
class Facts:
    """What is known of a dataset, in numbers and in sentences worth reading before training."""

    dataset: Dataset
    facts: DatasetFacts
    labels: tuple[tuple[str, int], ...]
    split: Split | None
    notes: tuple[Sentence, ...]
    found: int | None  # checks of the newest check-up that found something; None before the first


class RowsRequest(DatasetRequest, RowFilterModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    after: str | None = Field(None, max_length=1_000, description="Show the rows after this place: a page's `next`.")
    size: int = Field(50, ge=1, le=500, description="How many rows at once.")
    order: Order = Field(Order.POSITION, description="How they are sorted.")


@action("rows", request=RowsRequest, sentence="Show a page of a dataset's rows, all or those that match, in the order you want.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID, "search": "card"})  # fmt: skip
def rows(context: Context, request: RowsRequest) -> RowWindow:
    dataset, store = dataset_id_of(context, request.dataset), context.workshop.store
    split = splitting.latest_split(store, dataset)
    wanted = request.to_rows(split.id if split else None)
    try:
        return paging.window(store, dataset, wanted, order=request.order, after=request.after, size=request.size, split=wanted.split)
    except ValueError as error:
        raise NoSuchPlace from error


@action("facts", request=DatasetRequest, sentence="Say what is known of a dataset: rows, categories, lengths, duplicates.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def facts(context: Context, request: DatasetRequest) -> Facts:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    known = datasets.facts(store, dataset.id)
    labels = tuple(datasets.label_counts(store, dataset.id)) if shape(dataset.shape).task == "classification" else ()
    imports = [job for job in jobs.of_project(store, dataset.project) if job.subject == dataset.id and job.state is JobState.DONE]
    told = [sentence for job in imports if (summary := summary_of(Path(job.folder))) is not None for sentence in summary.sentences()]
    return Facts(dataset, known, labels, splitting.latest_split(store, dataset.id), tuple(told), things_found(context, dataset))
