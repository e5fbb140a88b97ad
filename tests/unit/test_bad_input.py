"""Whatever is wrong with a file is told in one sentence that names the row or field and what to do; nothing is imported half."""

import gzip
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.bad_rows import BAD_ROWS_FILE, BadRow, BadRows
from core.data.encoding import BinaryFile, BrokenEncoding
from core.data.job import ROWS_FILE, OneAnswer, TooFewRows
from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.preview import preview
from core.data.readers.base import NoRows
from core.data.readers.csv import DuplicateColumns, TooManyColumns
from core.data.readers.json_list import MalformedList
from core.data.readers.jsonl import OneObject
from core.data.reading import MissingColumn, TooManyRows, UnmappedRole
from core.data.source import BrokenArchive, EmptyFile, FileTooLarge, PackedTooTight
from core.errors import UserError
from core.jobs.failures import plain_facts, rebuilt
from tests.unit.data_files import LABELLED, imported, written
from ui.words import Words

ASKED = Mapping(shape="question_answer", columns={"question": "question", "answer": "answer"})
GOOD = "text,label\n" + "".join(f"text {n},k{n % 2}\n" for n in range(10))


def _refused(path: Path, kind: type[UserError], mapping: Mapping = LABELLED, limits: Limits = LIMITS, new: bool = True) -> str:
    """The sentence with which the import is refused; no rows are left behind."""
    folder = path.parent / "run"
    with pytest.raises(kind) as caught:
        imported(path, folder, mapping, limits=limits, new=new)
    assert not (folder / ROWS_FILE).exists()
    assert not list(folder.glob("*.part"))
    told = str(caught.value)
    assert "{" not in told.replace("{file}", "") or "like {" in told or "[…]" in told
    assert path.name in told
    assert "imported" in told
    return told


def _lines(rows: list[dict[str, object]]) -> list[str]:
    return [json.dumps(row) for row in rows]


def _questions(count: int) -> list[str]:
    return _lines([{"question": f"q{n}", "answer": f"a{n}"} for n in range(count)])


@pytest.mark.parametrize("data", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xff\xfe", gzip.compress(b"")])
def test_an_empty_file_says_so(data: bytes, tmp_path: Path) -> None:
    assert "empty" in _refused(written(tmp_path, data), EmptyFile)
    with pytest.raises(EmptyFile):
        preview(tmp_path / "rows.csv", "rows.csv")


def test_a_header_alone_is_named(tmp_path: Path) -> None:
    assert "only the header (text, label)" in _refused(written(tmp_path, "text,label\n"), NoRows)
    assert "has no rows" in _refused(written(tmp_path, "[]", "rows.json"), NoRows)


def test_one_row_is_too_few(tmp_path: Path) -> None:
    assert "only 1 usable" in _refused(written(tmp_path, "text,label\nhello,a\n"), TooFewRows)
    summary, _ = imported(written(tmp_path, "text,label\nhello,a\n"), tmp_path / "more", LABELLED, new=False)
    assert summary.rows == 1  # added to a dataset that has others, it is welcome


def test_one_class_and_equal_answers_leave_nothing_to_learn(tmp_path: Path) -> None:
    assert "'label'" in _refused(written(tmp_path, "text,label\n" + "".join(f"text {n},same\n" for n in range(9))), OneAnswer)
    lines = _lines([{"question": f"q{n}", "answer": "yes"} for n in range(9)])
    assert "'answer'" in _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), OneAnswer, ASKED)


def test_a_line_of_10_mb_is_named_and_the_others_can_be_kept(tmp_path: Path) -> None:
    huge = GOOD + "x" * 10_000_000 + ",k1\n" + "last one,k0\n"
    assert "Row 11 (line 12) is longer than 4,000,000 characters" in _refused(written(tmp_path, huge), BadRow)
    summary, rows = imported(tmp_path / "rows.csv", tmp_path / "kept", LABELLED, leave_out=True)
    assert (summary.rows, summary.left_out) == (11, 1)
    assert rows[-1]["question"] == "last one"
    assert rows[-1]["row"] == 12
    lines = "\n".join([*_questions(4), json.dumps({"question": "x" * 10_000_000, "answer": "a"}), *_questions(2)])
    assert "Line 5 is longer" in _refused(written(tmp_path, lines, "rows.jsonl"), BadRow, ASKED)


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest_unseen(tmp_path: Path) -> None:
    told = _refused(written(tmp_path, GOOD + '"open,k1\nmore,k0\n'), BadRow)
    assert "Row 11 (line 12) opens a quote that is never closed" in told
    assert "longer than 200 characters" in _refused(written(tmp_path, GOOD + '"open,k1\n' + GOOD * 9), BadRow, limits=replace(LIMITS, line_chars=200))


def test_bytes_of_another_encoding_are_told_with_their_line(tmp_path: Path) -> None:
    good = "".join(f"perché numero {n},k{n % 2}\n" for n in range(40)).encode()
    told = _refused(written(tmp_path, b"text,label\n" + good + "più,k1\n".encode("latin-1") + good), BrokenEncoding)
    assert "Line 42" in told
    assert "UTF-8" in told


def test_late_bytes_of_another_encoding_are_not_missed(tmp_path: Path) -> None:
    plain = "".join(f"{'plain words ' * 20}{n},k{n % 2}\n" for n in range(9000)).encode()
    assert len(plain) > LIMITS.preview_bytes
    path = written(tmp_path, b"text,label\n" + plain + "più,k1\n".encode("latin-1"))
    assert imported(path, tmp_path / "run", LABELLED)[1][-1]["question"] == "più"


def test_ragged_rows_are_all_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "one, two,k1\nfine,k0\nonly\n\nagain, two,k1\nagain, two, three,k1\n")
    told = _refused(path, BadRows)
    assert "4 rows of rows.csv cannot be used" in told
    assert "Row 11 (line 12) has 3 cell(s) where 2 are expected" in told
    assert "Row 13 (line 14) has 1 cell(s)" in told
    assert len((tmp_path / "run" / BAD_ROWS_FILE).read_text("utf-8-sig").splitlines()) == 5
    summary, rows = imported(path, tmp_path / "kept", LABELLED, leave_out=True)
    assert (summary.rows, summary.left_out) == (11, 4)
    assert rows[-1]["question"] == "fine"
    assert "Left out of rows.csv: 4 row(s)" in str(summary.sentences()[0])


def test_malformed_json_in_line_4321_is_named(tmp_path: Path) -> None:
    lines = _questions(5000)
    lines[4320] = '{"question": "q", "answer": }'
    told = _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), BadRow, ASKED)
    assert "Line 4321 is not valid JSON at character 29" in told
    assert "was not imported" in told
    assert imported(tmp_path / "rows.jsonl", tmp_path / "kept", ASKED, leave_out=True)[0].rows == 4999


def test_a_malformed_list_is_told_with_its_line_and_row(tmp_path: Path) -> None:
    rows = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(2000)]
    text = json.dumps(rows, indent=1).replace('"question": "q1500"', '"question" "q1500"')
    told = _refused(written(tmp_path, text, "rows.json"), MalformedList, ASKED)
    assert "in line 6003" in told
    assert "row 1501" in told
    assert "the end of the file" in _refused(written(tmp_path, text[: text.index(',\n {\n  "question": "q77"')], "rows.json"), MalformedList, ASKED)
    assert "row 2000" in _refused(written(tmp_path, json.dumps(rows) + "x", "rows.json"), MalformedList, ASKED)


def test_a_number_of_thousands_of_digits_in_a_list_is_not_told_as_nesting(tmp_path: Path) -> None:
    text = json.dumps([{"question": f"q{n}", "answer": f"a{n}"} for n in range(5)])[:-1] + ',{"question": "q", "answer": ' + "9" * 5_000 + "}]"
    told = _refused(written(tmp_path, text, "rows.json"), MalformedList, ASKED)
    assert "a number has too many digits" in told
    assert "nests" not in told


@pytest.mark.parametrize(
    ("data", "name", "kind", "italian"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(300), "rows.csv", BinaryFile, "è un'immagine"),
        (b"text,label\n", "rows.csv", NoRows, "solo l'intestazione (text, label)"),
        (b'[{"question": "q", "answer": "a"} {"question": "q"}]', "rows.json", MalformedList, "ci vuole «,»"),
        (b'[{"question": "q", "answer" "a"}]', "rows.json", MalformedList, "mancano i due punti"),
        (b'{"question": "q", "answer": }\n{"question": "q", "answer": "a"}', "rows.jsonl", BadRow, "manca un valore"),
    ],
)
def test_why_a_file_is_refused_is_said_in_the_persons_language(tmp_path: Path, data: bytes, name: str, kind: type[UserError], italian: str) -> None:
    """Also after the error came out of the child that read the file."""
    with pytest.raises(kind) as caught:
        imported(written(tmp_path, data, name), tmp_path / "run", LABELLED if name == "rows.csv" else ASKED)
    facts = json.loads(json.dumps(plain_facts(caught.value)))
    assert italian in Words.of("it").error(rebuilt(caught.value.name, str(caught.value), facts))


def test_one_object_over_several_lines_is_no_table(tmp_path: Path) -> None:
    assert "one object a line" in _refused(written(tmp_path, '{\n "a": 1\n}\n', "rows.json"), OneObject, ASKED)


def test_a_line_that_is_no_object_is_named(tmp_path: Path) -> None:
    lines = _questions(5)
    lines[2] = "[1, 2]"
    assert "Line 3 is JSON but not an object" in _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), BadRow, ASKED)


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    mapping = Mapping(shape="text_label", columns={"text": "text", "label": "kind"})
    told = _refused(written(tmp_path, GOOD), MissingColumn, mapping)
    assert "no column 'kind'; it has: text, label" in told
    assert "'The category'" in told
    assert "The category" in _refused(written(tmp_path, GOOD), UnmappedRole, Mapping(shape="text_label", columns={"text": "text"}))
    fields = Mapping(shape="text_fields", columns={"text": "text"})
    assert "The fields" in _refused(written(tmp_path, GOOD), UnmappedRole, fields)


def test_empty_cells_are_named_by_row_and_column(tmp_path: Path) -> None:
    told = _refused(written(tmp_path, GOOD + "no label,\n"), BadRow)
    assert "Row 11 (line 12) has nothing in column 'label'" in told
    assert "leave out" in told
    lines = [*_questions(5), '{"question": "q"}', '{"question": "q", "answer": null}', '{"question": " ", "answer": "a"}']
    told = _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), BadRows, ASKED)
    assert "3 rows" in told
    assert "has no field 'answer'" in told
    assert "has nothing in column 'question'" in told


def test_all_rows_bad_is_no_import_even_when_bad_rows_may_be_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "text,label\n,a\n,b\n,c\n")
    with pytest.raises(BadRows, match="3 rows"):
        imported(path, tmp_path / "run", LABELLED, leave_out=True)


@pytest.mark.parametrize(("data", "what"), [
    (b"\x89PNG\r\n" + bytes(100), "a picture"), (b"\xd0\xcf\x11\xe0" + bytes(100), "an old Excel"), (b"SQLite format 3\0", "a database"),
    (bytes(range(256)) * 40, "binary data"), (gzip.compress(b"\x00" * 5_000_000), "binary data")])  # fmt: skip
def test_what_is_no_text_is_called_by_its_name(data: bytes, what: str, tmp_path: Path) -> None:
    assert what in _refused(written(tmp_path, data), BinaryFile)


def test_a_nul_character_is_named_by_its_row(tmp_path: Path) -> None:
    long = "text,label\n" + "".join(f"a longer text with the number {n},k{n % 2}\n" for n in range(200))
    assert "Row 201 (line 202) holds a NUL character" in _refused(written(tmp_path, long + "a\0b,k1\n"), BadRow)
    lines = [*_questions(3), '{"question": "a\\u0000b", "answer": "c"}']
    assert "Row 4 (line 4) holds a NUL character" in _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), BadRow, ASKED)


def test_half_a_character_is_named_by_its_row(tmp_path: Path) -> None:
    lines = [*_questions(3), '{"question": "a \\ud83d b", "answer": "c"}']
    assert "Row 4 (line 4) holds half of a character" in _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), BadRow, ASKED)


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting_is_refused_and_never_followed(depth: int, tmp_path: Path) -> None:
    deep = '{"question": "q", "answer": "a", "x": ' + "[" * depth + "]" * depth + "}"
    told = _refused(written(tmp_path, "\n".join([*_questions(3), deep]), "rows.jsonl"), BadRow, ASKED)
    assert "Line 4 nests more than 64 levels deep" in told
    with pytest.raises(UserError, match="64 levels"):
        imported(written(tmp_path, f"[{deep}]", "rows.json"), tmp_path / "list", ASKED)


def test_a_column_that_stands_twice_is_named(tmp_path: Path) -> None:
    told = _refused(written(tmp_path, "text,label,text\na,b,c\n"), DuplicateColumns)
    assert "'text' twice (columns 1 and 3)" in told


def test_a_huge_cell_is_named(tmp_path: Path) -> None:
    assert "1,000,001 characters in column 'text'" in _refused(written(tmp_path, GOOD + "x" * 1_000_001 + ",k1\n"), BadRow)
    lines = [*_questions(3), json.dumps({"question": "x" * 1_000_001, "answer": "a"})]
    assert "Line 4 has 1,000,001 characters in field 'question'" in _refused(written(tmp_path, "\n".join(lines), "rows.jsonl"), BadRow, ASKED)


def test_too_many_columns_rows_and_bytes_are_refused(tmp_path: Path) -> None:
    assert "1,001 columns" in _refused(written(tmp_path, ",".join(map(str, range(1001))) + "\n" + "," * 1000 + "\n"), TooManyColumns)
    assert "more than 5 rows" in _refused(written(tmp_path, GOOD), TooManyRows, limits=replace(LIMITS, rows=5))
    assert "larger than 50 bytes" in _refused(written(tmp_path, GOOD), FileTooLarge, limits=replace(LIMITS, file_bytes=50))


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        packed.write(b"question,answer\n")
        for _ in range(200):
            packed.write(b"a" * (1 << 20))
    assert "more than 200 times its size" in _refused(written(tmp_path, out.getvalue(), "bomb.csv.gz"), PackedTooTight, ASKED)
    limits = replace(LIMITS, unpacked_bytes=1 << 20, unpacking_ratio=10**6)
    assert "larger than 1 MB" in _refused(tmp_path / "bomb.csv.gz", FileTooLarge, ASKED, limits)


def test_a_packed_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(_questions(3000)).encode())
    _refused(written(tmp_path, whole[: len(whole) // 2], "rows.jsonl.gz"), BrokenArchive, ASKED)
    _refused(written(tmp_path, whole[:50] + b"damage" + whole[56:], "rows.jsonl.gz"), BrokenArchive, ASKED)


def test_numbers_that_are_none_do_not_stop_an_import(tmp_path: Path) -> None:
    lines = [*_questions(3), '{"question": "q", "answer": "a", "score": NaN, "id": 12345678901234567890123}']
    _, rows = imported(written(tmp_path, "\n".join(lines), "rows.jsonl"), tmp_path / "run", ASKED)
    assert json.loads(str(rows[-1]["original"])) == {"question": "q", "answer": "a", "score": None, "id": 12345678901234567890123}


def test_a_preview_tells_the_first_bad_rows(tmp_path: Path) -> None:
    seen = preview(written(tmp_path, GOOD + "a,b,c\n" * 9), "rows.csv", LABELLED)
    assert "Row 11" in str(seen.problems[0])
    assert "6 more of the rows" in str(seen.problems[-1])
