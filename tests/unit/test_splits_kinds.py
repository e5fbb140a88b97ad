"""Each kind of split keeps its promise, whatever the rows: nothing that belongs together is parted, the past is learned from, what the file says is done."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.bulk.drawing import Draw
from storage.bulk.splitting import draw_split, freeze_split, freeze_version, leaks, unplaced
from storage.errors import NoDates
from storage.rows import DatasetId, Part, Split
from storage.store import Store
from tests.unit.store_rows import filled, open_store, support_rows

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
RANK = {Part.TRAIN: 1, Part.VALIDATION: 2, Part.TEST: 3}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("kinds")) as opened:
        yield opened


def split_of(store: Store, dataset: DatasetId, **wish) -> Split:
    wanted = {"seed": 0, "validation_share": 0.1, "test_share": 0.1} | wish
    return freeze_split(store, freeze_version(store, dataset).id, "{}", **wanted)


def placed(store: Store, split: Split) -> dict[int, Part]:
    """Part by number of the row, from 0."""
    return {position - 1: Part(part) for position, part in store.read(None, "SELECT position, part FROM split_row WHERE split = ?", [split.id])}


def near(store: Store, dataset: DatasetId, bundles: list[list[int]]) -> None:
    """As a check-up would leave them; rows are counted from 0."""
    rows = [(dataset, row + 1, number) for number, bundle in enumerate(bundles) for row in bundle]
    store.write(lambda connection: connection.executemany("INSERT INTO near VALUES (?, ?, ?)", rows) if rows else None)


numbers = st.integers(0, 25)
cases = st.lists(st.tuples(numbers, st.sampled_from(["p1", "p2", "p3", "p4", "p5", "p6", ""]), st.sampled_from("abc")), min_size=2, max_size=50)


@given(rows=cases, pairs=st.lists(st.tuples(st.integers(0, 49), st.integers(0, 49)), max_size=8), seed=st.integers(0, 3), sealed=st.booleans())
@SLOW
def test_no_group_no_duplicate_and_no_near_duplicate_is_on_two_sides(store, rows, pairs, seed, sealed):
    sealed_rows = [(f"Question {rows[0][0]}", "a")] if sealed else []
    _, dataset = filled(store, [(f"Question {n}", a) for n, _, a in rows], originals=[{"patient": p} for _, p, _ in rows], sealed=sealed_rows)
    bundles = [sorted({a % len(rows), b % len(rows)}) for a, b in pairs]
    near(store, dataset, bundles)
    split = split_of(store, dataset, seed=seed, group_by="patient", near_together=True, validation_share=0.2, test_share=0.2)
    parts = placed(store, split)
    together = [[i for i, row in enumerate(rows) if row[0] == n] for n in {row[0] for row in rows}]
    together += [[i for i, row in enumerate(rows) if row[1] == p] for p in {row[1] for row in rows} - {""}] + bundles
    assert all(len({parts[row] for row in bundle if row in parts}) <= 1 for bundle in together)
    assert (leaks(store, split.id).equal, leaks(store, split.id).near) == (0, 0)
    assert split.kept_out == len(unplaced(store, split.id))
    if not sealed:
        assert len(parts) == len(rows)


def test_a_long_chain_of_near_duplicates_stays_together(store):
    _, dataset = filled(store, support_rows(400, labels=2))
    near(store, dataset, [[row, row + 1] for row in range(299)])
    parts = placed(store, split_of(store, dataset, near_together=True))
    assert len({parts[row] for row in range(300)}) == 1
    assert Counter(parts.values())[Part.TEST] > 0


def test_near_duplicates_of_sealed_rows_are_not_learned_from(store):
    _, dataset = filled(store, support_rows(50), sealed=[("Sealed question", "label 1")])
    near(store, dataset, [[7, 50]])
    split = split_of(store, dataset, near_together=True)
    assert (split.test, split.kept_out) == (1, 1)
    assert 7 not in placed(store, split)


def test_a_check_up_that_finds_more_makes_another_split(store):
    _, dataset = filled(store, support_rows(50))
    first = split_of(store, dataset, near_together=True)
    assert split_of(store, dataset, near_together=True).id == first.id
    near(store, dataset, [[1, 2]])
    assert split_of(store, dataset, near_together=True).id != first.id


@given(
    days=st.lists(st.tuples(numbers, st.integers(0, 12)), min_size=3, max_size=60), seed=st.integers(0, 2), share=st.sampled_from([0.05, 0.2, 0.4])
)
@SLOW
def test_what_is_learned_is_older_than_what_is_watched_and_that_older_than_the_exam(store, days, seed, share):
    originals = [{"seen": "" if day == 12 else f"{day + 1:02d}/02/2024"} for _, day in days]
    _, dataset = filled(store, [(f"Question {n}", "x") for n, _ in days], originals=originals)
    if len({day for _, day in days} - {12}) < 2:
        with pytest.raises(NoDates):
            split_of(store, dataset, time_column="seen")
        return
    split = split_of(store, dataset, time_column="seen", seed=seed, test_share=share)
    parts = placed(store, split)
    assert all(days[row][1] != 12 for row in parts)
    by_day = sorted((days[row][1], RANK[part]) for row, part in parts.items())
    assert [rank for _, rank in by_day] == sorted(rank for _, rank in by_day)
    assert all(len({rank for at, rank in by_day if at == day}) == 1 for day, _ in by_day)
    assert split.test > 0
    sides = {n: {part for row, part in parts.items() if days[row][0] == n} for n, _ in days}
    assert all(len(side) <= 1 for side in sides.values())


def test_the_newest_tenth_is_the_exam(store):
    originals = [{"at": f"2024-01-01T00:{row // 60:02d}:{row % 60:02d}"} for row in range(100)]
    _, dataset = filled(store, support_rows(100), originals=originals[::-1])
    split = split_of(store, dataset, time_column="at")
    assert (split.train, split.validation, split.test) == (80, 10, 10)
    assert {row for row, part in placed(store, split).items() if part is Part.TEST} == set(range(10))


def test_sealed_rows_stay_the_exam_when_the_rest_goes_by_date(store):
    _, dataset = filled(store, support_rows(20), originals=[{"at": f"2024-01-{row + 1:02d}"} for row in range(20)], sealed=[("Sealed", "label 1")])
    split = split_of(store, dataset, time_column="at")
    assert (split.train, split.validation, split.test) == (18, 2, 1)


def test_a_column_says_where_a_row_goes_and_duplicates_follow_the_later_part(store):
    says = ["Train"] * 20 + ["dev"] * 5 + ["TEST"] * 5 + ["?", ""]
    questions = [f"Question {row}" for row in range(32)]
    questions[3] = questions[27]  # a row to learn from that stands in the exam too
    _, dataset = filled(store, [(question, "x") for question in questions], originals=[{"split": said} for said in says])
    values = {"train": Part.TRAIN, "dev": Part.VALIDATION, "test": Part.TEST}
    split = split_of(store, dataset, part_column="split", part_values=values)
    assert (split.train, split.validation, split.test, split.kept_out) == (19, 5, 5, 3)
    assert 3 not in placed(store, split)


def test_a_part_that_the_column_never_names_is_drawn_from_the_rows_to_learn_from(store):
    says = ["train"] * 80 + ["test"] * 20
    _, dataset = filled(store, support_rows(100), originals=[{"split": said} for said in says])
    split = split_of(store, dataset, part_column="split", part_values={"train": Part.TRAIN, "test": Part.TEST})
    assert (split.train, split.validation, split.test) == (72, 8, 20)


def test_several_columns_keep_their_shares_together(store):
    originals = [{"region": "north" if row % 2 else "south", "size": "big" if row % 5 == 0 else "small"} for row in range(400)]
    _, dataset = filled(store, support_rows(400, labels=400), originals=originals)
    parts = placed(store, split_of(store, dataset, stratify_by=("region", "size")))
    counted = Counter((originals[row]["region"], originals[row]["size"]) for row, part in parts.items() if part is Part.TEST)
    assert counted == {("north", "small"): 16, ("south", "small"): 16, ("north", "big"): 4, ("south", "big"): 4}


def test_rejected_and_erased_rows_are_in_no_part(store):
    _, dataset = filled(store, support_rows(60))
    store.write(lambda connection: connection.execute("INSERT INTO mark VALUES (?, 4, [], 'rejected', 'local', 1, NULL)", [dataset]))
    store.write(lambda connection: connection.execute("UPDATE example SET erased = true WHERE dataset = ? AND position = 9", [dataset]))
    split = split_of(store, dataset)
    assert split.train + split.validation + split.test == 58
    assert not {3, 8} & set(placed(store, split))


def test_rows_that_contradict_each_other_stay_together_under_their_commoner_answer(store):
    rows = [("Same question", "a")] * 3 + [("Same question", "b")] + [(f"Question {row}", "ab"[row % 2]) for row in range(96)]
    _, dataset = filled(store, rows)
    for seed in range(6):
        parts = placed(store, split_of(store, dataset, seed=seed))
        assert len({parts[row] for row in range(4)}) == 1
        assert 8 <= Counter(parts.values())[Part.TEST] <= 12


def test_another_seed_is_another_order(store):
    _, dataset = filled(store, support_rows(2000, labels=4))
    tests = [{row for row, part in placed(store, split_of(store, dataset, seed=seed)).items() if part is Part.TEST} for seed in range(8)]
    shared = [len(a & b) for i, a in enumerate(tests) for b in tests[:i]]
    assert max(shared) < 50  # 20 are expected of 200
    assert min(shared) > 4


def test_a_draw_says_how_many_it_keeps_out(store):
    _, dataset = filled(store, support_rows(30), originals=[{"at": "no date" if row < 5 else f"2024-03-{row:02d}"} for row in range(30)])
    split = draw_split(store, freeze_version(store, dataset).id, "{}", Draw(0, 0.1, 0.1, time_column="at"))
    assert split.kept_out == 5
