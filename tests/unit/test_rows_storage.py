"""Changes of many rows in the store: from a file, added, merged; marks and views through a saved project; rows of an older file and an older archive."""

import hashlib
import json
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import changes, marks, projects, views
from storage.archive import restore_project, save_project
from storage.bulk import changing, filtering
from storage.bulk.versions import recomputed_hash, versions_of
from storage.canonical import canonical
from storage.errors import BadMessages, NothingChanged, RowMissing
from storage.files import sha256_of
from storage.migrations import apply, migrations
from storage.rows import LOCAL_OWNER, NewExample, Review, RowEdit, RowFilter
from storage.store import Store
from tests.unit.store_rows import filled, messages, open_store, page, row_hash, support_rows

WHAT = '{"key":"x","english":"x","facts":{}}'


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


def whole(store: Store, dataset) -> bool:
    """Whether every state's hash is that of its messages."""
    sql = "SELECT count(*) FROM example WHERE content_hash <> row_hash(messages, question, answer)"
    return bool(
        store.read(None, sql) == [(0,)] and all(row_hash(row.messages) == row.content_hash for row in page(store, dataset, size=500).examples)
    )


def test_many_rows_are_changed_from_a_file_in_one_change(store):
    _, dataset = filled(store, support_rows(50))
    path = store.path.parent / "repairs.parquet"
    made = [messages(f"Wö ist {n}?", "k") for n in range(1, 11)] + [None]
    pq.write_table(pa.table({"position": list(range(1, 12)), "messages": pa.array(made, pa.string())}), path)
    change = changing.apply(store, LOCAL_OWNER, dataset, path, "mend", WHAT)
    assert (change.rows, change.kind) == (11, "mend")
    assert [row.question for row in page(store, dataset, search="wo ist").examples] == [f"Wö ist {n}?" for n in range(1, 11)]
    assert page(store, dataset).total == 49
    assert whole(store, dataset)
    changes.undo(store, LOCAL_OWNER, dataset)
    assert page(store, dataset, search="Where is order").total == 50
    assert not any(row.edited for row in page(store, dataset).examples)


def test_a_change_of_many_is_all_or_nothing(store):
    _, dataset = filled(store, support_rows(5))
    before = page(store, dataset).examples
    for edits, error in (
        ([RowEdit(1, messages("a", "b")), RowEdit(99, None)], RowMissing),
        ([RowEdit(1, messages("a", "b")), RowEdit(2, "[]")], BadMessages),
        ([RowEdit(1, before[0].messages)], NothingChanged),
    ):
        with pytest.raises(error):
            changing.apply(store, LOCAL_OWNER, dataset, edits, "mend", WHAT)
    assert page(store, dataset).examples == before
    assert len(changes.history(store, dataset)) == 1


def test_an_edited_row_keeps_its_original_and_is_unedited_when_it_says_again_what_it_said(store):
    _, dataset = filled(store, support_rows(3))
    was = page(store, dataset).examples[0]
    changing.apply(store, LOCAL_OWNER, dataset, [RowEdit(1, messages("other", "b"))], "edit", WHAT)
    now = page(store, dataset).examples[0]
    assert (now.original, now.edited, now.id, now.source) == (was.original, True, was.id, was.source)
    changing.apply(store, LOCAL_OWNER, dataset, [RowEdit(1, was.messages)], "edit", WHAT)
    assert page(store, dataset).examples[0] == was


def test_added_rows_stand_behind_the_others_and_undo_takes_them_away(store):
    _, dataset = filled(store, support_rows(3))
    new = [NewExample(messages(f"new {n}", None), f"new {n}", None, "pasted", n, "{}") for n in (1, 2)]
    change = changing.add_rows(store, LOCAL_OWNER, dataset, new, WHAT)
    rows = page(store, dataset).examples
    assert [(row.position, row.question, row.source, row.row) for row in rows[3:]] == [(4, "new 1", "pasted", 1), (5, "new 2", "pasted", 2)]
    assert len({row.id for row in rows}) == 5
    assert whole(store, dataset)
    changes.undo(store, LOCAL_OWNER, dataset, change.number)
    assert page(store, dataset).total == 3
    changing.add_rows(store, LOCAL_OWNER, dataset, new[:1], WHAT)
    assert page(store, dataset).examples[-1].position == 6


def test_marks_by_filter_touch_only_what_says_another_thing(store):
    _, dataset = filled(store, support_rows(40))
    first = marks.mark(store, LOCAL_OWNER, dataset, RowFilter(label="label 1"), add_tags=("b", "a"), what=lambda count: f'"{count}"')
    assert (first.rows, first.what) == (8, '"8"')
    second = marks.mark(store, LOCAL_OWNER, dataset, RowFilter(search="order 1"), add_tags=("a",), review=Review.APPROVED, what=WHAT)
    assert second.rows == filtering.count(store, dataset, RowFilter(search="order 1"))
    assert marks.tags_of(store, dataset)[0] == ("a", filtering.count(store, dataset, RowFilter(tag="a")))
    with pytest.raises(NothingChanged):
        marks.mark(store, LOCAL_OWNER, dataset, RowFilter(tag="b"), add_tags=("a",), what=WHAT)
    assert filtering.positions(store, dataset, RowFilter(tag="b"), limit=2) == [2, 7]
    for _ in range(2):
        changes.undo(store, LOCAL_OWNER, dataset)
    assert marks.tags_of(store, dataset) == []
    assert filtering.count(store, dataset, RowFilter(unreviewed=True)) == 40


def test_a_saved_project_takes_its_marks_views_and_history_along(tmp_path):
    with open_store(tmp_path / "here") as store:
        project, dataset = filled(store, support_rows(6))
        marks.mark(store, LOCAL_OWNER, dataset, [2], add_tags=("x",), review=Review.REJECTED, what=WHAT)
        views.save(store, LOCAL_OWNER, dataset, "Mine", "{}")
        archive = save_project(store, LOCAL_OWNER, project.id, tmp_path / "saved.zip")
    with open_store(tmp_path / "there") as store:
        restore_project(store, LOCAL_OWNER, archive)
        assert filtering.positions(store, dataset, RowFilter(tag="x", review=Review.REJECTED)) == [2]
        assert [view.name for view in views.of_dataset(store, dataset)] == ["Mine"]
        changes.undo(store, LOCAL_OWNER, dataset)
        assert filtering.count(store, dataset, RowFilter(tag="x")) == 0
        projects.delete(store, project.id)
        for table in ("mark", "change", "saved_view"):
            assert store.read(None, f"SELECT count(*) FROM {table}") == [(0,)]


def old_file(path: Path) -> None:
    """A file as schema 1 wrote it: two rows, of which the first was changed."""
    connection = duckdb.connect(str(path))
    apply(connection, migrations()[:1])
    connection.execute("INSERT INTO project VALUES ('pppppppppppppp'[:13], 'local', 'Old', NULL, now()::TIMESTAMP)")
    connection.execute(
        "INSERT INTO dataset VALUES ('ddddddddddddd', 'local', 'ppppppppppppp', 'old.csv', 'text_label', '[\"text\"]', 2, 2, now()::TIMESTAMP)"
    )
    states = [(1, "first", "a", 1, 2), (1, "first, changed", "a", 2, None), (2, "perché", "b", 1, None)]
    hashes = {
        messages(*pair): hashlib.sha256(messages(*pair).encode()).hexdigest() for pair in (("first", "a"), ("first, changed", "a"), ("perché", "b"))
    }
    imported = {1: hashes[messages("first", "a")], 2: hashes[messages("perché", "b")]}
    for position, question, answer, born, gone in states:
        text = messages(question, answer)
        values = [f"0000{position}aaaaaaaa", position, text, question, answer, hashes[text], imported[position], position, question, born, gone]
        sql = """
            INSERT INTO example SELECT $1, 'local', 'ddddddddddddd', $2, $3, $4, $5, $6, $7, 'old.csv', $8, '{"text": 1}', false,
                   question_key(folded($9)), folded($9) || ' ' || folded($5), $10, $11
        """
        connection.execute(sql, values)
    edit = "INSERT INTO edit VALUES (1, 'local', 'ddddddddddddd', '00001aaaaaaaa', 'local', now()::TIMESTAMP, '[]', '[]', false)"
    connection.execute(edit)
    connection.execute(
        "INSERT INTO version VALUES ('vvvvvvvvvvvvv', 'local', 'ddddddddddddd', 1, '1', 2, 'as schema 1 said it', 1, now()::TIMESTAMP)"
    )
    connection.close()


def test_a_file_of_the_older_schema_keeps_every_row_and_says_which_were_changed(tmp_path):
    old_file(tmp_path / "bottega.duckdb")
    with open_store(tmp_path) as store:
        rows = page(store, "ddddddddddddd").examples
        assert [(row.question, row.edited) for row in rows] == [("first, changed", True), ("perché", False)]
        assert whole(store, "ddddddddddddd")
        assert page(store, "ddddddddddddd", search="PERCHE").total == 1
        assert changes.history(store, "ddddddddddddd")[0].kind == "edit"
        assert [recomputed_hash(store, version.id) for version in versions_of(store, "ddddddddddddd")] == [
            versions_of(store, "ddddddddddddd")[0].content_hash
        ]


def test_a_project_that_an_older_bottega_saved_comes_back(tmp_path):
    old_file(tmp_path / "old.duckdb")
    connection = duckdb.connect(str(tmp_path / "old.duckdb"))
    (tmp_path / "rows").mkdir()
    for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE table_name NOT IN ('upload', 'migration')").fetchall():
        connection.execute(f"COPY {table} TO '{tmp_path / 'rows' / table}.parquet' (FORMAT parquet)")
    connection.close()
    files = sorted((tmp_path / "rows").iterdir())
    told = {f"rows/{file.name}": {"sha256": sha256_of(file), "size_bytes": file.stat().st_size} for file in files}
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as archive:
        for file in files:
            archive.write(file, f"rows/{file.name}")
        archive.writestr("manifest.json", json.dumps({"format": 1, "schema": 1, "files": told}))
    with open_store(tmp_path / "home") as store:
        project = restore_project(store, LOCAL_OWNER, tmp_path / "old.zip")
        assert project.name == "Old"
        assert [row.question for row in page(store, "ddddddddddddd").examples] == ["first, changed", "perché"]


@pytest.fixture(scope="module")
def schema():
    connection = duckdb.connect()
    apply(connection, migrations())
    yield connection
    connection.close()


@given(question=st.text(min_size=1), answer=st.one_of(st.none(), st.text()))
@settings(max_examples=60, deadline=None)
def test_messages_that_are_not_kept_are_written_out_as_they_were(schema, question, answer):
    text = canonical([{"role": "user", "content": question}, *([{"role": "assistant", "content": answer}] if answer is not None else [])])
    kept = changing.KEPT_MESSAGES.format(m="$m", q="$q", a="$a::VARCHAR")
    [(found,)] = schema.execute(f"SELECT whole_messages({kept}, $q, $a::VARCHAR)", {"m": text, "q": question, "a": answer}).fetchall()
    assert found == text


@given(text=st.text("abcXYZ àÈöñç 0%_.*+?()[]{}^$|\\/'\"", min_size=1).filter(str.strip), data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_row_is_found_by_any_piece_of_its_text_in_any_case(schema, text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    piece = text[start : data.draw(st.integers(start + 1, len(text)))]
    matching, values = filtering.matching_sql(RowFilter(search=data.draw(st.sampled_from([piece, piece.upper(), piece.lower()]))))
    row = f"SELECT 'd' AS dataset, NULL AS gone, false AS erased, $q AS question, NULL AS answer, {changing.KEPT_FOLDED.format(q='$q', a='NULL')} AS folded"
    [(found,)] = schema.execute(f"SELECT count(*) FROM ({row}) WHERE {matching}", {**values, "dataset": "d", "q": text}).fetchall()
    assert found == 1
