"""What a person says of rows: tags, approved, rejected. A rejected row is in no version; nothing of the row itself changes."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field, field_validator

from core.actions.data import DatasetRequest, dataset_id_of
from core.actions.edits import NothingIsDifferent
from core.actions.registry import Context, Scope, action
from core.errors import BadValue
from core.sentence import Sentence, as_json
from storage import marks
from storage.errors import NothingChanged
from storage.rows import Change, OwnerId, Review

_EXAMPLE = {"dataset": "abcdefghijklm", "rows": [3, 7]}
MOST_ROWS = 10_000


class SomeRowsRequest(DatasetRequest):
    rows: tuple[int, ...] = Field(
        min_length=1, max_length=MOST_ROWS, description="The rows, by their numbers. For all that match a filter there is bulk-mark."
    )


class TagRequest(SomeRowsRequest):
    tag: str = Field(min_length=1, max_length=60, description="A word or two.")

    @field_validator("tag")
    @classmethod
    def _trimmed(cls, tag: str) -> str:
        return as_tag(tag)


@dataclass(frozen=True)
class Said:
    """What stands on a dataset's rows: tags and reviews with the rows of each, and who reviewed."""

    tags: tuple[tuple[str, int], ...]
    approved: int
    rejected: int
    reviewers: tuple[OwnerId, ...]


def as_tag(text: str) -> str:
    """In one line, as it is kept. Raises ValueError when nothing is left."""
    tag = " ".join(text.split())
    if not tag or "\0" in tag:
        raise ValueError("a tag is a word or two")
    return tag


@action("tag", request=TagRequest, sentence="Put a tag on rows.", undo="Undo.", example={**_EXAMPLE, "tag": "ask Anna"})
def tag(context: Context, request: TagRequest) -> Change:
    return _mark(context, request, tagged(request.tag), add_tags=(request.tag,), kind="tag")


@action("untag", request=TagRequest, sentence="Take a tag off rows.", undo="Undo.", example={**_EXAMPLE, "tag": "ask Anna"})
def untag(context: Context, request: TagRequest) -> Change:
    return _mark(context, request, untagged(request.tag), remove_tags=(request.tag,), kind="untag")


@action("approve", request=SomeRowsRequest, sentence="Say that rows are right.", undo="Undo.", example=_EXAMPLE)
def approve(context: Context, request: SomeRowsRequest) -> Change:
    return _mark(context, request, reviewed(Review.APPROVED), review=Review.APPROVED, kind="approve")


@action(
    "reject",
    request=SomeRowsRequest,
    sentence="Say that rows are wrong: they stay in the table and are in no version.",
    undo="Undo.",
    example=_EXAMPLE,
)
def reject(context: Context, request: SomeRowsRequest) -> Change:
    return _mark(context, request, reviewed(Review.REJECTED), review=Review.REJECTED, kind="reject")


@action(
    "clear-review",
    request=SomeRowsRequest,
    sentence="Take back what was said of rows: neither approved nor rejected.",
    undo="Undo.",
    example=_EXAMPLE,
)
def clear_review(context: Context, request: SomeRowsRequest) -> Change:
    return _mark(context, request, reviewed(None), clear_review=True, kind="clear-review")


@action("tags", request=DatasetRequest, sentence="List the tags, reviews and reviewers of a dataset's rows.", scope=Scope.READ,
        example={"dataset": _EXAMPLE["dataset"]})  # fmt: skip
def tags(context: Context, request: DatasetRequest) -> Said:
    dataset, store = dataset_id_of(context, request.dataset), context.workshop.store
    counts = marks.review_counts(store, dataset)
    reviewers = tuple(marks.reviewers_of(store, dataset))
    return Said(tuple(marks.tags_of(store, dataset)), counts.get(Review.APPROVED, 0), counts.get(Review.REJECTED, 0), reviewers)


def tagged(tag: str) -> Callable[[int], str]:
    """What the history says of so many rows."""
    return lambda count: as_json(Sentence("change.tag", "The tag '{tag}' was put on {count:,} rows", {"tag": tag, "count": count}))


def untagged(tag: str) -> Callable[[int], str]:
    return lambda count: as_json(Sentence("change.untag", "The tag '{tag}' was taken off {count:,} rows", {"tag": tag, "count": count}))


def reviewed(review: Review | None) -> Callable[[int], str]:
    english = {Review.APPROVED: "{count:,} rows were approved", Review.REJECTED: "{count:,} rows were rejected"}
    key = f"change.{review}" if review else "change.cleared"
    return lambda count: as_json(Sentence(key, english[review] if review else "The review of {count:,} rows was taken back", {"count": count}))


def _mark(context: Context, request: SomeRowsRequest, what: Callable[[int], str], *, kind: str, **how: object) -> Change:
    dataset = dataset_id_of(context, request.dataset)
    if min(request.rows) < 1:
        raise BadValue(field="rows", value=str(min(request.rows)), why=Sentence("bad.from_one", "rows are counted from 1"))
    try:
        return marks.mark(context.workshop.store, context.actor, dataset, request.rows, kind=kind, what=what, **how)  # type: ignore[arg-type]
    except NothingChanged as error:
        raise NothingIsDifferent from error
