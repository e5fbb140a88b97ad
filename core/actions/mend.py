"""Mend what the doctor found: a whole check or one finding of it, as one change that can be taken back."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.edits import NothingIsDifferent
from core.actions.registry import Context, Plan, action
from core.data.doctor.base import How, Mend, check, mend_of
from core.data.replay import noting
from core.errors import UserError
from core.sentence import Sentence, as_json
from storage import findings as kept
from storage import marks
from storage.bulk import changing, splitting, versions
from storage.errors import NothingChanged
from storage.rows import Change, Dataset, RowEdit

_EXAMPLE_ID = "abcdefghijklm"
_SECONDS_A_ROW = 5e-5
_SHOWN, _AROUND_CHARS, _SHOWN_CHARS = 3, 40, 140
_PLANS = {
    How.KEEP_ONE: ("doctor.plan_keep_one", "Take out {rows:,} row(s) of '{dataset}' and keep the first of each bundle."),
    How.REPAIR: ("doctor.plan_repair", "Change the text of {rows:,} row(s) of '{dataset}'."),
    How.TAKE_OUT: ("doctor.plan_take_out", "Take {rows:,} row(s) out of '{dataset}'."),
    How.OUT_OF_TRAINING: ("doctor.plan_out_of_training", "Take {rows:,} row(s) out of '{dataset}' that are learned from; the exam stays as it is."),
    How.TAG: ("doctor.plan_tag", "Mark {rows:,} row(s) of '{dataset}' with '{tag}'."),
}
_DONE = {
    How.KEEP_ONE: ("doctor.did_keep_one", "{rows:,} repeated row(s) were taken out"),
    How.REPAIR: ("doctor.did_repair", "The text of {rows:,} row(s) was mended"),
    How.TAKE_OUT: ("doctor.did_take_out", "{rows:,} row(s) were taken out"),
    How.OUT_OF_TRAINING: ("doctor.did_out_of_training", "{rows:,} row(s) that stood in the exam too were taken out"),
    How.TAG: ("doctor.did_tag", "{rows:,} row(s) were marked with '{tag}'"),
}


class NothingToMend(UserError):
    """No row of the finding stands as the doctor saw it."""

    sentence = (
        "There is nothing left to mend here: these rows were changed since the doctor looked, or nothing can be done for them. Look again first."
    )
    status = 409


class MendRequest(DatasetRequest):
    check: str = Field(max_length=80, description="The check whose findings are mended.")
    bundle: int | None = Field(None, description="Only this one finding; without it all of them.")
    how: str | None = Field(None, max_length=40, description="Which of the check's ways; without it the first.")


def plan_mend(context: Context, request: MendRequest) -> Plan:
    """Says how many rows, and of the first what goes and what comes in its place. Raises UnknownCheck, NothingToMend."""
    dataset, mend = dataset_of(context, request.dataset), mend_of(check(request.check), request.how)
    rows, first = kept.mend_preview(context.workshop.store, dataset.id, request.check, request.bundle, mend.how, _SHOWN)
    if not rows:
        raise NothingToMend
    key, english = _PLANS[mend.how]
    what = Sentence(key, english, {"rows": rows, "dataset": dataset.name} | ({"tag": request.check} if mend.how is How.TAG else {}))
    undo = Sentence("doctor.plan_undo", "Undo brings every row back as it was.")
    return Plan(what, seconds=_SECONDS_A_ROW * rows + 0.2, undo=undo, preview=_preview(first) if mend.how is not How.TAG else ())


@action("mend", request=MendRequest, sentence="Mend what a check found, all of it or one finding.", undo="Undo.", costs=True, plan=plan_mend,
        example={"dataset": _EXAMPLE_ID, "check": "exact-duplicates", "how": "keep-one"})  # fmt: skip
def mend(context: Context, request: MendRequest) -> Change:
    """One change for all rows. Rows that were changed since the check-up are left alone. Raises UnknownCheck, NothingToMend, NothingIsDifferent."""
    dataset, chosen, store = dataset_of(context, request.dataset), mend_of(check(request.check), request.how), context.workshop.store
    edits = [RowEdit(position, messages) for position, messages in kept.mend_rows(store, dataset.id, request.check, request.bundle, chosen.how)]
    if not edits:
        raise NothingToMend
    key, english = _DONE[chosen.how]
    facts: dict[str, Any] = {"rows": len(edits), **noting("mend", request)}
    if chosen.how is How.TAG:
        facts["tag"] = request.check
    what = as_json(Sentence(key, english, facts))
    try:
        return _apply(context, dataset, request, chosen, edits, what)
    except NothingChanged as error:
        raise NothingIsDifferent from error


def _apply(context: Context, dataset: Dataset, request: MendRequest, chosen: Mend, edits: list[RowEdit], what: str) -> Change:
    store = context.workshop.store
    if chosen.how is How.TAG:
        return marks.mark(store, context.actor, dataset.id, [edit.position for edit in edits], add_tags=[request.check], what=what)

    def all_of_it(_: object) -> Change:
        change = changing.apply(store, context.actor, dataset.id, edits, "mend", what)
        split = splitting.latest_split(store, dataset.id)
        if chosen.how is How.OUT_OF_TRAINING and split is not None:
            kept.split_without(store, split.id, versions.freeze_version(store, dataset.id).id)
        return change

    return store.write(all_of_it)


def _preview(first: Sequence[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    """The first rows around what changes: before, and after where something comes in its place."""
    shown = []
    for was_messages, messages in first:
        was = _said(was_messages)
        if messages is None:
            shown.append((_shortened(was, 0), ""))
            continue
        now = _said(messages)
        differs = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        shown.append((_shortened(was, differs), _shortened(now, differs)))
    return tuple(shown)


def _said(messages: str) -> str:
    return " / ".join(" ".join(str(turn["content"]).split()) for turn in json.loads(messages))


def _shortened(text: str, around: int) -> str:
    start = max(0, around - _AROUND_CHARS) if around > _SHOWN_CHARS - _AROUND_CHARS else 0
    piece = text[start : start + _SHOWN_CHARS]
    return ("…" if start else "") + piece + ("…" if start + _SHOWN_CHARS < len(text) else "")
