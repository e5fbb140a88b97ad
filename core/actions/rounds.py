"""Rounds: colleagues answer rows by a link. Made, listed, closed; how far people agree; their answers taken into the dataset."""

import hashlib
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.labels import known_choices, put_answers
from core.actions.registry import Context, Plan, Request, RowsChanged, Scope, action
from core.data.labelling.agreement import Agreement, Said, agreement, plain
from core.data.labelling.settings import How, RoundSettings, how_of
from core.data.shapes.base import shape
from core.errors import NotFound, UserError
from core.sentence import Sentence
from storage import labels
from storage import rounds as stored
from storage.rows import Dataset, DatasetId, LabelGiven, LabelRound, RoundId

_EXAMPLE_ID = "abcdefghijklm"
_MOST_DIFFERENCES = 200


class NothingToLabel(UserError):
    """A round would have no rows."""

    sentence = "'{dataset}' has no row that waits for an answer. Add rows, or let the round ask for answered rows again. No link was made."
    status = 409

    def __init__(self, *, dataset: str) -> None:
        super().__init__(dataset=dataset)


class NoLinksHere(UserError):
    """A shared server has one port and erases its visitors' things."""

    sentence = "On this shared server there are no links for colleagues. Run Bottega on a computer of your own for that. No link was made."
    status = 409

    def __init__(self) -> None:
        super().__init__()


class NoChoices(UserError):
    """A round by category needs categories to choose from."""

    sentence = "A round by category needs at least two categories to choose from. Name them, or answer a few rows first. No link was made."

    def __init__(self) -> None:
        super().__init__()


class NothingToTake(UserError):
    """Every agreed answer stands in the dataset already."""

    sentence = "There is no agreed answer in '{round}' that is not in the dataset yet. Wait for more answers, or settle the differences. Nothing was changed."
    status = 409

    def __init__(self, *, round: str) -> None:
        super().__init__(round=round)


@dataclass(frozen=True)
class RoundMade:
    """`link` is told this once: only its hash is kept. Where no server runs it begins with the path."""

    round: LabelRound
    link: str
    rows: int


@dataclass(frozen=True)
class PersonCount:
    """What one person gave; `seconds` is the middle one of their times (median)."""

    person: str
    answers: int
    seconds: float


@dataclass(frozen=True)
class RoundCard:
    """A round in a list."""

    round: LabelRound
    open: bool
    rows: int
    wanted: int
    given: int
    people: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A row on which people do not agree, with what each said."""

    position: int
    question: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RoundResults:
    """`ready` rows have an agreed answer that is not in the dataset yet; `differing` counts all differences, of which the first are listed."""

    card: RoundCard
    people: tuple[PersonCount, ...]
    agreement: Agreement
    differences: tuple[Difference, ...]
    differing: int
    ready: int


@dataclass(frozen=True)
class Taken(RowsChanged):
    """Rows that got an answer, and the change that undoes it."""

    rows: int
    change: int | None


class LabelRoundRequest(DatasetRequest):
    name: str = Field("", max_length=120, description="What the round is called; colleagues see it.")
    how: How | None = Field(None, description="By category, by fields, or in free words; as the dataset's shape says if left empty.")
    choices: tuple[str, ...] = Field((), max_length=300, description="The categories; those of the dataset if left empty.")
    fields: tuple[str, ...] = Field((), max_length=40, description="The fields to fill; those of the dataset if left empty.")
    guide: str = Field("", max_length=2_000, description="What colleagues should know; it stands above each text.")
    rows: int | None = Field(None, ge=1, description="At most so many rows, drawn by lot; all that wait for an answer if left empty.")
    answered_too: bool = Field(False, description="Ask for rows that have an answer as well, to see whether people would give it again.")
    twice_share: float = Field(0.2, ge=0, le=1, description="How much of it goes to two people, so that one sees how far they agree.")
    days: float = Field(7, gt=0, le=90, description="After so many days the link is dead.")
    network: bool = Field(False, description="Let other computers of the network open the link; without it only this one can.")


class RoundRequest(Request):
    round: str = Field(description="The round.")


class SettleRequest(RoundRequest):
    position: int = Field(ge=1, description="The row.")
    answer: str = Field(min_length=1, max_length=100_000, description="The answer to take.")


def round_of(context: Context, id: str) -> LabelRound:
    """The actor's own round. Raises NotFound."""
    found = stored.get(context.workshop.store, context.actor, RoundId(id))
    if found is None:
        raise NotFound(thing="round", id=id)
    return found


def token_hash(token: str) -> str:
    """What is kept of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


@action("label-round", request=LabelRoundRequest, sentence="Make a link by which colleagues answer rows, part of them twice.",
        undo="Close the round.", example={"dataset": _EXAMPLE_ID, "twice_share": 0.2})  # fmt: skip
def label_round(context: Context, request: LabelRoundRequest) -> RoundMade:
    """Raises NothingToLabel, NoChoices, NotFound, and what the listener raises when it cannot open its port."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    if context.workshop.hosted:
        raise NoLinksHere()
    how = request.how or how_of(shape(dataset.shape).task)
    choices = tuple(dict.fromkeys(name.strip() for name in request.choices if name.strip())) or tuple(known_choices(context, dataset))
    fields = tuple(dict.fromkeys(name.strip() for name in request.fields if name.strip())) or tuple(
        labels.field_names(labels.answers_of(store, dataset.id, 2_000))
    )
    if (how is How.CHOICES and len(choices) < 2) or (how is How.FIELDS and not fields):
        raise NoChoices()
    if not labels.open_rows(store, dataset.id, size=1) and not (request.answered_too and dataset.rows):
        raise NothingToLabel(dataset=dataset.name)
    door = context.workshop.review_door
    address = door.open(network=request.network) if door is not None else ""
    settings = RoundSettings(how=how, choices=choices if how is How.CHOICES else (), fields=fields if how is How.FIELDS else (),
                             guide=request.guide.strip(), twice_share=request.twice_share, network=request.network)  # fmt: skip
    token = secrets.token_urlsafe(24)
    made = stored.create(
        store, context.actor, dataset.project, dataset.id, request.name.strip() or dataset.name, token_hash=token_hash(token),
        settings=settings.model_dump_json(), expires_at=datetime.now(UTC) + timedelta(days=request.days), twice_share=request.twice_share,
        most=request.rows, answered_too=request.answered_too,
    )  # fmt: skip
    return RoundMade(made, f"{address}/r/{token}/", stored.size(store, made.id)[0])


@action("rounds", request=DatasetRequest, sentence="List the rounds of a dataset: who has answered how much.", scope=Scope.READ,
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def rounds(context: Context, request: DatasetRequest) -> tuple[RoundCard, ...]:
    store = context.workshop.store
    return tuple(_card(context, one, stored.given(store, one.id)) for one in stored.of_dataset(store, dataset_of(context, request.dataset).id))


@action("close-round", request=RoundRequest, sentence="Close a round: its link is dead at once, its answers stay.", example={"round": _EXAMPLE_ID})
def close_round(context: Context, request: RoundRequest) -> RoundCard:
    found = round_of(context, request.round)
    stored.close(context.workshop.store, found.id)
    return _card(context, round_of(context, found.id), stored.given(context.workshop.store, found.id))


@action("round-results", request=RoundRequest, sentence="Show what a round brought: counts a person, agreement, and the rows on which people differ.",
        scope=Scope.READ, example={"round": _EXAMPLE_ID})  # fmt: skip
def round_results(context: Context, request: RoundRequest) -> RoundResults:
    found, store = round_of(context, request.round), context.workshop.store
    given = stored.given(store, found.id)
    decided, differing = _decided(context, found, given)
    texts = {row.position: row.question for row in labels.rows_at(store, found.dataset, list(differing)[:_MOST_DIFFERENCES])}
    differences = tuple(Difference(place, texts[place], differing[place]) for place in differing if place in texts)
    return RoundResults(_card(context, found, given), _people(given), agreement(_said(given)), differences, len(differing), len(decided))


@action("agreement", request=RoundRequest, sentence="Say how far the people of a round agree on the rows that two of them answered.", scope=Scope.READ,
        example={"round": _EXAMPLE_ID})  # fmt: skip
def round_agreement(context: Context, request: RoundRequest) -> Agreement:
    return agreement(_said(stored.given(context.workshop.store, round_of(context, request.round).id)))


def plan_taking(context: Context, request: RoundRequest) -> Plan:
    found = round_of(context, request.round)
    decided, differing = _decided(context, found, stored.given(context.workshop.store, found.id))
    english = "Give {count:,} row(s) the answer that colleagues agree on. {differing:,} row(s) with different answers wait for you."
    what = Sentence("take_answers", english, {"count": len(decided), "differing": len(differing)})
    commonest = Counter(decided.values()).most_common(5)
    undo = Sentence("undo_rows", "'Undo' on the Data page takes all of it back.")
    return Plan(what, undo=undo, goes=(), remains=tuple(f"{count:,} × {answer[:80]}" for answer, count in commonest))


@action("take-answers", request=RoundRequest, sentence="Take the answers on which colleagues agree into the dataset, as one change.", undo="Undo.",
        costs=True, plan=plan_taking, example={"round": _EXAMPLE_ID})  # fmt: skip
def take_answers(context: Context, request: RoundRequest) -> Taken:
    """Raises NothingToTake, NotFound."""
    found = round_of(context, request.round)
    decided, _ = _decided(context, found, stored.given(context.workshop.store, found.id))
    if not decided:
        raise NothingToTake(round=found.name)
    return _take(context, found, decided)


@action("settle-answer", request=SettleRequest, sentence="Settle a difference: this answer becomes the row's.", undo="Undo.",
        example={"round": _EXAMPLE_ID, "position": 1, "answer": "refund"})  # fmt: skip
def settle_answer(context: Context, request: SettleRequest) -> Taken:
    """Any answer may be taken, also one that nobody gave. Raises NotFound, BadValue."""
    found = round_of(context, request.round)
    if stored.row_at(context.workshop.store, found, request.position) is None:
        raise NotFound(thing="row", id=str(request.position))
    return _take(context, found, {request.position: request.answer})


def dataset_of_round(context: Context, found: LabelRound) -> Dataset:
    return dataset_of(context, found.dataset)


def _take(context: Context, found: LabelRound, answers: dict[int, str]) -> Taken:
    store, dataset = context.workshop.store, dataset_of_round(context, found)

    def both(_: object) -> Taken:
        change, gone = put_answers(context, dataset, dict(answers), "label-round")
        stored.mark_taken(store, found.id, [place for place in answers if place not in gone])
        return Taken(dataset.id, change[1] if change else 0, change[0] if change else None)

    return store.write(both)


def _decided(context: Context, found: LabelRound, given: list[LabelGiven]) -> tuple[dict[int, str], dict[int, tuple[tuple[str, str], ...]]]:
    """Rows with one agreed answer, and those with several, of those that are not in the dataset. A taken row that lost its answer again (an undo) counts."""
    by_row: dict[int, list[LabelGiven]] = defaultdict(list)
    for one in given:
        by_row[one.position].append(one)
    standing = {row.position: row.answer for row in labels.rows_at(context.workshop.store, DatasetId(found.dataset), list(by_row))}
    decided, differing = {}, {}
    for place, ones in by_row.items():
        if place not in standing or (all(one.taken for one in ones) and (standing[place] or "").strip()):
            continue
        if len({plain(one.answer) for one in ones}) == 1:
            decided[place] = Counter(one.answer.strip() for one in ones).most_common(1)[0][0]
        else:
            differing[place] = tuple((one.person, one.answer) for one in ones)
    return decided, dict(sorted(differing.items()))


def _card(context: Context, found: LabelRound, given: list[LabelGiven]) -> RoundCard:
    rows, wanted = stored.size(context.workshop.store, found.id)
    people = tuple(sorted({one.person for one in given}))
    return RoundCard(found, not found.closed and found.expires_at > datetime.now(UTC), rows, wanted, len(given), people)


def _people(given: list[LabelGiven]) -> tuple[PersonCount, ...]:
    times: dict[str, list[float]] = defaultdict(list)
    for one in given:
        times[one.person].append(one.seconds)
    counts = [PersonCount(person, len(seconds), sorted(seconds)[len(seconds) // 2]) for person, seconds in times.items()]
    return tuple(sorted(counts, key=lambda one: (-one.answers, one.person)))


def _said(given: list[LabelGiven]) -> list[Said]:
    return [Said(one.position, one.person, one.answer) for one in given]
