"""Long texts in pieces: where they are parted, what each piece is to answer, and how the answers come together again."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.cutting.rows import LongRow, PiecesFile, piece_rows
from core.data.pieces import document_of, fields_by_piece, merge_categories, merge_fields, merge_summaries, piece_originals, split_text
from core.evaluation.answers import read_answers, write_answers
from core.evaluation.documents import Documents, grouped
from core.evaluation.rows import Row
from core.evaluation.verdict import Candidate
from storage import changes
from storage.bulk import changing
from storage.bulk.parting import replace_by_pieces, write_longer
from storage.errors import NothingChanged
from storage.rows import LOCAL_OWNER, RowEdit
from storage.store import Store
from tests.unit.store_rows import filled, messages, open_store

_TEXT = st.text(st.sampled_from("ab Ab.\n\n#1é🙂"), max_size=400)


@settings(max_examples=200, deadline=None)
@given(_TEXT, st.integers(2, 60))
def test_pieces_without_overlap_are_the_text_and_none_is_too_long(text: str, most: int) -> None:
    pieces = split_text(text, most, 0, len)
    assert "".join(pieces) == text
    assert all(len(piece) <= most for piece in pieces)


@settings(max_examples=200, deadline=None)
@given(_TEXT, st.integers(4, 60), st.integers(0, 20))
def test_a_piece_begins_with_the_end_of_the_one_before_and_still_fits(text: str, most: int, overlap: int) -> None:
    overlap = min(overlap, most // 2)
    pieces = split_text(text, most, overlap, len)
    assert all(len(piece) <= most for piece in pieces)
    parts = (text,) if len(text) <= most else split_text(text, most - overlap, 0, len)
    assert len(pieces) == len(parts)
    for before, part, piece in zip(("", *parts), parts, pieces, strict=False):
        repeated = piece.removesuffix(part)
        assert repeated + part == piece
        assert before.endswith(repeated)
        assert len(repeated) <= overlap


def test_a_text_is_parted_at_headings_first_then_paragraphs_then_sentences() -> None:
    first, second = "One is here. Two is there.\n\nA new paragraph.", "\n# Heading\nThree is far away. Four too."
    assert split_text(first + second, 60, 0, len) == (first + "\n", second[1:])
    assert split_text(first, 30, 0, len) == ("One is here. Two is there.\n\n", "A new paragraph.")
    assert split_text("One is here. Two is there.", 15, 0, len) == ("One is here. ", "Two is there.")
    assert split_text("One is here. Two is there.", 24, 8, len) == ("One is here. ", "here. Two is there.")


def test_pieces_know_their_document_and_a_plain_row_has_none() -> None:
    first, second = piece_originals('{"text": "a", "customer": "c"}', "d-7", 2)
    assert json.loads(second) == {"text": "a", "customer": "c", "document": "d-7", "piece": 2}
    assert document_of(first) == document_of(second) == "d-7"
    assert document_of('{"document": "x"}') is document_of(None) is document_of('{"piece": 1}') is None
    assert json.loads(piece_originals('{"document": "mine"}', "d-7", 1)[0])["document"] == "mine"


def test_each_piece_is_to_give_the_fields_that_stand_in_it() -> None:
    answer = '{"name": "Ada  Byron", "date": "2024-01-02", "drugs": ["Aspirin", "Ibuprofen"]}'
    given_, lost = fields_by_piece(answer, ["Patient: ada byron takes aspirin.", "Later ibuprofen; Ada Byron agreed."])
    assert [json.loads(one) for one in given_] == [
        {"name": "Ada  Byron", "drugs": ["Aspirin"], "date": "2024-01-02"},
        {"name": "Ada  Byron", "drugs": ["Ibuprofen"]},
    ]
    assert lost == 1


def test_a_documents_category_is_what_most_pieces_say() -> None:
    merged = merge_categories(["b", "a", "", "a"])
    assert (merged.answer, dict(merged.counts), dict(merged.places)) == ("a", {"b": 1, "a": 2}, {"b": 0, "a": 1})
    assert merge_categories(["b", "a"]).answer == "b"
    assert merge_categories(["", ""]).answer == ""


def test_a_documents_fields_are_the_union_with_the_piece_they_were_found_in() -> None:
    merged = merge_fields(['{"name":"Ada","drugs":["a"]}', "no json", '{"name":"Bo","date":"1"}', '{"name":"bo","drugs":["a","b"]}'])
    assert json.loads(merged.answer) == {"name": "Bo", "drugs": ["a", "b"], "date": "1"}
    assert dict(merged.places) == {"name": 2, "drugs": 0, "date": 2}
    assert merge_fields(["free", "text"]).answer == "free"


def test_a_documents_summary_is_what_its_pieces_say_in_order_and_once() -> None:
    first, second = "Dr. Rossi saw the patient. The knee was swollen.", "The knee was  swollen. Dr. Bianchi operated.\nShe went home."
    merged = merge_summaries([first, "", second, " "])
    assert merged.answer == "Dr. Rossi saw the patient. The knee was swollen. Dr. Bianchi operated. She went home."
    assert merge_summaries(["", " "]).answer == ""
    assert merge_summaries([first]).answer == first


@given(st.dictionaries(st.sampled_from("abc"), st.text("xyz", min_size=1), max_size=3), st.integers(1, 4))
def test_fields_dealt_out_to_pieces_come_together_again(fields: dict[str, str], count: int) -> None:
    pieces = [" ".join(fields.values()) if number % 2 else "nothing" for number in range(count)]
    dealt, _ = fields_by_piece(json.dumps(fields), pieces)
    assert json.loads(merge_fields(dealt).answer or "{}") == fields


def _row(position: int, answer: str, document: str | None = None, piece: int = 0) -> Row:
    original = json.dumps({"document": document, "piece": piece}) if document else '{"text": "x"}'
    return Row(f"e{position}", position, messages("q", answer), f"question {position}", answer, original)


def test_in_an_evaluation_a_document_counts_once_and_its_answers_say_how_they_came_together(tmp_path: Path) -> None:
    rows = [_row(1, "x"), _row(2, "a", "d", 2), _row(3, "a", "d", 1), _row(4, "b", "e", 1)]
    documents = Documents.of(rows, "classification")
    assert [row.position for row in documents.rows] == [1, 3, 4]
    assert documents.members == ((0,), (2, 1), (3,))
    texts, told = documents.merged(["x", "b", "a", "b"])
    assert texts == ["x", "a", "b"]
    assert [None if one is None else json.loads(one)["counts"] for one in told] == [None, {"a": 1, "b": 1}, None]
    assert len(grouped(rows, "generation")) == 4
    summaries = Documents.of([_row(1, "All is well now.", "d", 2), _row(2, "She came in.", "d", 1)], "summarisation")
    assert [row.answer for row in summaries.rows] == ["She came in. All is well now."]
    from core.evaluation.answers import Answers

    write_answers(tmp_path / "answers.parquet", documents.rows, {Candidate.TUNED: Answers(tuple(texts), (1.0, 1.0, 1.0), tuple(told))})
    kept = read_answers(tmp_path / "answers.parquet")
    assert [bool(row.merged) for row in kept] == [False, True, False]


def _written(path: Path, store: Store, texts: dict[int, tuple[str, ...]]) -> Path:
    """pieces.parquet as the child leaves it, of rows as they stand now."""
    path.parent.mkdir(exist_ok=True)
    write_longer(store, store.read(None, "SELECT id FROM dataset")[0][0], 0, path.with_name("rows.parquet"))
    from pyarrow import parquet

    with PiecesFile(path) as file:
        for row in parquet.read_table(path.with_name("rows.parquet")).to_pylist():
            if row["position"] in texts:
                made, _ = piece_rows("classification", LongRow.of(**row), texts[row["position"]], f"d{row['position']}")
                file.add(made)
    return path


def _told(documents: int, pieces: int) -> str:
    return json.dumps({"key": "x", "english": "x", "facts": {"documents": documents, "pieces": pieces}})


def test_long_rows_give_way_to_their_pieces_in_one_change_that_undo_takes_back(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        _, dataset = filled(store, [("long one", "a"), ("short", "b")], sealed=[("sealed long", "c")])
        rows = store.read(None, "SELECT position, question, sealed FROM example WHERE gone IS NULL ORDER BY position")
        long, _, sealed = (position for position, _, _ in rows)
        pieces = _written(tmp_path / "run" / "pieces.parquet", store, {long: ("long", "one"), sealed: ("sealed", "long")})
        change = replace_by_pieces(store, LOCAL_OWNER, dataset, pieces, ("document", "piece"), _told)
        standing = "SELECT question, answer, sealed FROM example WHERE gone IS NULL ORDER BY position"
        assert store.read(None, standing) == [
            ("short", "b", False), ("long", "a", False), ("one", "a", False), ("sealed", "c", True), ("long", "c", True),
        ]  # fmt: skip
        assert change.rows == 2
        assert json.loads(change.what)["facts"] == {"documents": 2, "pieces": 4}
        assert json.loads(store.read(None, "SELECT columns FROM dataset")[0][0]) == ["text", "document", "piece"]
        hashes = "SELECT content_hash FROM example WHERE gone IS NULL AND question = 'one'"
        as_imported = filled(store, [("one", "a")])[1]
        assert store.read(None, f"{hashes} AND dataset = ?", [dataset]) == store.read(None, f"{hashes} AND dataset = ?", [as_imported])
        changes.undo(store, LOCAL_OWNER, dataset)
        assert store.read(None, f"SELECT question, sealed FROM example WHERE gone IS NULL AND dataset = '{dataset}' ORDER BY position") == [
            ("long one", False), ("short", False), ("sealed long", True),
        ]  # fmt: skip


def test_a_long_row_that_was_changed_since_stays_as_it_is(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        _, dataset = filled(store, [("long one", "a"), ("long two", "b")])
        first, second = (row[0] for row in store.read(None, "SELECT position FROM example ORDER BY position"))
        pieces = _written(tmp_path / "run" / "pieces.parquet", store, {first: ("long", "one"), second: ("long", "two")})
        changing.apply(store, LOCAL_OWNER, dataset, [RowEdit(first, messages("long one, mended", "a"))], "edit", _told(0, 0))
        change = replace_by_pieces(store, LOCAL_OWNER, dataset, pieces, ("document", "piece"), _told)
        assert change.rows == 1
        standing = "SELECT question FROM example WHERE gone IS NULL ORDER BY position"
        assert store.read(None, standing) == [("long one, mended",), ("long",), ("two",)]
        with pytest.raises(NothingChanged):
            replace_by_pieces(store, LOCAL_OWNER, dataset, pieces, ("document", "piece"), _told)


def test_a_piece_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        split_text("abc", 0, 0, len)


def test_an_evaluation_asks_pieces_and_judges_documents(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    from core.evaluation.job import main
    from core.evaluation.settings import ANSWERS_FILE, ROWS_FILE
    from core.jobs.handle import ChildJob
    from storage.files import sha256_of
    from tests.unit.evaluation_bench import fruit_rows, job_in, verdict_of
    from tests.unit.training_bench import tiny_model

    model = tiny_model(tmp_path / "model")
    rows = [(part, question, "apple_pie" if part == "test" else answer) for part, question, answer in fruit_rows(30, 20)]
    job = job_in(tmp_path / "job", rows, model, model)
    path = job.folder / ROWS_FILE
    originals = [json.dumps({"document": f"d{at // 4}", "piece": at % 4} if part == "test" else {}) for at, (part, _, _) in enumerate(rows)]
    parquet.write_table(parquet.read_table(path).append_column("original", pyarrow.array(originals)), path)
    main(job := ChildJob(job.folder, job.spec.model_copy(update={"inputs": {ROWS_FILE: sha256_of(path)}})))
    verdict, answers = verdict_of(job), read_answers(job.folder / ANSWERS_FILE)
    documents = len({original for original in (json.loads(one).get("document") for one in originals) if original})
    assert verdict.rows == verdict.test_rows == len(answers) == documents < 20
    assert all(result.rows == documents for result in verdict.candidates)
    assert "verdict.pieces" in [line.key for line in verdict.beside]
    counts = [json.loads(row.merged[Candidate.TUNED] or "{}")["counts"] for row in answers]
    assert all(1 <= sum(count.values()) <= 4 for count in counts)
