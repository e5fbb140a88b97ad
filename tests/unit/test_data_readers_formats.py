"""Formats beside CSV and JSON: what people really have, read into rows that know their file and their place in it."""

import bz2
import gzip
import json
import lzma
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.mapping import Mapping
from core.data.preview import preview
from core.data.readers.conll import _joined
from core.data.readers.mail import split_history
from core.data.readers.xlsx import UnknownSheet
from core.data.reading import records
from core.data.records import Fault, Record
from core.data.source import open_source
from tests.unit.data_files import imported, written
from tests.unit.office_files import LABELLED_ROWS, arrow_stream, document, labelled_workbook, mail, parquet, pdf, workbook, zipped
from ui.folder import as_one_file

LABELLED = [(row["text"], row["label"]) for row in LABELLED_ROWS]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in LABELLED)


def _rows(path: Path, mapping: Mapping | None = None, name: str | None = None) -> list[dict[str, Any]]:
    found = list(records(open_source(path, name or path.name, encoding=mapping.encoding if mapping else None), mapping))
    assert all(isinstance(item, Record) for item in found), [str(item.sentence) for item in found if isinstance(item, Fault)]
    return [item.values for item in found if isinstance(item, Record)]


def _said(**said: Any) -> Mapping:
    return Mapping(shape="", **said)


@pytest.mark.parametrize(("name", "data"), [
    ("rows.parquet", parquet(LABELLED_ROWS)), ("rows.xlsx", labelled_workbook()), ("rows.arrow", arrow_stream(LABELLED_ROWS)),
    ("rows.docx", document(table=[["text", "label"], *LABELLED])), ("rows.csv.gz", gzip.compress(CSV.encode())),
    ("rows.csv.bz2", bz2.compress(CSV.encode())), ("rows.csv.xz", lzma.compress(CSV.encode())), ("rows.zip", zipped({"rows.csv": CSV})),
    ("rows.parquet.gz", gzip.compress(parquet(LABELLED_ROWS))), ("rows.xlsx.gz", gzip.compress(labelled_workbook())),
    ("no suffix", labelled_workbook()), ("wrong.csv", parquet(LABELLED_ROWS)),
])  # fmt: skip
def test_one_table_is_the_same_rows_in_every_format(name: str, data: bytes, tmp_path: Path) -> None:
    _, rows = imported(written(tmp_path, data, name), tmp_path / "run")
    assert [(row["question"], row["answer"]) for row in rows] == LABELLED
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {row["source"] for row in rows} == {"rows.csv" if name == "rows.zip" else name}
    assert json.loads(str(rows[0]["original"])) == LABELLED_ROWS[0]


def test_a_file_packed_with_zstd_is_unpacked(tmp_path: Path) -> None:
    import pyarrow as pa

    with pa.CompressedOutputStream(str(tmp_path / "rows.csv.zst"), "zstd") as out:
        out.write(CSV.encode())
    assert len(_rows(tmp_path / "rows.csv.zst")) == 6


def test_two_packed_pieces_behind_each_other_are_one_file(tmp_path: Path) -> None:
    half = len(CSV) // 2
    for pack, name in ((gzip.compress, "a.csv.gz"), (bz2.compress, "a.csv.bz2"), (lzma.compress, "a.csv.xz")):
        assert len(_rows(written(tmp_path, pack(CSV[:half].encode()) + pack(CSV[half:].encode()), name))) == 6


def test_nested_parquet_values_become_json_and_dates_iso(tmp_path: Path) -> None:
    row = {
        "text": "t",
        "turns": [{"role": "user", "content": "ciao"}],
        "on": date(2026, 3, 4),
        "at": datetime(2026, 3, 4, 10, 5),
        "eur": Decimal("12.50"),
        "raw": b"\xff\x00" * 99,
    }
    found = _rows(written(tmp_path, parquet([row, row], row_group_size=1), "rows.parquet"))
    assert found[1] == {
        "text": "t",
        "turns": [{"role": "user", "content": "ciao"}],
        "on": "2026-03-04",
        "at": "2026-03-04T10:05:00",
        "eur": "12.50",
        "raw": None,
    }


def test_a_saved_datasets_folder_gives_categories_by_their_names(tmp_path: Path) -> None:
    features = {"info": {"features": {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}, "text": {"dtype": "string", "_type": "Value"}}}}
    rows = arrow_stream([{"text": "a", "label": 1}, {"text": "b", "label": 0}], {b"huggingface": json.dumps(features).encode()})
    data = zipped({"d/state.json": "{}", "d/dataset_info.json": "{}", "d/data-00000-of-00001.arrow": rows, "d/cache-1.arrow": b"old"})
    assert _rows(written(tmp_path, data, "d.zip")) == [{"text": "a", "label": "good"}, {"text": "b", "label": "bad"}]


def test_the_real_save_to_disk_of_datasets_is_read(tmp_path: Path) -> None:
    import pyarrow as pa

    schema = pa.schema([("text", pa.string()), ("tags", pa.list_(pa.string()))])
    with pa.OSFile(str(tmp_path / "data.arrow"), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_table(pa.table({"text": ["a"], "tags": [["x", "y"]]}, schema=schema))
    assert _rows(tmp_path / "data.arrow") == [{"text": "a", "tags": ["x", "y"]}]


def test_a_sheet_is_chosen_and_an_unknown_one_is_told_with_those_there_are(tmp_path: Path) -> None:
    data = workbook({"Vuoto": [], "Uno": [["a", "b"], [1, 2], [3, 4]], "Due": [["c", "d"], ["x", "y"], ["z", "w"]]})
    path = written(tmp_path, data, "rows.xlsx")
    assert _rows(path) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert _rows(path, _said(sheet="Due"))[0] == {"c": "x", "d": "y"}
    assert preview(path, "rows.xlsx", _said(sheet="Due")).sheets == ("Vuoto", "Uno", "Due")
    with pytest.raises(UnknownSheet, match="Vuoto, Uno, Due"):
        _rows(path, _said(sheet="Tre"))


def test_a_sheet_with_a_title_blank_rows_and_dates_gives_its_table(tmp_path: Path) -> None:
    data = workbook(
        {"Foglio": [["Elenco 2026"], [], ["testo", "quando", "ore"], ["uno", date(2026, 3, 4), 1.5], [], ["due", datetime(2026, 3, 5, 9, 30), 2.0]]}
    )
    path = written(tmp_path, data, "rows.xlsx")
    assert _rows(path) == [{"testo": "uno", "quando": "2026-03-04", "ore": 1.5}, {"testo": "due", "quando": "2026-03-05T09:30:00", "ore": 2}]
    assert "1 line(s) above" in str(preview(path, "rows.xlsx").notes[0])


def test_formulas_are_told_and_never_calculated(tmp_path: Path) -> None:
    path = written(tmp_path, workbook({"F": [["text", "n"], ["a", "=1+1"], ["b", '=HYPERLINK("http://x")'], ["c", 3]]}), "rows.xlsx")
    assert [row["n"] for row in _rows(path)] == [None, None, 3]
    told = " ".join(map(str, preview(path, "rows.xlsx").notes))
    assert "2 cell(s) hold formulas" in told
    assert "2 formula(s) have no stored result" in told


def test_word_sections_split_at_headings_and_tables_become_rows(tmp_path: Path) -> None:
    paragraphs = [
        ("Title", "Manuale"),
        ("", "Introduzione."),
        ("Heading 1", "Uno"),
        ("", "Primo."),
        ("", "Secondo."),
        ("Heading 2", "Vuoto"),
        ("Heading 2", "Due"),
        ("", "Terzo."),
    ]
    path = written(tmp_path, document(paragraphs), "m.docx")
    assert _rows(path) == [
        {"title": "Manuale", "text": "Introduzione."}, {"title": "Uno", "text": "Primo.\n\nSecondo."}, {"title": "Vuoto – Due", "text": "Terzo."},
    ]  # fmt: skip
    assert len(_rows(path, _said(unit="document"))) == 1
    asked = document([("", "Domande")], [["Domanda", "Risposta"], ["Quando aprite ogni giorno?", "Alle nove."], ["Dove siete?", "In centro."]])
    assert _rows(written(tmp_path, asked, "q.docx"))[0] == {"Domanda": "Quando aprite ogni giorno?", "Risposta": "Alle nove."}


def test_a_pdf_gives_a_row_a_page_and_names_its_scanned_pages(tmp_path: Path) -> None:
    path = written(tmp_path, pdf(["Prima pagina", None, None, "Quarta è qui"]), "a.pdf")
    found = list(records(open_source(path, "a.pdf")))
    assert [item.values["page"] for item in found if isinstance(item, Record)] == [1, 4]
    assert [str(item.sentence) for item in found if isinstance(item, Fault)] == [
        "Pages 2 to 3 hold only pictures, no text. Have the text recognised first."
    ]
    assert "Quarta è qui" in _rows(written(tmp_path, pdf(["Prima", "Quarta è qui"]), "b.pdf"), _said(unit="document"))[0]["text"]


def test_a_mail_gives_its_text_apart_from_its_history(tmp_path: Path) -> None:
    text = "Buongiorno,\nnon funziona.\n\nIl giorno mer 4 mar 2026 alle ore 10:00 Aiuto <a@example.org> ha scritto:\n> Provi così\n"
    path = written(tmp_path, mail("Perché è rotto?", text, attachment=b"%PDF"), "uno.eml")
    (row,) = _rows(path)
    assert (row["subject"], row["text"], row["attachments"]) == ("Perché è rotto?", "Buongiorno,\nnon funziona.", ["fattura.pdf"])
    assert row["date"].startswith("2026-03-04T10:30")
    assert "> Provi così" in row["quoted"]
    (html,) = _rows(written(tmp_path, mail("H", "", html="<style>x{}</style><p>Uno &amp; due</p><script>alert(1)</script><p>tre</p>"), "due.eml"))
    assert html["text"] == "Uno & due\ntre"


def test_a_mailbox_gives_every_message_with_its_line(tmp_path: Path) -> None:
    box = b"".join(b"From a@example.org Wed Mar  4 10:30:00 2026\n" + mail(f"N {n}", f"Testo {n}\n>From qui") + b"\n" for n in range(3))
    found = list(records(open_source(written(tmp_path, box, "posta.mbox"), "posta.mbox")))
    assert [item.values["subject"] for item in found if isinstance(item, Record)] == ["N 0", "N 1", "N 2"]
    assert next(item.line for item in found if isinstance(item, Record)) == 1


@pytest.mark.parametrize(("name", "text", "rows"), [
    ("a.txt", "Prima riga\nSeconda, con virgola\nTerza\n", ["Prima riga", "Seconda, con virgola", "Terza"]),
    ("a.txt", "Uno\ncontinua\n\nDue\ncontinua\n\n\nTre\ncontinua ancora\n", ["Uno\ncontinua", "Due\ncontinua", "Tre\ncontinua ancora"]),
    ("a.txt", "Uno\n\ncontinua\n---\nDue\n---\n\nTre\n", ["Uno\n\ncontinua", "Due", "Tre"]),
])  # fmt: skip
def test_plain_text_is_split_where_its_writer_split_it(name: str, text: str, rows: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, text, name)
    assert [row["text"] for row in _rows(path)] == rows
    assert len(_rows(path, _said(separator="file"))) == 1


@pytest.mark.parametrize("text", [
    "Q: Uno?\nA: Sì\n\nQ: Due?\nA: No\nma forse\n", "Domanda: Uno?\nRisposta: Sì\nDomanda: Due?\nRisposta: No\nma forse\n",
    "D1. Uno?\nR1. Sì\n".replace(".", ":") + "D2: Due?\nR2: No\nma forse", "**Q:** Uno?\n**A:** Sì\n---\n**Q:** Due?\n**A:** No\nma forse",
])  # fmt: skip
def test_questions_with_a_word_before_them_get_their_answers(text: str, tmp_path: Path) -> None:
    assert _rows(written(tmp_path, text, "a.txt")) == [{"question": "Uno?", "answer": "Sì"}, {"question": "Due?", "answer": "No\nma forse"}]


def test_tagged_words_become_a_text_with_its_fields(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- O O\n\nAnna\tB-PER\nVerdi\tI-PER\nvive\tO\na\tO\nRoma\tB-LOC\n.\tO\n\nL'\tO\nacqua\tO\n(\tO\nMilano\tB-LOC\n,\tO\nTorino\tB-LOC\n)\tO\n"
    found = _rows(written(tmp_path, text.replace("-X- O O", "\tO"), "ner.conll"))
    assert found == [
        {"text": "Anna Verdi vive a Roma.", "fields": {"PER": "Anna Verdi", "LOC": "Roma"}},
        {"text": "L'acqua (Milano, Torino)", "fields": {"LOC": ["Milano", "Torino"]}},
    ]
    assert preview(tmp_path / "ner.conll", "ner.conll").mapping == Mapping(shape="text_fields", columns={"text": "text", "fields": "fields"})


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Zs", "Cc")), min_size=1, max_size=8), min_size=1, max_size=20))
def test_every_tagged_word_stands_where_it_is_said_to_stand(words: list[str]) -> None:
    text, places = _joined(words)
    assert [text[start:end] for start, end in places] == words


@given(st.text(max_size=300))
def test_no_word_of_a_mail_is_lost_with_its_history(text: str) -> None:
    own, quoted = split_history(text)
    assert sorted("".join((own + quoted).split())) == sorted("".join(text.split()))


def test_each_row_of_a_folder_knows_its_own_file(tmp_path: Path) -> None:
    data = zipped({"posta/spam/1.txt": "Compra\nora", "posta/buona/2.txt": "Ciao", "__MACOSX/._1.txt": b"\0\1", "posta/.DS_Store": b"\0"})
    _, rows = imported(
        written(tmp_path, data, "posta.zip"), tmp_path / "run", Mapping(shape="text_label", columns={"text": "text", "label": "folder"}), new=False
    )
    assert [(row["source"], row["question"], row["answer"]) for row in rows] == [
        ("posta/spam/1.txt", "Compra\nora", "spam"),
        ("posta/buona/2.txt", "Ciao", "buona"),
    ]


def test_a_file_of_the_folder_that_cannot_be_read_is_told_by_its_name_and_can_be_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, zipped({"a.csv": CSV, "b.csv": "", "inner.zip": zipped({"c.csv": CSV}), "README.md": "hello"}), "all.zip")
    summary, rows = imported(path, tmp_path / "run", leave_out=True)
    assert (summary.rows, summary.left_out) == (6, 2)
    seen = preview(path, "all.zip")
    assert ["b.csv is empty" in str(seen.problems[0]), "'inner.zip' is an archive within all.zip" in str(seen.problems[1])] == [True, True]
    assert "README.md" in str(seen.notes[-1])


def test_a_damaged_place_in_a_list_keeps_the_rows_before_it_for_who_leaves_out_incomplete_rows(tmp_path: Path) -> None:
    text = json.dumps([{"question": f"q{n}", "answer": f"a{n}"} for n in range(50)]).replace('"q40"', "q40")
    summary, _ = imported(written(tmp_path, text, "rows.json"), tmp_path / "run", leave_out=True)
    assert (summary.rows, summary.left_out) == (40, 1)


def test_a_folder_of_ones_own_becomes_one_file_without_its_links_and_what_is_hidden(tmp_path: Path) -> None:
    folder = tmp_path / "posta"
    (folder / "spam").mkdir(parents=True)
    (folder / "spam" / "1.txt").write_text("Compra ora")
    (folder / ".DS_Store").write_text("x")
    (folder / ".git" / "info").mkdir(parents=True)
    (folder / ".git" / "info" / "exclude.txt").write_text("nascosto")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "2.txt").write_text("segreto")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "3.txt").symlink_to(tmp_path / "secret" / "2.txt")
    with as_one_file(folder) as file:
        assert [row["text"] for row in _rows(file)] == ["Compra ora"]
    with as_one_file(folder / "spam" / "1.txt") as file:
        assert file.name == "1.txt"
