"""A version keeps what stood, two say what they differ in, and any result leads back to its rows."""

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.bulk import changing, comparing, tracing, versions, writing
from storage.bulk.comparing import Kind
from storage.bulk.splitting import freeze_split
from storage.errors import RowMissing
from storage.rows import LOCAL_OWNER, NewExample, Part, RowEdit
from tests.unit.store_rows import filled, messages, open_store, support_rows

SLOW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
WHAT = '{"key":"x","english":"x","facts":{}}'


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("versions")) as opened:
        yield opened


def edit(store, dataset, edits):
    return changing.apply(
        store, LOCAL_OWNER, dataset, [RowEdit(position, text and messages(*text)) for position, text in edits.items()], "edit", WHAT
    )


def reject(store, dataset, position):
    """As storage.marks does it: a change of its own."""

    def mark(connection):
        number = connection.execute("UPDATE dataset SET change = change + 1 WHERE id = ? RETURNING change", [dataset]).fetchall()[0][0]
        connection.execute("INSERT INTO mark VALUES (?, ?, [], 'rejected', 'local', ?, NULL)", [dataset, position, number])

    store.write(mark)


def test_added_removed_and_changed_rows_are_told_with_their_texts(store):
    _, dataset = filled(store, support_rows(10))
    first = versions.freeze_version(store, dataset)
    edit(store, dataset, {2: ("Mended", "label 1"), 3: None})
    reject(store, dataset, 4)
    new = NewExample(messages("New", "label 0"), "New", "label 0", "pasted", 1, "{}")
    changing.add_rows(store, LOCAL_OWNER, dataset, [new], WHAT)
    second = versions.freeze_version(store, dataset, "mended")
    found = comparing.compare(store, first.id, second.id)
    assert (found.added, found.removed, found.changed) == ((11,), (3, 4), (2,))
    assert (found.added_count, found.removed_count, found.changed_count) == (1, 2, 1)
    pairs = {pair.position: pair for pair in comparing.pairs(store, first.id, second.id)}
    assert (pairs[2].kind, pairs[2].before_question, pairs[2].after_question) == (Kind.CHANGED, "Where is order 1?", "Mended")
    assert (pairs[3].after, pairs[4].after, pairs[11].before) == (None, None, None)
    assert [pair.position for pair in comparing.pairs(store, first.id, second.id, kind=Kind.REMOVED, after_position=3)] == [4]
    back = comparing.compare(store, second.id, first.id)
    assert (back.added, back.removed, back.changed) == ((3, 4), (11,), (2,))
    assert (second.name, second.rows, second.number) == ("mended", 9, 2)


@given(
    first=st.dictionaries(st.integers(1, 12), st.one_of(st.none(), st.integers(0, 3)), max_size=6),
    second=st.dictionaries(st.integers(1, 12), st.one_of(st.none(), st.integers(0, 3)), max_size=6),
)
@SLOW
def test_a_comparison_is_what_a_look_at_all_rows_of_both_would_find(store, first, second):
    _, dataset = filled(store, support_rows(12))
    found = [versions.freeze_version(store, dataset)]
    for edits in (first, second):
        there = {row[0] for row in store.read(None, "SELECT position FROM example WHERE dataset = ? AND gone IS NULL", [dataset])}
        told = {position: None if text is None else (f"Text {text} {position}", "a") for position, text in edits.items() if position in there}
        now = {row[0]: row[1] for row in store.read(None, "SELECT position, question FROM example WHERE dataset = ? AND gone IS NULL", [dataset])}
        told = {position: text for position, text in told.items() if text is None or now[position] != text[0]}
        if told:
            edit(store, dataset, told)
        found.append(versions.freeze_version(store, dataset))
    for a in found:
        for b in found:
            was, now = rows_of(store, a), rows_of(store, b)
            compared = comparing.compare(store, a.id, b.id)
            assert set(compared.added) == set(now) - set(was)
            assert set(compared.removed) == set(was) - set(now)
            assert set(compared.changed) == {place for place in set(was) & set(now) if was[place] != now[place]}


def rows_of(store, version):
    sql = f"SELECT position, content_hash FROM example WHERE {versions.ROWS_OF_VERSION}"
    return dict(store.read(None, sql, versions.place_of(store, version.id)))


def test_versions_of_two_datasets_are_not_compared(store):
    first, second = (versions.freeze_version(store, filled(store, support_rows(3))[1]) for _ in range(2))
    with pytest.raises(RowMissing):
        comparing.compare(store, first.id, second.id)


def test_freezing_again_is_the_same_version_and_takes_a_name_given_later(store):
    _, dataset = filled(store, support_rows(5))
    first = versions.freeze_version(store, dataset)
    assert versions.freeze_version(store, dataset) == first
    assert versions.freeze_version(store, dataset, "clean").id == first.id
    assert versions.standing_version(store, dataset).name == "clean"
    edit(store, dataset, {1: ("Other", "a")})
    assert versions.standing_version(store, dataset) is None
    edit(store, dataset, {1: ("Where is order 0?", "label 0")})
    assert versions.freeze_version(store, dataset).id == first.id
    assert versions.name_version(store, first.id, "again").name == "again"


def test_a_file_for_a_job_holds_the_rows_as_they_stand_or_as_they_were(store):
    _, dataset = filled(store, support_rows(6), originals=[{"text": f"t{row}", "n": row} for row in range(6)], sealed=[("Sealed", "a")])
    version = versions.freeze_version(store, dataset)
    split = freeze_split(store, version.id, "{}", seed=0, validation_share=0.2, test_share=0.2)
    edit(store, dataset, {1: ("Mended", "a"), 2: None})
    folder = store.path.parent
    assert len(writing.write_current(store, dataset, folder / "now.parquet")) == 64
    writing.write_version(store, version.id, folder / "was.parquet", split.id)
    now, was = pq.read_table(folder / "now.parquet"), pq.read_table(folder / "was.parquet")
    wanted = ["example_id", "position", "messages", "question", "answer", "original", "source", "row", "part", "sealed"]
    assert (now.column_names, was.column_names) == (wanted, [*wanted[:8], "part", "sealed", "content_hash"])
    assert now.column("position").to_pylist() == [1, 3, 4, 5, 6, 7]
    assert now.column("question").to_pylist()[0] == "Mended"
    assert was.column("question").to_pylist()[:2] == ["Where is order 0?", "Where is order 1?"]
    assert json.loads(was.column("original").to_pylist()[2]) == {"text": "t2", "n": 2}
    assert was.column("part").to_pylist()[-1] == "test"
    assert was.column("sealed").to_pylist() == [False] * 6 + [True]


def test_the_rows_behind_a_split_are_told_as_they_were_learned(store):
    _, dataset = filled(store, support_rows(20))
    split = freeze_split(store, versions.freeze_version(store, dataset).id, "{}", seed=0, validation_share=0.2, test_share=0.2)
    edit(store, dataset, {1: ("Mended", "a")})
    traced = tracing.rows_of_split(store, split.id)
    assert [row.question for row in traced][:2] == ["Where is order 0?", "Where is order 1?"]
    assert (traced[0].source, traced[0].row, traced[0].edited, traced[0].erased) == ("rows.csv", 1, False, False)
    tests = tracing.rows_of_split(store, split.id, part=Part.TEST)
    assert len(tests) == split.test
    assert tracing.rows_of_split(store, split.id, after=18, size=1)[0].position == 19
