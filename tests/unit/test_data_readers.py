"""Files as they come: delimiters, quotes, line ends, encodings, packed or not."""

import codecs
import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.encoding import detect
from core.data.preview import UnreadableStart, preview
from core.data.readers.base import Wanted, reader_for
from core.data.records import Record
from tests.unit.data_files import LABELLED, imported, written

_CELL = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=30)


def _read(text: str, name: str = "rows.csv", **wanted: object) -> list[dict[str, object]]:
    asked = Wanted(name, **wanted)  # type: ignore[arg-type]
    reader = reader_for(text[: 1 << 16], name)
    found = list(reader.records(io.StringIO(text, newline=""), reader.understand(text[: 1 << 16], asked), asked))
    assert all(isinstance(item, Record) for item in found), found
    return [item.values for item in found if isinstance(item, Record)]


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_cells_come_back_as_they_were_written(rows: list[tuple[str, str]], delimiter: str, end: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second"), *rows])
    assert _read(out.getvalue(), delimiter=delimiter, header=True) == [{"first": first, "second": second} for first, second in rows]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.one_of(_CELL, st.integers(), st.none(), st.lists(_CELL, max_size=3)), min_size=1), min_size=1)
)
def test_any_json_objects_come_back_from_lines_and_from_a_list(rows: list[dict[str, object]]) -> None:
    assert _read("\n".join(json.dumps(row) for row in rows), "rows.jsonl") == rows
    assert _read(json.dumps(rows, ensure_ascii=False, indent=2), "rows.json") == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str, tmp_path: Path) -> None:
    rows = [["text", "label"], *([f"Text {n}, with a comma; and more" if delimiter not in ",;" else f"Text {n}", f"k{n % 3}"] for n in range(20))]
    seen = preview(written(tmp_path, "\n".join(delimiter.join(row) for row in rows)), "rows.csv")
    assert (seen.delimiter, seen.columns) == (delimiter, ("text", "label"))


def test_quotes_hold_newlines_delimiters_and_quotes(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,label\r\n"one\r\ntwo, ""three""",a\r\nfour,b\r\nfive,a\r\n')
    _, rows = imported(path, tmp_path / "run")
    assert [row["question"] for row in rows] == ['one\r\ntwo, "three"', "four", "five"]
    assert [row["row"] for row in rows] == [1, 2, 3]


def test_a_tsv_with_lone_quotes_is_read_as_it_stands() -> None:
    assert _read('text\tlabel\n"wow\ta\n5" pipe\tb\nplain\ta\n', "rows.tsv") == [
        {"text": '"wow', "label": "a"},
        {"text": '5" pipe', "label": "b"},
        {"text": "plain", "label": "a"},
    ]


def test_blank_lines_are_no_rows_and_a_last_line_needs_no_end() -> None:
    assert _read("text,label\n\na,b\n\n\nc,d") == [{"text": "a", "label": "b"}, {"text": "c", "label": "d"}]


def test_old_line_ends_are_read() -> None:
    assert _read("text,label\ra,b\rc,d\r") == [{"text": "a", "label": "b"}, {"text": "c", "label": "d"}]


def test_a_column_without_a_name_gets_one() -> None:
    assert _read(",text\n0,a\n") == [{"column 1": "0", "text": "a"}]


def test_a_file_without_a_header_keeps_its_first_row(tmp_path: Path) -> None:
    seen = preview(written(tmp_path, "I lost my card,card\nIt was stolen,card\nHow much is it,price\nToo much,price\n"), "rows.csv")
    assert seen.header is False
    assert seen.rows_seen == 4
    assert seen.columns == ("column 1", "column 2")


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("latin-1", b""),
        ("cp1252", b""),
    ],
)
def test_letters_come_right_in_every_usual_encoding(encoding: str, mark: bytes, tmp_path: Path) -> None:
    texts = ["Perché il bonifico è in ritardo?", "Größe passt nicht", "déjà payé", "El niño llegó mañana"]
    if encoding == "cp1252":
        texts.append("it’s 5 € – “really”")
    data = mark + "\r\n".join(["text,label", *(f"{text},k{n % 2}" for n, text in enumerate(texts))]).encode(encoding)
    path = written(tmp_path, data)
    assert [row["text"] for row in preview(path, "rows.csv").rows] == texts
    assert [row["question"] for row in imported(path, tmp_path / "run", LABELLED)[1]] == texts
    if encoding in ("latin-1", "cp1252"):
        assert preview(path, "rows.csv").encoding == encoding


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1), min_size=1))
def test_utf_8_is_never_taken_for_anything_else(lines: list[str]) -> None:
    text = "x" + "\n".join(lines)
    chunks = [text.encode()[at : at + 3] for at in range(0, len(text.encode()), 3)]
    assert text.encode().decode(detect(chunks, "f")) == text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["perché", "città", "sarà", "größer", "façon", "niño", "£20", "50%", "señal", "über", "così", "là"]), min_size=3),
    st.sampled_from(["latin-1", "cp1252"]),
)
def test_western_words_in_one_byte_letters_are_told(words: list[str], encoding: str) -> None:
    data = " ".join(words).encode(encoding)
    assert data.decode(detect([data], "f")) == " ".join(words)


@pytest.mark.parametrize(("encoding", "text"), [
    ("cp1251", "Здравствуйте, я хотел бы узнать, где находится мой заказ, который я сделал на прошлой неделе. Спасибо за помощь."),
    ("shift_jis", "注文した商品がまだ届きません。配送状況を確認していただけますか。よろしくお願いいたします。"),
    ("euc_jp", "注文した商品がまだ届きません。配送状況を確認していただけますか。よろしくお願いいたします。"),
    ("gb18030", "我上周下的订单还没有收到，请帮我查询一下物流状态，谢谢。"),
    ("koi8-r", "Здравствуйте, я хотел бы узнать, где находится мой заказ."),
    ("cp1250", "Dzień dobry, chciałbym zapytać, gdzie jest moja paczka. Źródło, żółw, ąęć."),
    ("mac_roman", "Déjà payé, größer, perché così, “señal”"),
    ("cp850", "Déjà payé, größer, perché così, señal"),
    ("cp1253", "Καλημέρα σας, θα ήθελα να μάθω πού βρίσκεται η παραγγελία μου που έκανα την περασμένη εβδομάδα."),
])  # fmt: skip
def test_other_alphabets_and_machines_are_not_taken_for_latin_1(encoding: str, text: str) -> None:
    data = (text + "\n").encode(encoding) * 5
    assert data.decode(detect([data], "f")) == (text + "\n") * 5


def test_a_chosen_encoding_is_used_and_a_wrong_one_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "text,label\nabc,x\nüber,y\nabc,x\n".encode("cp1252"))
    seen = preview(path, "rows.csv", LABELLED.model_copy(update={"encoding": "cp437"}))
    assert seen.rows[1]["text"] == "über".encode("cp1252").decode("cp437")
    with pytest.raises(Exception, match=r"Line 3 of rows\.csv holds bytes that are not utf-8"):
        preview(path, "rows.csv", LABELLED.model_copy(update={"encoding": "utf-8"}))


def test_a_packed_file_is_read_like_an_unpacked_one(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"question": f"q{n}", "answer": f"a{n}"}) for n in range(50))
    _, packed = imported(written(tmp_path, gzip.compress(lines.encode()), "x.jsonl.gz"), tmp_path / "one")
    _, plain = imported(written(tmp_path, lines, "x.jsonl"), tmp_path / "two")
    assert [row["messages"] for row in packed] == [row["messages"] for row in plain]
    assert len(plain) == 50


def test_a_preview_reads_no_more_than_its_prefix(tmp_path: Path) -> None:
    path = written(tmp_path, "text,label\n" + "\n".join(f"{'long ' * 400}{n},k{n % 3}" for n in range(3000)))
    seen = preview(path, "rows.csv")
    assert seen.rows_seen == 200
    assert not seen.whole_file
    assert not seen.problems
    assert all(len(cell) <= 500 for row in seen.rows for cell in row.values())


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.json"])
@pytest.mark.parametrize("shift", range(4))
def test_a_preview_that_ends_within_a_row_or_a_letter_shows_the_whole_rows(name: str, shift: int, tmp_path: Path) -> None:
    rows = [{"question": "x" * shift + "è€🙂" * 2000, "answer": f"a{n}"} for n in range(100)]
    made = {
        "rows.csv": "question,answer\n" + "".join(f"{row['question']},{row['answer']}\n" for row in rows),
        "rows.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
        "rows.json": json.dumps(rows, ensure_ascii=False),
    }
    seen = preview(written(tmp_path, made[name], name), name)
    assert not seen.problems
    assert 50 < seen.rows_seen < 100
    assert seen.encoding == "utf-8"


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.json"])
def test_a_first_row_longer_than_a_preview_is_told(name: str, tmp_path: Path) -> None:
    text = json.dumps({"question": "x" * 2_000_000, "answer": "a"})
    made = {"rows.csv": "question,answer\n" + "x" * 2_000_000 + ",a\n", "rows.jsonl": text, "rows.json": f"[{text}]"}
    with pytest.raises(UnreadableStart, match="The first row is longer than 1 MB"):
        preview(written(tmp_path, made[name], name), name)
