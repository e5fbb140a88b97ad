"""Labelling through the registry: the queue, answers, undo, suggestions by a real job, rounds with two colleagues."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actions.colleagues import HELD_S, Door, RoundDesk
from core.actions.labels import LabelQueue
from core.actions.registry import Context, actions, perform, request_for
from core.actions.rounds import NoChoices, NothingToLabel, RoundMade, RoundResults
from core.errors import BadValue, NotFound
from storage import rounds
from storage.rows import DatasetId, JobState, OwnerId
from tests.agreeing import agreed
from tests.unit.labels_bench import dataset_with, tickets, topic_of, workshop

GROUPS = ("labels", "rounds", "adding", "augment")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with workshop(tmp_path_factory.mktemp("labels")) as opened:
        yield opened


def queue(context: Context, dataset: DatasetId, **values: object) -> LabelQueue:
    return perform(context, "label-queue", {"dataset": dataset, **values})


def answer(context: Context, dataset: DatasetId, given: dict[int, str | None]) -> None:
    perform(context, "label", {"dataset": dataset, "answers": [{"position": place, "answer": text} for place, text in given.items()]})


def a_round(context: Context, dataset: DatasetId, **values: object) -> RoundMade:
    return perform(context, "label-round", {"dataset": dataset, "choices": ["refund", "card", "delivery"], **values})


def token(made: RoundMade) -> str:
    return made.link.rstrip("/").rpartition("/")[2]


def test_every_example_is_a_valid_request() -> None:
    ours = [action for action in actions().values() if action.group in GROUPS]
    assert len(ours) >= 10
    for action in ours:
        request_for(action, action.example)


def test_rows_without_an_answer_wait_and_an_answered_one_does_not(context: Context) -> None:
    dataset = dataset_with(context, tickets(10, answered=4))
    found = queue(context, dataset)
    assert [row.position for row in found.rows] == [5, 6, 7, 8, 9, 10]
    assert (found.counts.rows, found.counts.answered) == (10, 4)
    answer(context, dataset, {5: "card", 7: " refund "})
    assert [row.position for row in queue(context, dataset, leave_out=(6,)).rows] == [8, 9, 10]
    assert {row.position: row.answer for row in queue(context, dataset, positions=(5, 7)).rows} == {5: "card", 7: "refund"}


def test_an_answer_can_be_taken_away_and_all_that_were_sent_together_are_one_change(context: Context) -> None:
    dataset = dataset_with(context, tickets(5))
    answer(context, dataset, {1: "card", 2: "card", 3: "refund"})
    answer(context, dataset, {2: None})
    assert [row.position for row in queue(context, dataset).rows] == [2, 4, 5]
    perform(context, "undo", {"dataset": dataset})
    perform(context, "undo", {"dataset": dataset})
    assert queue(context, dataset).counts.answered == 0


def test_an_answer_to_a_row_that_is_gone_is_said_and_the_others_are_kept(context: Context) -> None:
    dataset = dataset_with(context, tickets(3))
    given = [{"position": 1, "answer": "card"}, {"position": 99, "answer": "card"}]
    told = perform(context, "label", {"dataset": dataset, "answers": given})
    assert (told.kept, told.gone, told.counts.answered) == (1, (99,), 1)


def test_an_answer_of_nothing_is_refused(context: Context) -> None:
    dataset = dataset_with(context, tickets(2))
    with pytest.raises(BadValue):
        answer(context, dataset, {1: "  "})
    assert queue(context, dataset).counts.answered == 0


def test_a_skipped_row_comes_last(context: Context) -> None:
    dataset = dataset_with(context, tickets(4))
    counts = perform(context, "skip", {"dataset": dataset, "positions": [1, 2]})
    assert counts.skipped == 2
    assert [row.position for row in queue(context, dataset).rows] == [3, 4, 1, 2]
    assert perform(context, "skip", {"dataset": dataset, "positions": [1, 2], "again": True}).skipped == 0


def test_marked_fields_are_stored_as_an_import_would_store_them(context: Context) -> None:
    dataset = dataset_with(context, [("Two on  Monday", None)], "text_fields")
    answer(context, dataset, {1: '{"people": "Two", "day": "Monday ", "time": ""}'})
    found = queue(context, dataset, positions=(1,))
    assert found.rows[0].answer == '{"day":"Monday","people":"Two"}'
    assert found.fields == ("day", "people")


def test_suggestions_are_worked_out_by_a_job_and_order_the_queue(context: Context) -> None:
    dataset = dataset_with(context, tickets(120, answered=40))
    job = perform(context, "suggestions", {"dataset": dataset})
    assert context.workshop.supervisor.wait(job.id, 60).state is JobState.DONE
    found = queue(context, dataset, size=80)
    assert found.learned_from == 40
    assert len(found.rows) == 80
    assert [row.position for row in found.rows] != sorted(row.position for row in found.rows)
    assert sum(row.suggestion == topic_of(row.question) for row in found.rows) >= 76
    assert found.learned is not None
    assert found.learned.right is not None
    assert found.learned.right >= 34
    assert not (Path(job.folder) / "sample.parquet").exists()


def test_another_owners_rows_and_rounds_are_not_there(context: Context) -> None:
    dataset = dataset_with(context, tickets(4))
    made = a_round(context, dataset)
    stranger = Context(context.workshop, OwnerId("mallory"))
    for verb, values in (
        ("label-queue", {"dataset": dataset}),
        ("label", {"dataset": dataset, "answers": [{"position": 1, "answer": "x"}]}),
        ("skip", {"dataset": dataset, "positions": [1]}),
        ("suggestions", {"dataset": dataset}),
        ("label-round", {"dataset": dataset}),
        ("rounds", {"dataset": dataset}),
        ("round-results", {"round": made.round.id}),
        ("agreement", {"round": made.round.id}),
        ("close-round", {"round": made.round.id}),
        ("take-answers", {"round": made.round.id}),
        ("settle-answer", {"round": made.round.id, "position": 1, "answer": "x"}),
        ("add-row", {"dataset": dataset, "question": "x"}),
        ("add-rows", {"dataset": dataset, "text": "x"}),
    ):
        with pytest.raises(NotFound):
            perform(stranger, verb, values)


def test_a_round_needs_rows_and_choices(context: Context) -> None:
    with pytest.raises(NoChoices):
        perform(context, "label-round", {"dataset": dataset_with(context, tickets(3))})
    with pytest.raises(NothingToLabel):
        a_round(context, dataset_with(context, tickets(3, answered=3)))


def test_only_the_hash_of_a_link_is_kept(context: Context) -> None:
    made = a_round(context, dataset_with(context, tickets(3)))
    stored = context.workshop.store.read(None, "SELECT token_hash, settings FROM label_round WHERE id = ?", [made.round.id])[0]
    assert len(token(made)) >= 32
    assert token(made) not in "".join(stored)


@pytest.mark.parametrize(("share", "twice"), [(0.0, 0), (0.2, 10), (1.0, 50)])
def test_the_wished_share_goes_to_two_people(context: Context, share: float, twice: int) -> None:
    made = a_round(context, dataset_with(context, tickets(50)), twice_share=share)
    assert rounds.size(context.workshop.store, made.round.id) == (50, 50 + twice)


def _label_all(desk: RoundDesk, made: RoundMade, people: dict[str, object]) -> dict[str, list[int]]:
    """Everybody answers in turn until nothing is left for anyone; a person says the topic, or what `people` says."""
    seen: dict[str, list[int]] = {person: [] for person in people}
    going = True
    while going:
        going = False
        for person, said in people.items():
            task = desk.next(made.round, person)
            if task.position is None:
                continue
            going = True
            seen[person].append(task.position)
            assert desk.answer(made.round, person, task.position, said if isinstance(said, str) else topic_of(task.text), 1.5)
    return seen


def test_two_people_share_the_rows_that_are_wanted_twice_and_no_others(context: Context) -> None:
    made = a_round(context, dataset_with(context, tickets(60)))
    seen = _label_all(RoundDesk(context.workshop), made, {"Anna": None, "Ben": None})
    assert len(set(seen["Anna"]) & set(seen["Ben"])) == 12
    assert len(set(seen["Anna"]) | set(seen["Ben"])) == 60
    assert all(len(places) == len(set(places)) for places in seen.values())


def test_two_people_never_have_the_same_row_before_them(context: Context) -> None:
    made = a_round(context, dataset_with(context, tickets(6)), twice_share=0)
    now = [0.0]
    desk = RoundDesk(context.workshop, clock=lambda: now[0])
    held = [desk.next(made.round, person).position for person in ("Anna", "Ben", "Cleo")]
    assert len(set(held)) == 3
    assert desk.next(made.round, "Anna").position == held[0]  # a reload shows the same row
    assert held[1] is not None
    assert not desk.answer(made.round, "Anna", held[1], "card", 1.0)
    now[0] = HELD_S + 1  # Ben went home
    assert desk.next(made.round, "Anna").position is not None
    places = {desk.next(made.round, person).position for person in ("Dora", "Emil", "Fay")}
    assert held[1] in places


def test_agreement_differences_and_taking_answers_are_one_story(context: Context) -> None:
    dataset = dataset_with(context, tickets(40))
    made = a_round(context, dataset, twice_share=1.0)
    _label_all(RoundDesk(context.workshop), made, {"Anna": None, "Ben": "card"})
    found: RoundResults = perform(context, "round-results", {"round": made.round.id})
    assert [(one.person, one.answers) for one in found.people] == [("Anna", 40), ("Ben", 40)]
    assert found.agreement.rows == 40
    assert found.ready + found.differing == 40
    assert found.agreement.same == found.ready
    _, told = agreed(context, "take-answers", {"round": made.round.id})
    assert told.rows == found.ready
    assert queue(context, dataset).counts.answered == found.ready
    difference = found.differences[0]
    perform(context, "settle-answer", {"round": made.round.id, "position": difference.position, "answer": difference.answers[0][1]})
    after: RoundResults = perform(context, "round-results", {"round": made.round.id})
    assert (after.ready, after.differing) == (0, found.differing - 1)
    assert after.agreement == found.agreement
    perform(context, "undo", {"dataset": dataset})
    perform(context, "undo", {"dataset": dataset})
    again: RoundResults = perform(context, "round-results", {"round": made.round.id})
    assert (again.ready, again.differing) == (found.ready, found.differing)
    assert queue(context, dataset).counts.answered == 0


def test_a_closed_round_is_dead_and_keeps_its_answers(context: Context) -> None:
    made = a_round(context, dataset_with(context, tickets(5)))
    desk = RoundDesk(context.workshop)
    task = desk.next(made.round, "Anna")
    assert task.position is not None
    assert desk.answer(made.round, "Anna", task.position, "card", 1.0)
    assert desk.door(token(made))[0] is Door.OPEN
    card = perform(context, "close-round", {"round": made.round.id})
    assert (card.open, card.given) == (False, 1)
    assert desk.door(token(made))[0] is Door.CLOSED
    assert desk.door("another token")[0] is Door.UNKNOWN


def test_rows_that_are_gone_are_not_counted_as_left(context: Context) -> None:
    dataset = dataset_with(context, tickets(5))
    made = a_round(context, dataset, twice_share=0)
    sql = "SELECT id FROM example WHERE dataset = ? AND gone IS NULL ORDER BY position LIMIT 2"
    for (row,) in context.workshop.store.read(None, sql, [dataset]):
        perform(context, "delete-row", {"example": row})
    desk = RoundDesk(context.workshop)
    assert desk.next(made.round, "Anna").left == 3
    _label_all(desk, made, {"Anna": None})
    assert desk.next(made.round, "Anna").left == 0
