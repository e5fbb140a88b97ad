"""Variants of answered rows, each shown beside its origin; only those that a person approves become rows."""

from dataclasses import dataclass

from pydantic import Field

from core.actions.adding import new_row
from core.actions.data import DatasetRequest, dataset_of
from core.actions.registry import Context, Scope, action
from core.data.augment.base import ORIGIN_COLUMN, TAG, Source, Variant, proposals, variations
from core.errors import BadValue
from core.sentence import Sentence, as_json
from storage import labels
from storage.bulk import changing
from storage.bulk.drawing import VARIANT
from storage.rows import Change, Dataset

_EXAMPLE_ID = "abcdefghijklm"


@dataclass(frozen=True)
class VariationCard:
    """A way of varying, for a form."""

    name: str
    label: str
    explanation: str


@dataclass(frozen=True)
class Variants:
    """Proposals of one seed. `paraphrase` says whether a connected model could write freer ones: none can be connected yet."""

    variants: tuple[Variant, ...]
    ways: tuple[VariationCard, ...]
    seed: int
    paraphrase: Sentence


class VariantsRequest(DatasetRequest):
    ways: tuple[str, ...] = Field((), max_length=20, description="Ways of varying; all of them if left empty.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same number makes the same proposals; another one makes others.")
    rows: int = Field(20, ge=0, le=500, description="From so many answered rows, drawn by lot; 0 lists the ways only.")
    label: str | None = Field(None, max_length=10_000, description="Only from rows with this answer: where a category is small.")


class KeepVariantsRequest(VariantsRequest):
    keys: tuple[str, ...] = Field(min_length=1, max_length=5_000, description="The approved proposals, by their keys.")


@action("variants", request=VariantsRequest, sentence="Propose variants of answered rows: typing mistakes, other words, other punctuation.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID, "ways": ["typos"], "seed": 1})  # fmt: skip
def variants(context: Context, request: VariantsRequest) -> Variants:
    dataset, known = dataset_of(context, request.dataset), variations()
    cards = tuple(VariationCard(one.name, one.label, one.explanation) for one in known.values())
    unset = Sentence("paraphrase_unset", "Freer variants need a connected model: not configured.", {})
    return Variants(tuple(_proposed(context, dataset, request)), cards, request.seed, unset)


@action("keep-variants", request=KeepVariantsRequest, sentence="Add the variants that you approved, each with its origin's answer and the tag 'augmented'.",
        undo="Undo.", example={"dataset": _EXAMPLE_ID, "seed": 1, "keys": ["1.typos"]})  # fmt: skip
def keep_variants(context: Context, request: KeepVariantsRequest) -> Change:
    """A variant's original row names its origin's row (column 'augmented_from'), so that a split keeps both on one side. Raises BadValue, NotFound."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    proposed = {one.key: one for one in _proposed(context, dataset, request)}
    unknown = [key for key in request.keys if key not in proposed]
    if unknown:
        raise BadValue(field="keys", value=unknown[0], why=Sentence("bad.no_proposal", "there is no such proposal now; propose again"))
    chosen = [proposed[key] for key in dict.fromkeys(request.keys)]
    rows = [new_row(dataset, one.text, one.answer, VARIANT, number, {"text": one.text, "answer": one.answer, ORIGIN_COLUMN: str(one.position), "way": one.how})
            for number, one in enumerate(chosen, 1)]  # fmt: skip
    what = as_json(Sentence("added_variants", "Added {count:,} approved variant(s)", {"count": len(rows)}))

    def both(_: object) -> Change:
        change = changing.add_rows(store, context.actor, dataset.id, rows, what)
        labels.tag_added(store, context.actor, dataset.id, change.number, TAG)
        return change

    return store.write(both)


def _proposed(context: Context, dataset: Dataset, request: VariantsRequest) -> list[Variant]:
    known = variations()
    for way in request.ways:
        if way not in known:
            raise BadValue(field="ways", value=way, why=Sentence("bad.there_are", "there are: {names}", {"names": ", ".join(known)}))
    if not request.rows:
        return []
    drawn = labels.answered_rows(context.workshop.store, dataset.id, most=request.rows, seed=request.seed, label=request.label, without_tag=TAG)
    rows = [Source(id, place, question, answer) for id, place, question, answer in drawn]
    return proposals(rows, request.ways or tuple(known), request.seed)
