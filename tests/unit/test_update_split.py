"""What must hold for the split of rows that came after a training, whatever the rows."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import changes, datasets
from storage.bulk.changing import apply, take_out
from storage.bulk.drawing import Draw
from storage.bulk.extending import extend_split, known_positions
from storage.bulk.importing import import_parquet
from storage.bulk.splitting import freeze_split, freeze_version, leaks
from storage.bulk.versions import recomputed_hash
from storage.rows import LOCAL_OWNER, DatasetId, Part, RowEdit, RowFilter, Split
from storage.store import Store
from tests.unit.store_rows import filled, messages, open_store, parts_by_question, support_rows, write_parquet

pairs = st.lists(st.tuples(st.integers(0, 40).map(lambda number: f"Question {number}"), st.sampled_from(["a", "b", "c"])), min_size=1, max_size=50)
SLOW = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SAID = '{"key":"nowhere","english":"Sealed","facts":{}}'
WISH = Draw(seed=0, validation_share=0.1, test_share=0.2)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("updates")) as opened:
        yield opened


def more(store: Store, dataset: DatasetId, rows, *, sealed: bool = False) -> None:
    import_parquet(store, dataset, write_parquet(store.path.parent / "more.parquet", rows), sealed=sealed)


def split_of(store: Store, dataset: DatasetId) -> Split:
    return freeze_split(store, freeze_version(store, dataset).id, "{}", seed=0, validation_share=0.1, test_share=0.2)


@given(old=pairs, new=pairs)
@SLOW
def test_older_rows_keep_their_part_and_no_question_is_on_two_sides(store, old, new):
    _, dataset = filled(store, old)
    before = split_of(store, dataset)
    more(store, dataset, new)
    after, joined = extend_split(store, LOCAL_OWNER, before.id, WISH, SAID)
    was, now = parts_by_question(store, before.id), parts_by_question(store, after.id)
    assert now[: len(was)] == was
    assert after.test == before.test + joined
    assert (after.train, after.validation, after.test) == tuple(sum(part is each for _, part in now) for each in Part)
    assert leaks(store, after.id).equal == 0
    assert after.kept_out == len(new) - (len(now) - len(was))


def test_a_share_of_the_new_rows_joins_the_exam_and_the_training(store):
    _, dataset = filled(store, support_rows(200))
    before = split_of(store, dataset)
    more(store, dataset, [(f"A new thing {number}", "billing") for number in range(100)])
    after, joined = extend_split(store, LOCAL_OWNER, before.id, WISH, SAID)
    assert joined == pytest.approx(20, abs=3)
    assert after.train - before.train > 50
    assert [change.kind for change in changes.history(store, dataset)] == ["import", "import"], "an exam drawn by lot needs no seal"


def test_new_rows_of_a_sealed_exam_are_sealed_and_earlier_versions_stay_as_they_were(store):
    _, dataset = filled(store, support_rows(100))
    more(store, dataset, [(f"Exam {number}", "billing") for number in range(30)], sealed=True)
    before = split_of(store, dataset)
    assert before.test == 30
    more(store, dataset, [(f"A new thing {number}", "billing") for number in range(60)])
    version = freeze_version(store, dataset)
    after, joined = extend_split(store, LOCAL_OWNER, before.id, WISH, SAID)
    assert joined > 0
    assert datasets.facts(store, dataset).sealed == 30 + joined == after.test
    assert recomputed_hash(store, version.id) == version.content_hash
    assert changes.history(store, dataset)[0].kind == "seal"


def test_rows_in_no_part_stay_in_none_and_rows_answered_since_count_as_new(store):
    _, dataset = filled(store, [*support_rows(50), ("Who knows?", None)])
    before = split_of(store, dataset)
    apply(store, LOCAL_OWNER, dataset, [RowEdit(51, messages("Who knows?", "billing"))], "label", SAID)
    after, _ = extend_split(store, LOCAL_OWNER, before.id, WISH, SAID)
    assert sum((after.train, after.validation, after.test)) == sum((before.train, before.validation, before.test)) + 1


def test_a_new_row_is_known_by_what_an_older_one_says_said_or_had_when_it_was_taken_out(store):
    _, dataset = filled(store, [("Where is it?", "a"), ("Wheer?", "a"), ("Junk", "a"), ("Other", "b")])
    apply(store, LOCAL_OWNER, dataset, [RowEdit(2, messages("Where?", "a"))], "edit", SAID)
    take_out(store, LOCAL_OWNER, dataset, RowFilter(positions=(3,)), "delete", lambda rows: SAID)
    more(store, dataset, [("Where is it?", "a"), ("Wheer?", "a"), ("Where?", "a"), ("Junk", "a"), ("Where is it?", "b"), ("New", "a")])
    assert known_positions(store, dataset, 5) == [5, 6, 7, 8]
