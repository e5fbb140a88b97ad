"""A file that is taken at once gives the same rows as the same file read row by row; what would not is read row by row."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data import job
from core.data.job import ROWS_FILE, ImportSettings, ImportSummary, write_rows
from core.data.limits import LIMITS
from core.data.mapping import Mapping
from core.errors import UserError
from storage import datasets, projects
from storage.bulk.importing import import_derived, import_lines, import_parquet
from storage.bulk.keys import KEY
from storage.rows import LOCAL_OWNER
from storage.store import Store
from tests.unit.data_files import LABELLED, written
from tests.unit.store_rows import open_store

ASKED = Mapping(shape="question_answer", columns={"question": "question", "answer": "answer"})
Stored = list[tuple[Any, ...]]
# Letters that have gone wrong before: quotes, control characters, what str.strip takes off, surrogate pairs, letters that fold.
LETTERS = st.sampled_from(list("ab  \t\n\r\"\\/\x00\x07\x0b\x1f\x7f\x85\xa0èÀßıİﬁ\u2028\u3000😀NaN,;'|[]{}:<"))
TEXTS = st.text(LETTERS, max_size=12) | st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("store")) as opened:
        yield opened


def taken(store: Store, path: Path, mapping: Mapping, *, at_once: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[ImportSummary | str, Stored]:
    """What the store has of the file, or the error, and which way it went."""
    folder = store.path.parent / ("once" if at_once else "rows")
    folder.mkdir(exist_ok=True)
    wanted = ImportSettings(upload=path.name, file=path.name, mapping=mapping, dataset="d", name="n", new=False)
    with monkeypatch.context() as patch:
        if not at_once:
            patch.setattr(job, "take_at_once", lambda *_, **__: None)
        try:
            summary = write_rows(path, folder, wanted)
        except UserError as error:
            return f"{error.name}: {error}", []
    project = projects.create(store, LOCAL_OWNER, "P").id
    dataset = datasets.create(store, LOCAL_OWNER, project, "d", mapping.shape, summary.columns).id
    if summary.lines is not None:
        import_lines(store, dataset, folder, summary.lines, source=path.name, sealed=False)
    elif summary.form is not None:
        import_derived(store, dataset, folder / ROWS_FILE, source=path.name, form=summary.form, sealed=False)
    else:
        import_parquet(store, dataset, folder / ROWS_FILE, sealed=False)
    sql = f"""
        SELECT id[:5], position, whole_messages(messages, question, answer), messages, question, answer, content_hash, imported_hash, source, row,
               {KEY}, question_key(folded(question)), folded, whole_original(original, form, question, answer)
        FROM example WHERE dataset = ? ORDER BY position
    """
    rows = store.read(None, sql, [dataset])
    return summary, [(*row[:-1], _known(row[-1])) for row in rows]


def same_both_ways(store: Store, path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether it was taken at once."""
    once, rows_once = taken(store, path, mapping, at_once=True, monkeypatch=monkeypatch)
    slow, rows_slow = taken(store, path, mapping, at_once=False, monkeypatch=monkeypatch)
    if isinstance(once, str) or isinstance(slow, str):
        assert once == slow
        return False
    assert rows_once == rows_slow
    assert all(row[10] == row[11] for row in rows_once)
    assert (once.rows, once.columns, once.left_out) == (slow.rows, slow.columns, slow.left_out)
    return once.form is not None


def _known(original: str) -> Any:
    return json.dumps(json.loads(original), sort_keys=True)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries({"text": TEXTS, "label": TEXTS}, optional={"id": VALUES, "more": VALUES}), min_size=1, max_size=6),
    odd=st.sampled_from(["", '{"text": "a", "label": "b",}', '{"text": "a", "text": "b", "label": "c"}', '{"text": 3, "label": true}', "{}", "null",
                         '{"text": "a", "label": "b", "id": 1e5}', '{"text":"a","label":"b","id":[1,]}', '{"text": "a"}\r{"text": "b"}',
                         '{"label": "x", "text": "\\u00e8\\ud83d\\ude00"}', '{"text": "a", "label": {"b":  1}}', '{"text": "\\ud800", "label": "b"}',
                         '{"text": "a", "label": "b", "id": -0}', '{"text": "a", "label": "b", "id": 1E400}', "\x0b", " \t "]),
    style=st.sampled_from([(", ", ": "), (",", ":")]), ascii=st.booleans(), ends=st.sampled_from(["\n", "\r\n"]), mark=st.booleans(),
)  # fmt: skip
def test_json_lines_are_the_same_both_ways(store, tmp_path, monkeypatch, rows, odd, style, ascii, ends, mark) -> None:
    lines = [json.dumps(row, ensure_ascii=ascii, separators=style) for row in rows]
    data = ends.join([*lines, odd, *lines[:1]]).encode("utf-8", "surrogatepass")
    same_both_ways(store, written(tmp_path, (b"\xef\xbb\xbf" if mark else b"") + data, "rows.jsonl"), LABELLED, monkeypatch)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    odd=st.sampled_from(["", "\n", 'a"b,c,d\n', "a,b\n", '"a\n']),
)
def test_tables_are_the_same_both_ways(store, tmp_path, monkeypatch, rows, delimiter, odd) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([("text", "label", "more"), *rows])
    data = (text.getvalue() + odd).encode("utf-8", "replace")
    same_both_ways(store, written(tmp_path, data, "rows.csv"), LABELLED, monkeypatch)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, st.none() | st.integers(-9, 9), st.none() | st.booleans()), min_size=1, max_size=6))
def test_parquet_files_are_the_same_both_ways(store, tmp_path, monkeypatch, rows) -> None:
    clean = [[value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in row] for row in rows]
    names = ("text", "label", "number", "yes")
    table = pa.table(
        {
            name: pa.array([row[at] for row in clean], kind)
            for at, (name, kind) in enumerate(zip(names, (pa.string(), pa.string(), pa.int32(), pa.bool_()), strict=True))
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    same_both_ways(store, tmp_path / "rows.parquet", LABELLED, monkeypatch)


def _lines(count: int, **more: Any) -> str:
    return "".join(json.dumps({"id": n, "question": f"Which way  is «{n}»?\n", "answer": f"k {n % 3} ", **more}) + "\n" for n in range(count))


@pytest.mark.parametrize("packed", [False, True])
def test_a_plain_file_of_questions_is_taken_at_once(packed, store, tmp_path, monkeypatch) -> None:
    data = _lines(500).encode()
    path = written(tmp_path, gzip.compress(data) if packed else data, "rows.jsonl.gz" if packed else "rows.jsonl")
    assert same_both_ways(store, path, ASKED, monkeypatch)


@pytest.mark.parametrize("text", [
    "text,label\n" + "".join(f'"a ""{n}"" text",k{n % 2}\n' for n in range(50)), "text;label;more\n" + "".join(f"è{n};k{n % 2};\n" for n in range(50)),
])  # fmt: skip
def test_a_plain_table_is_taken_at_once(text, store, tmp_path, monkeypatch) -> None:
    assert same_both_ways(store, written(tmp_path, text), LABELLED, monkeypatch)


def test_labels_that_are_numbers_are_taken_at_once(store, tmp_path, monkeypatch) -> None:
    lines = "".join(json.dumps({"text": f"text {n}", "label": n % 3}) + "\n" for n in range(50))
    assert same_both_ways(store, written(tmp_path, lines, "rows.jsonl"), LABELLED, monkeypatch)


def test_rows_that_wait_for_an_answer_are_taken_at_once(store, tmp_path, monkeypatch) -> None:
    lines = "".join(json.dumps({"text": f"text {n}", "label": f"k{n % 3}" if n % 2 else ["", " ", None][n % 3]}) + "\n" for n in range(50))
    waiting = LABELLED.model_copy(update={"unanswered": True})
    assert same_both_ways(store, written(tmp_path, lines, "rows.jsonl"), waiting, monkeypatch)
    only = Mapping(shape="text_only", columns={"text": "text"})
    assert same_both_ways(store, written(tmp_path, lines, "rows.jsonl"), only, monkeypatch)


def test_one_bad_row_among_many_is_told_as_ever(store, tmp_path, monkeypatch) -> None:
    path = written(tmp_path, _lines(300) + '{"id": 1, "question": "q", "answer": ""}\n', "rows.jsonl")
    told, rows = taken(store, path, ASKED, at_once=True, monkeypatch=monkeypatch)
    assert rows == []
    assert "Row 301 (line 301) has nothing in column 'answer'" in str(told)
    assert not list((store.path.parent / "once").glob("rows.*"))


def test_a_file_with_more_rows_than_the_limit_is_refused(tmp_path) -> None:
    from dataclasses import replace

    wanted = ImportSettings(upload="r", file="rows.jsonl", mapping=ASKED, dataset="d", name="n", new=True, limits=replace(LIMITS, rows=100))
    with pytest.raises(UserError, match="more than 100 rows"):
        write_rows(written(tmp_path, _lines(101), "rows.jsonl"), tmp_path, wanted)
