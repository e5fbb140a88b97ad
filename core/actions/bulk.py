"""Changing all rows that match a filter at once: a plan with the number of rows and the first of them before and after, then one change to undo."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial

from pydantic import Field, field_validator, model_validator

from core.actions.data import DatasetRequest, dataset_of
from core.actions.edits import NothingIsDifferent
from core.actions.registry import Context, Plan, action
from core.actions.reviews import as_tag, reviewed, tagged, untagged
from core.data.filter import RowFilterModel
from core.data.replay import noting
from core.data.rewriting import ROLES, answering, replacing
from core.errors import UserError
from core.sentence import Sentence, as_json
from storage import marks
from storage.bulk import changing, filtering, paging, splitting
from storage.errors import NothingChanged
from storage.rows import Change, DatasetId, Review, RowFilter

_EXAMPLE = {"dataset": "abcdefghijklm", "filter": {"label": "refund"}}
_SHOWN, _SHOWN_CHARS = 5, 160
_SECONDS, _ROW_SECONDS = 0.2, 3.5e-5  # measured: 100,000 of a million rows are rewritten in 3 s
UNDO = Sentence("undo_of.bulk", "Undo takes all of it back at once.")


class NoRowMatches(UserError):
    """A bulk change of nothing."""

    sentence = "No row of '{dataset}' matches. Nothing was changed."
    status = 409

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


class Where(StrEnum):
    """The text of a row that is looked at."""

    QUESTION = "question"
    ANSWER = "answer"
    BOTH = "both"


class ReviewWish(StrEnum):
    """What is to be said of rows."""

    APPROVED = "approved"
    REJECTED = "rejected"
    CLEARED = "cleared"


class BulkRequest(DatasetRequest):
    filter: RowFilterModel = Field(RowFilterModel(), description="Which rows; without it all.")


class BulkEditRequest(BulkRequest):
    answer: str | None = Field(None, max_length=100_000, description="Give all these rows this answer.")
    find: str | None = Field(None, min_length=1, max_length=10_000, description="Or look for this text…")
    replace: str = Field("", max_length=10_000, description="… and write this in its place.")
    where: Where = Field(Where.BOTH, description="In which text to look.")
    match_case: bool = Field(False, description="Whether large and small letters are told apart.")

    @model_validator(mode="after")
    def _one_wish(self) -> "BulkEditRequest":
        if (self.answer is None) == (self.find is None):
            raise ValueError("give either an answer or a text to find")
        if self.answer is not None and not self.answer.strip():
            raise ValueError("an answer is needed; to take rows out there is bulk-delete")
        if "\0" in (self.answer or "") + self.replace:
            raise ValueError("it holds a NUL character, which no text has")
        return self


class BulkMarkRequest(BulkRequest):
    add_tag: str | None = Field(None, min_length=1, max_length=60, description="A tag to put on them.")
    remove_tag: str | None = Field(None, min_length=1, max_length=60, description="A tag to take off them.")
    review: ReviewWish | None = Field(None, description="Whether they are right.")

    @field_validator("add_tag", "remove_tag")
    @classmethod
    def _trimmed(cls, tag: str | None) -> str | None:
        return None if tag is None else as_tag(tag)

    @model_validator(mode="after")
    def _one_wish(self) -> "BulkMarkRequest":
        if sum(wish is not None for wish in (self.add_tag, self.remove_tag, self.review)) != 1:
            raise ValueError("give one of add_tag, remove_tag and review")
        return self


def plan_bulk_edit(context: Context, request: BulkEditRequest) -> Plan:
    filter, count = _found(context, request)
    rewritten = _rewriter(request)
    shown: list[tuple[str, str]] = []
    dataset = DatasetId(request.dataset)
    if request.find is not None and not filter.search:  # only rows that hold the text, so that the count says something
        filter = replace(filter, search=request.find[:200])
        count = filtering.count(context.workshop.store, dataset, filter)
    for row in paging.window(context.workshop.store, dataset, filter, size=50).examples:
        after = rewritten(row.messages)
        if after != row.messages and len(shown) < _SHOWN:
            shown.append((_short(_text(row.messages, request)), _short(_text(after, request))))
    if request.answer is not None:
        what = Sentence("bulk.answer", "Give {count:,} rows the answer '{answer}'.", {"count": count, "answer": request.answer[:80]})
    else:
        facts = {"count": count, "find": (request.find or "")[:80], "replace": request.replace[:80]}
        what = Sentence("bulk.replace", "Write '{replace}' for '{find}' in up to {count:,} rows.", facts)
    return Plan(what, seconds=_seconds(count), undo=UNDO, preview=tuple(shown))


@action("bulk-edit", request=BulkEditRequest, sentence="Give all rows that match one answer, or find and replace text in them.", undo="Undo.", costs=True,
        plan=plan_bulk_edit, example={**_EXAMPLE, "answer": "billing"})  # fmt: skip
def bulk_edit(context: Context, request: BulkEditRequest) -> Change:
    filter, _ = _found(context, request)
    if request.answer is not None:
        facts = {"answer": request.answer[:80], **noting("bulk-edit", request)}
        what = partial(_said, "change.answer", "{count:,} rows got the answer '{answer}'", facts)
    else:
        facts = {"find": (request.find or "")[:80], "replace": request.replace[:80], **noting("bulk-edit", request)}
        what = partial(_said, "change.replace", "'{find}' became '{replace}' in {count:,} rows", facts)
    store, dataset = context.workshop.store, DatasetId(request.dataset)
    try:
        return changing.rewrite(store, context.actor, dataset, filter, _rewriter(request), "bulk-edit", what)
    except NothingChanged as error:
        raise NothingIsDifferent from error


def plan_bulk_deletion(context: Context, request: BulkRequest) -> Plan:
    filter, count = _found(context, request)
    first = paging.window(context.workshop.store, DatasetId(request.dataset), filter, size=_SHOWN).examples
    what = Sentence("bulk.delete", "Take {count:,} rows out.", {"count": count})
    return Plan(what, undo=UNDO, goes=tuple(_short(row.question) for row in first))


@action(
    "bulk-delete",
    request=BulkRequest,
    sentence="Take out all rows that match.",
    undo="Undo.",
    destroys=True,
    plan=plan_bulk_deletion,
    example=_EXAMPLE,
)
def bulk_delete(context: Context, request: BulkRequest) -> Change:
    filter, _ = _found(context, request)
    what = partial(_said, "change.bulk_delete", "{count:,} rows were taken out", noting("bulk-delete", request))
    return changing.take_out(context.workshop.store, context.actor, DatasetId(request.dataset), filter, "bulk-delete", what)


def plan_bulk_mark(context: Context, request: BulkMarkRequest) -> Plan:
    _, count = _found(context, request)
    tag = request.add_tag or request.remove_tag or ""
    wishes = {
        "bulk.tag": "Put the tag '{tag}' on {count:,} rows.",
        "bulk.untag": "Take the tag '{tag}' off {count:,} rows.",
        "bulk.approved": "Say that {count:,} rows are right.",
        "bulk.rejected": "Say that {count:,} rows are wrong: they will be in no version.",
        "bulk.cleared": "Take back what was said of {count:,} rows.",
    }
    key = f"bulk.{request.review}" if request.review else "bulk.tag" if request.add_tag else "bulk.untag"
    return Plan(Sentence(key, wishes[key], {"count": count, "tag": tag}), seconds=_seconds(count) / 5, undo=UNDO)


@action("bulk-mark", request=BulkMarkRequest, sentence="Tag, approve or reject all rows that match.", undo="Undo.", costs=True, plan=plan_bulk_mark,
        example={**_EXAMPLE, "add_tag": "ask Anna"})  # fmt: skip
def bulk_mark(context: Context, request: BulkMarkRequest) -> Change:
    filter, _ = _found(context, request)
    mark = partial(marks.mark, context.workshop.store, context.actor, DatasetId(request.dataset), filter)
    try:
        if request.add_tag is not None:
            return mark(add_tags=(request.add_tag,), kind="tag", what=tagged(request.add_tag))
        if request.remove_tag is not None:
            return mark(remove_tags=(request.remove_tag,), kind="untag", what=untagged(request.remove_tag))
        if request.review is ReviewWish.CLEARED:
            return mark(clear_review=True, kind="clear-review", what=reviewed(None))
        review = Review(str(request.review))
        return mark(review=review, kind="approve" if review is Review.APPROVED else "reject", what=reviewed(review))
    except NothingChanged as error:
        raise NothingIsDifferent from error


def _found(context: Context, request: BulkRequest) -> tuple[RowFilter, int]:
    """The filter for the actor's own dataset, and how many rows match. Raises NotFound, NoRowMatches."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    split = splitting.latest_split(store, dataset.id)
    filter = request.filter.to_rows(split.id if split else None)
    count = filtering.count(store, dataset.id, filter)
    if not count:
        raise NoRowMatches(dataset=dataset.name)
    return filter, count


def _seconds(rows: int) -> float:
    return _SECONDS + rows * _ROW_SECONDS


def _rewriter(request: BulkEditRequest) -> Callable[[str], str]:
    if request.answer is not None:
        return answering(request.answer)
    return replacing(request.find or "", request.replace, roles=ROLES[request.where], match_case=request.match_case)


def _text(messages: str, request: BulkEditRequest) -> str:
    roles = ("assistant",) if request.answer is not None or request.where is Where.ANSWER else ("user",) if request.where is Where.QUESTION else None
    return " · ".join(str(turn["content"]) for turn in json.loads(messages) if roles is None or turn["role"] in roles)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def _said(key: str, english: str, facts: Mapping[str, object], count: int) -> str:
    return as_json(Sentence(key, english, {**facts, "count": count}))
