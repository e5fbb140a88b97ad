"""What must hold for every split, whatever the rows."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import datasets
from storage.bulk.quotas import Stratum, quotas
from storage.bulk.splitting import freeze_split, freeze_version, get_split, latest_split, leaks, open_test, split_counts, splits_of
from storage.errors import NothingToSplit, RowMissing
from storage.rows import LOCAL_OWNER, OwnerId, Part, Split
from storage.store import Store
from tests.unit.store_rows import filled, open_store, parts_by_question, support_rows

questions = st.integers(0, 30).map(lambda number: f"Question {number}")
answers = st.sampled_from(["a", "b", "c", "d", "rare"])
pairs = st.lists(st.tuples(questions, answers), min_size=1, max_size=60)
SLOW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("splits")) as opened:
        yield opened


def split_of(store: Store, dataset, **settings) -> Split:
    wanted = {"seed": 0, "validation_share": 0.1, "test_share": 0.1} | settings
    return freeze_split(store, freeze_version(store, dataset).id, "{}", **wanted)


def folded(question: str) -> str:
    return " ".join(question.lower().split())


@given(pairs=pairs, seed=st.integers(0, 5), share=st.sampled_from([0.05, 0.1, 0.25, 0.4]), stratify=st.booleans())
@SLOW
def test_every_row_is_in_one_part_and_equal_questions_are_in_the_same(store, pairs, seed, share, stratify):
    _, dataset = filled(store, pairs)
    split = split_of(store, dataset, seed=seed, validation_share=share, test_share=share, stratify=stratify)
    placed = parts_by_question(store, split.id)
    assert [question for question, _ in placed] == [question for question, _ in pairs]
    assert Counter(part for _, part in placed) == Counter({Part.TRAIN: split.train, Part.VALIDATION: split.validation, Part.TEST: split.test})
    sides: dict[str, set[Part]] = {}
    for question, part in placed:
        sides.setdefault(folded(question), set()).add(part)
    assert all(len(parts) == 1 for parts in sides.values())
    assert split.train > 0


@given(pairs=pairs, seed=st.integers(0, 5))
@SLOW
def test_the_same_content_and_seed_give_the_same_split_in_any_dataset(store, pairs, seed):
    _, first = filled(store, pairs)
    _, second = filled(store, pairs)
    one, two = split_of(store, first, seed=seed), split_of(store, second, seed=seed)
    assert one.id != two.id
    assert parts_by_question(store, one.id) == parts_by_question(store, two.id)


@given(pairs=pairs)
@SLOW
def test_an_answer_of_one_question_is_learned_from(store, pairs):
    _, dataset = filled(store, pairs)
    split = split_of(store, dataset)
    rows = list(zip(parts_by_question(store, split.id), [answer for _, answer in pairs], strict=True))
    counts = Counter(answer for _, answer in pairs)
    singles = {answer for answer, count in counts.items() if count == 1}
    if 2 * len(singles) <= len(pairs):  # otherwise answers are no categories
        shared = {question for question, count in Counter(folded(question) for question, _ in pairs).items() if count > 1}
        assert all(part is Part.TRAIN for (question, part), answer in rows if answer in singles and folded(question) not in shared)


@given(groups=st.lists(st.tuples(questions, st.sampled_from(["p1", "p2", "p3", "p4", "p5", ""])), min_size=2, max_size=50), seed=st.integers(0, 3))
@SLOW
def test_rows_of_one_group_and_equal_questions_stay_together_through_any_chain(store, groups, seed):
    _, dataset = filled(store, [(question, "x") for question, _ in groups], originals=[{"patient/id": group} for _, group in groups])
    split = split_of(store, dataset, seed=seed, group_by="patient/id", test_share=0.3, validation_share=0.3)
    placed = parts_by_question(store, split.id)
    sides: dict[str, set[Part]] = {}
    for (question, part), (_, group) in zip(placed, groups, strict=True):
        sides.setdefault(folded(question), set()).add(part)
        if group:
            sides.setdefault(group, set()).add(part)
    assert all(len(parts) == 1 for parts in sides.values())


def test_a_row_without_the_group_column_stands_for_itself(store):
    _, dataset = filled(store, support_rows(40), originals=[{"patient": "p"}] * 10 + [{}] * 30)
    split = split_of(store, dataset, group_by="patient")
    assert (split.train, split.validation, split.test) == (32, 4, 4)
    assert len({part for _, part in parts_by_question(store, split.id)[:10]}) == 1


def test_each_answer_has_its_share_on_every_side(store):
    _, dataset = filled(store, support_rows(1000, labels=10))
    split = split_of(store, dataset)
    assert (split.train, split.validation, split.test) == (800, 100, 100)
    assert {(count.part, count.rows) for count in split_counts(store, split.id)} == {(Part.TRAIN, 80), (Part.VALIDATION, 10), (Part.TEST, 10)}


def test_small_classes_add_up_to_the_wanted_share(store):
    _, dataset = filled(store, support_rows(300, labels=77))  # 3 or 4 rows each
    split = split_of(store, dataset)
    assert (split.validation, split.test) == (30, 30)
    assert len({count.label for count in split_counts(store, split.id) if count.part is Part.TRAIN}) == 77


@pytest.mark.parametrize("rows", [3, 4, 5, 9])
def test_three_questions_are_enough_for_three_parts(store, rows):
    for labels in (1, rows):  # one category, or free text with an answer of its own each
        _, dataset = filled(store, support_rows(rows, labels=labels))
        split = split_of(store, dataset)
        assert min(split.train, split.validation, split.test) >= 1, labels


def test_large_groups_leave_no_part_empty(store):
    _, dataset = filled(store, support_rows(90, labels=1), originals=[{"patient": str(number // 30)} for number in range(90)])
    split = split_of(store, dataset, group_by="patient")
    assert (split.train, split.validation, split.test) == (30, 30, 30)


def test_sealed_rows_are_the_test_and_their_questions_are_not_learned(store):
    _, dataset = filled(store, support_rows(100), sealed=[("  WHERE is order 7? ", "label 2"), ("Never seen", "label 0")])
    split = split_of(store, dataset)
    assert (split.test, split.kept_out, split.validation) == (2, 1, 10)
    placed = parts_by_question(store, split.id)
    assert [question for question, part in placed if part is Part.TEST] == ["  WHERE is order 7? ", "Never seen"]
    assert "Where is order 7?" not in dict(placed)


def test_sealed_rows_are_in_no_part_when_the_test_is_drawn(store):
    _, dataset = filled(store, support_rows(100), sealed=[("Never seen", "label 0")])
    split = split_of(store, dataset, sealed_test=False)
    assert (split.train, split.validation, split.test) == (80, 10, 10)
    assert "Never seen" not in dict(parts_by_question(store, split.id))


def test_rows_without_an_answer_are_in_no_part(store):
    _, dataset = filled(store, [*support_rows(20), ("Unanswered", None)])
    split = split_of(store, dataset)
    assert split.train + split.validation + split.test == 20
    _, dataset = filled(store, [("Unanswered", None)])
    with pytest.raises(NothingToSplit):
        split_of(store, dataset)


def test_the_same_wish_is_the_same_split_and_another_seed_another(store):
    _, dataset = filled(store, support_rows(100))
    first = split_of(store, dataset)
    assert open_test(store, first.id).opened == 1
    assert split_of(store, dataset).opened == 1
    other = split_of(store, dataset, seed=1)
    assert other.id != first.id
    assert parts_by_question(store, other.id) != parts_by_question(store, first.id)
    assert latest_split(store, dataset) == other
    assert {split.id for split in splits_of(store, dataset)} == {first.id, other.id}
    assert get_split(store, OwnerId("stranger"), first.id) is None
    assert get_split(store, LOCAL_OWNER, first.id).opened == 1


def test_a_split_of_no_version_is_refused(store):
    with pytest.raises(RowMissing):
        freeze_split(store, "nowhere", "{}", seed=0, validation_share=0.1, test_share=0.1)


strata = st.dictionaries(
    st.text(max_size=3), st.integers(1, 40).flatmap(lambda rows: st.builds(Stratum, st.just(rows), st.integers(1, rows))), min_size=1, max_size=30
)


@given(strata, st.floats(0.01, 0.4), st.floats(0.01, 0.4), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_quotas_are_within_one_row_of_the_share_and_always_leave_one_to_learn_from(strata, test_share, validation_share, seed):
    given_out = quotas(strata, test_share=test_share, validation_share=validation_share, seed=seed)
    assert given_out == quotas(dict(reversed(strata.items())), test_share=test_share, validation_share=validation_share, seed=seed)
    for name, stratum in strata.items():
        quota = given_out[name]
        assert quota.test + quota.validation < stratum.rows or stratum.groups == 1
        assert quota.test <= stratum.rows * test_share + 1
        assert quota.validation <= stratum.rows * validation_share + 1
        if stratum.groups == 1:
            assert (quota.test, quota.validation) == (0, 0)
    assert sum(quota.test for quota in given_out.values()) >= (1 if any(stratum.groups > 1 for stratum in strata.values()) else 0)


def test_the_keys_of_equal_questions_are_worked_out_after_the_import_and_before_the_first_split(store):
    _, dataset = filled(store, [(f"Question {n // 2}?", f"label {n % 3}") for n in range(60)])
    without = "SELECT count(*) FROM example WHERE question_key IS NULL AND dataset = ?"
    assert store.read(None, without, [dataset]) == [(60,)]
    assert datasets.facts(store, dataset).duplicates == 30
    split = freeze_split(store, freeze_version(store, dataset).id, "{}", seed=1, validation_share=0.2, test_share=0.2)
    assert store.read(None, without, [dataset]) == [(0,)]
    assert leaks(store, split.id).equal == 0
    assert datasets.facts(store, dataset).duplicates == 30
