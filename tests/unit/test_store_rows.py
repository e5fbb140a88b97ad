"""Rows: owners, edits, history, undo, versions, pages."""

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import changes, datasets, projects
from storage.bulk.importing import import_parquet
from storage.bulk.splitting import freeze_split, open_test
from storage.bulk.versions import export_jsonl, freeze_version, get_version, recomputed_hash, versions_of
from storage.bulk.writing import write_rows
from storage.canonical import canonical, canonical_text
from storage.errors import BadMessages, NothingToTakeBack, RowMissing
from storage.files import sha256_of
from storage.rows import LOCAL_OWNER, OwnerId, Part
from storage.store import Store
from tests.unit.store_rows import filled, first_example, messages, open_store, page, row_hash, support_rows, write_parquet

STRANGER = OwnerId("stranger")


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


def everything(store: Store, dataset) -> list[tuple[str, str]]:
    return [(example.id, example.content_hash) for example in page(store, dataset, size=1000).examples]


def test_rows_keep_their_order_source_and_hash(store):
    _, dataset = filled(store, support_rows(120))
    rows = page(store, dataset, size=500).examples
    assert [(row.position, row.row, row.question) for row in rows] == [(n, n, f"Where is order {n - 1}?") for n in range(1, 121)]
    assert all(row.content_hash == row_hash(row.messages) and not row.edited for row in rows)
    assert len({row.id for row in rows}) == 120
    assert all(len(row.id) == 13 for row in rows)


def test_a_second_import_goes_behind_the_first(store):
    _, dataset = filled(store, support_rows(3), sealed=[("Sealed?", "label 0")])
    rows = page(store, dataset).examples
    assert [(row.position, row.sealed) for row in rows] == [(1, False), (2, False), (3, False), (4, True)]
    assert len({row.id for row in rows}) == 4


def test_another_owner_sees_nothing(store):
    project, dataset = filled(store, support_rows(3))
    version = freeze_version(store, dataset)
    assert projects.get(store, STRANGER, project.id) is None
    assert datasets.get(store, STRANGER, dataset) is None
    assert datasets.get_example(store, STRANGER, first_example(store, dataset)) is None
    assert get_version(store, STRANGER, version.id) is None
    assert projects.of_owner(store, STRANGER) == []


def test_an_edit_changes_the_row_and_not_the_version_that_was_frozen(store):
    _, dataset = filled(store, support_rows(50))
    version = freeze_version(store, dataset)
    split = freeze_split(store, version.id, "{}", seed=0, validation_share=0.1, test_share=0.1)
    before = write_rows(store, split.id, store.path.parent / "before.parquet", list(Part))
    for row in page(store, dataset, size=20).examples:
        datasets.edit(store, LOCAL_OWNER, row.id, messages("Changed?", "label 9"))
    datasets.delete_example(store, LOCAL_OWNER, page(store, dataset, after=30, size=1).examples[0].id)
    changed = freeze_version(store, dataset)
    assert (changed.number, changed.rows) == (2, 49)
    assert changed.content_hash != version.content_hash
    assert recomputed_hash(store, version.id) == version.content_hash
    after = write_rows(store, split.id, store.path.parent / "after.parquet", list(Part))
    assert pq.read_table(store.path.parent / "after.parquet").equals(pq.read_table(store.path.parent / "before.parquet"))
    assert before == after


def test_undo_takes_back_edits_and_deletions_until_every_hash_is_as_before(store):
    _, dataset = filled(store, support_rows(10))
    version, before = freeze_version(store, dataset), everything(store, dataset)
    rows = page(store, dataset).examples
    datasets.edit(store, LOCAL_OWNER, rows[0].id, messages("Changed?", "label 9"))
    datasets.edit(store, LOCAL_OWNER, rows[0].id, messages("Changed twice?", None))
    datasets.delete_example(store, LOCAL_OWNER, rows[0].id)
    datasets.delete_example(store, LOCAL_OWNER, rows[9].id)
    assert len(everything(store, dataset)) == 8
    undone = []
    while changes.latest(store, dataset) is not None:
        undone.append(changes.undo(store, LOCAL_OWNER, dataset).undoes)
    assert undone == [5, 4, 3, 2]
    assert everything(store, dataset) == before
    assert freeze_version(store, dataset) == version
    assert all(not row.edited for row in page(store, dataset).examples)


def test_an_edit_after_an_undo_is_the_next_to_be_undone(store):
    _, dataset = filled(store, support_rows(2))
    example = first_example(store, dataset)
    datasets.edit(store, LOCAL_OWNER, example, messages("one", "a"))
    changes.undo(store, LOCAL_OWNER, dataset)
    datasets.edit(store, LOCAL_OWNER, example, messages("two", "a"))
    assert changes.undo(store, LOCAL_OWNER, dataset).undoes == 4
    with pytest.raises(NothingToTakeBack):
        changes.undo(store, LOCAL_OWNER, dataset)
    assert [(change.kind, change.undone) for change in changes.history(store, dataset, 1)] == [
        ("undo", False), ("edit", True), ("undo", False), ("edit", True), ("import", False)]  # fmt: skip


def test_the_history_says_who_changed_what(store):
    _, dataset = filled(store, support_rows(2))
    rows = page(store, dataset).examples
    datasets.edit(store, STRANGER, rows[1].id, messages("new", "b"))
    datasets.delete_example(store, LOCAL_OWNER, rows[0].id)
    deletion, edit, _ = changes.history(store, dataset)
    assert [(state.actor, state.messages) for state in changes.states(store, dataset, 2)] == [
        (STRANGER, messages("new", "b")), (LOCAL_OWNER, rows[1].messages)]  # fmt: skip
    assert [(state.actor, state.messages) for state in changes.states(store, dataset, 1)] == [
        (LOCAL_OWNER, None), (LOCAL_OWNER, rows[0].messages)]  # fmt: skip
    assert [found.number for found in changes.history(store, dataset, 2)] == [edit.number, 1]
    assert (deletion.kind, edit.actor) == ("delete", STRANGER)


@pytest.mark.parametrize("wrong", ["", "[]", "{}", "[1]", '[{"role": "user"}]', '[{"role": "user", "content": 3}]', "not json"])
def test_an_edit_that_is_no_conversation_is_refused_and_changes_nothing(store, wrong):
    _, dataset = filled(store, support_rows(2))
    before = everything(store, dataset)
    with pytest.raises(BadMessages):
        datasets.edit(store, LOCAL_OWNER, first_example(store, dataset), wrong)
    assert everything(store, dataset) == before


def test_a_row_that_is_gone_cannot_be_edited(store):
    _, dataset = filled(store, support_rows(2))
    example = first_example(store, dataset)
    datasets.delete_example(store, LOCAL_OWNER, example)
    with pytest.raises(RowMissing):
        datasets.edit(store, LOCAL_OWNER, example, messages("q", "a"))
    with pytest.raises(RowMissing):
        datasets.delete_example(store, LOCAL_OWNER, example)


def test_equal_content_is_one_version_and_sealing_makes_another(store):
    _, first = filled(store, support_rows(20))
    _, second = filled(store, support_rows(20))
    _, third = filled(store, support_rows(10), sealed=support_rows(20)[10:])
    one, two, sealed = (freeze_version(store, dataset) for dataset in (first, second, third))
    assert one.content_hash == two.content_hash != sealed.content_hash
    assert freeze_version(store, first) == one
    assert versions_of(store, first) == [one]


def test_pages_go_through_all_rows_once(store):
    _, dataset = filled(store, support_rows(105))
    datasets.delete_example(store, LOCAL_OWNER, page(store, dataset, after=50, size=1).examples[0].id)
    after, seen = 0, []
    while True:
        window = page(store, dataset, after=after, size=25)
        assert window.total == 104
        seen += [row.row for row in window.examples]
        if window.next is None:
            break
        after = window.rows[-1].example.position
    assert seen == [number for number in range(1, 106) if number != 51]


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        ("100%", [1]),
        ("100_", [3]),
        ("PERCHE", [2]),
        ("perché", [2]),
        ("a\\b", [4]),
        ("o'neil", [5]),
        ("%", [1]),
        ("_", [3]),
        ("ROSSÒ", [2]),
        ("", [1, 2, 3, 4, 5]),
    ],
)
def test_search_takes_every_character_as_it_is_but_case_and_accents(store, search, rows):
    pairs = [("100% cotton", "x"), ("Perché non va?", "rosso"), ("100_a", "x"), ("a\\b", "x"), ("O'Neil", "x")]
    _, dataset = filled(store, pairs)
    found = page(store, dataset, search=search)
    assert ([row.row for row in found.examples], found.total) == (rows, len(rows))


def test_a_page_can_show_one_answer_or_one_part(store):
    _, dataset = filled(store, support_rows(100))
    split = freeze_split(store, freeze_version(store, dataset).id, "{}", seed=0, validation_share=0.1, test_share=0.2)
    assert {row.answer for row in page(store, dataset, label="label 3").examples} == {"label 3"}
    test = page(store, dataset, part=Part.TEST, split=split.id)
    assert test.total == 20
    assert {row.part for row in test.examples} == {Part.TEST}
    assert page(store, dataset, split=split.id, size=100).examples[0].part is not None
    assert page(store, dataset, part=Part.TEST, label="label 3", split=split.id).total == 4


def test_facts_count_what_is_there(store):
    _, dataset = filled(store, [("Same?", "a"), ("  same? ", "b"), ("Other", None), ("Perche", "a"), ("perché", "a")], sealed=[("S", "c")])
    facts = datasets.facts(store, dataset)
    assert (facts.rows, facts.answered, facts.labels, facts.sealed, facts.duplicates) == (6, 5, 3, 1, 2)
    assert facts.max_question_chars == 8
    assert datasets.label_counts(store, dataset) == [("a", 3), ("b", 1), ("c", 1)]


def test_an_empty_dataset_has_facts_a_page_and_a_version(store):
    project = projects.create(store, LOCAL_OWNER, "P")
    dataset = datasets.create(store, LOCAL_OWNER, project.id, "d", "messages", []).id
    assert datasets.facts(store, dataset).rows == 0
    assert page(store, dataset).total == 0
    assert freeze_version(store, dataset).rows == 0


def test_an_import_that_fails_leaves_no_row(store):
    project = projects.create(store, LOCAL_OWNER, "P")
    dataset = datasets.create(store, LOCAL_OWNER, project.id, "d", "messages", [])
    file = write_parquet(store.path.parent / "rows.parquet", support_rows(5000))
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(Exception, match=r"rows\.parquet"):
        import_parquet(store, dataset.id, file, sealed=False)
    assert datasets.get(store, LOCAL_OWNER, dataset.id).rows == 0
    with pytest.raises(RowMissing):
        import_parquet(store, "nowhere", write_parquet(store.path.parent / "r.parquet", support_rows(1)), sealed=False)


def test_export_writes_the_messages_of_the_version(store):
    _, dataset = filled(store, [("Perché?", "sì"), ('"quoted"\n', "x")])
    version = freeze_version(store, dataset)
    path = store.path.parent / "rows.jsonl"
    assert export_jsonl(store, version.id, path) == sha256_of(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [canonical(line["messages"]) for line in lines] == [messages("Perché?", "sì"), messages('"quoted"\n', "x")]


def test_deleting_a_project_leaves_no_row_of_it_and_touches_no_other(store):
    project, dataset = filled(store, support_rows(40))
    kept, other = filled(store, support_rows(7))
    split = freeze_split(store, freeze_version(store, dataset).id, "{}", seed=0, validation_share=0.1, test_share=0.1)
    open_test(store, split.id)
    datasets.delete_example(store, LOCAL_OWNER, first_example(store, dataset))
    projects.say(store, project.id, "you", "hello")
    assert (projects.contents(store, project.id).examples, projects.contents(store, project.id).splits) == (39, 1)
    projects.delete(store, project.id)
    assert projects.of_owner(store, LOCAL_OWNER) == [kept]
    for table in ("mark", "version", "split", "split_row", "said"):
        assert store.read(None, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert store.read(None, "SELECT count(*) FROM change") == [(1,)]
    assert store.read(None, "SELECT count(*) FROM example") == [(7,)]
    assert page(store, other).total == 7


def test_erasing_an_owner_takes_all_that_is_theirs(store):
    mine, _ = filled(store, support_rows(3))
    theirs = projects.create(store, STRANGER, "P")
    projects.say(store, theirs.id, "you", "hello")
    projects.erase_owner(store, STRANGER)
    assert projects.of_owner(store, STRANGER) == []
    assert store.read(None, "SELECT count(*) FROM said") == [(0,)]
    assert projects.of_owner(store, LOCAL_OWNER) == [mine]


@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text()}), min_size=1))
@settings(max_examples=50, deadline=None)
def test_canonical_messages_do_not_depend_on_key_order_or_spacing(turns):
    turned = [dict(reversed(turn.items())) for turn in turns]
    assert canonical(turns) == canonical(turned) == canonical_text(json.dumps(turned, indent=2))
