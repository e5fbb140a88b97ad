"""The look at a file happens in a child of little memory and time: what goes wrong there is one sentence here."""

import json
import os
import struct
from pathlib import Path

import pytest

from core.data.confined import Confines, Died, OverTime, run_confined
from core.data.look import FileNeedsMemory, FileTakesTooLong, look
from core.data.mapping import Mapping
from core.data.preview import UnreadableStart, preview
from core.data.readers.parquet import BrokenColumns
from core.data.readers.pdf import ScannedPdf
from core.sentence import Sentence
from tests.unit.data_files import written
from tests.unit.office_files import LABELLED_ROWS, arrow_stream, labelled_workbook, parquet, pdf, zipped

CSV = "text,label\n" + "".join(f"testo {n},k{n % 2}\n" for n in range(10))


@pytest.mark.parametrize(("name", "data"), [("rows.csv", CSV), ("rows.xlsx", labelled_workbook()), ("bad.csv", CSV + "a,b,c\n"), ("a.zip", zipped({"a.csv": CSV, "b.csv": ""}))],
                         ids=["csv", "xlsx", "faults", "zip"])  # fmt: skip
def test_a_look_through_the_child_sees_what_a_preview_sees(name: str, data: bytes | str, tmp_path: Path) -> None:
    path = written(tmp_path, data, name)
    assert look(path, name) == preview(path, name)
    assert look(path, name, Mapping(shape="", header=False)) == preview(path, name, Mapping(shape="", header=False))


def test_an_error_of_the_child_is_the_same_error_here(tmp_path: Path) -> None:
    with pytest.raises(ScannedPdf, match="only pictures of its 2 page"):
        look(written(tmp_path, pdf([None, None]), "scan.pdf"), "scan.pdf")
    with pytest.raises(BrokenColumns):
        look(written(tmp_path, parquet(LABELLED_ROWS)[:-9], "a.parquet"), "a.parquet")
    with pytest.raises(UnreadableStart) as caught:
        look(written(tmp_path, "[1, 2]", "a.json"), "a.json")
    assert isinstance(caught.value.facts["what"], Sentence)  # said in the reader's own language


def test_a_file_that_wants_too_much_memory_or_time_is_told_as_such(tmp_path: Path) -> None:
    stream = arrow_stream(LABELLED_ROWS)
    path = written(tmp_path, stream[:4] + struct.pack("<i", 0x7FFFFFF0) + stream[8:], "claims.arrow")
    with pytest.raises(FileNeedsMemory):
        look(path, "claims.arrow")
    with pytest.raises(FileTakesTooLong):
        look(written(tmp_path, CSV), "rows.csv", confines=Confines(wall_s=0.01))


def test_a_child_that_falls_over_is_noticed_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(Died):
        run_confined("core.data.look", "no request", Confines())
    with pytest.raises(OverTime):
        run_confined("core.data.look", json.dumps({"path": os.devnull, "file": "x"}), Confines(wall_s=0.01))
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_odd_letters_reaches_the_child_and_comes_back(tmp_path: Path) -> None:
    path = written(tmp_path, CSV, "plain")
    for name in ("nul\0.csv", "a\nb.csv", "../../x.csv", "è" * 300, "-c", "{file}"):
        assert look(path, name).file == name
