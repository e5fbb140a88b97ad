"""A version goes out as a file in five formats, and each comes back with the very same hashes."""

import csv
import datetime
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from core.data.export.base import UnknownDataFormat, data_format, formats
from core.data.export.job import Watched, write_export
from core.data.export.rows import ROWS_FILE, ExportRow
from core.data.export.settings import ExportVersionSettings, Parts
from core.data.exported import MARK, guarded, unguarded
from core.data.mapping import Mapping
from storage import datasets, projects
from storage.bulk.importing import import_parquet
from storage.bulk.splitting import freeze_split
from storage.bulk.versions import freeze_version
from storage.bulk.writing import write_version
from storage.canonical import canonical, question_and_answer
from storage.rows import LOCAL_OWNER, DatasetId, SplitId, Version
from storage.store import Store
from tests.unit.data_files import imported, real_file, written
from tests.unit.store_rows import SCHEMA, open_store

ALL = ("alpaca", "csv", "datasets", "jsonl", "parquet")
_TOOL = {"type": "function", "function": {"name": "rate", "parameters": {"type": "object", "properties": {"pair": {"type": "string"}}}}}


def _user(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def _says(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


PLAIN: list[list[dict[str, Any]]] = [
    [_user("Where is my parcel?"), _says("delivery")],
    [_user("  a blank before,\nand a line\r\nafter\ranother\n"), _says("other")],
    [_user("Perché no? ’ÀÈ 日本語 🙂\u2028 end"), _says("già")],
    [_user("=1+1"), _says("@SUM(A1)")],
    [_user("'=1+1"), _says("-5")],
    [_user("'quoted' text; \"double\", comma"), _says("+39 06 5555 0000")],
    [_user("''@ twice"), _says("\ttab first")],
    [_user("nobody has answered this")],
    [_user("text"), _says("label")],  # as the columns are called
    [_user("an answer of blanks"), _says("  ")],
    [_user("blanks around the answer"), _says(" yes \n")],
]
RICH: list[list[dict[str, Any]]] = [
    *PLAIN,
    [{"role": "system", "content": "Be brief."}, _user("hi"), _says("hello")],
    [{"role": "system", "content": ""}, _user("hi"), _says("hello")],
    [_user("1"), _says("one", weight=0), _user("2"), _says("two", weight=1)],
    [_user("rate?", tools=[_TOOL], parallel_tool_calls=False),
     _says("", tool_calls=[{"id": "c1", "type": "function", "function": {"name": "rate", "arguments": '{"pair": "EUR/USD", "none": null}'}}]),
     {"role": "tool", "content": "1.1", "tool_call_id": "c1", "name": "rate"}, _says("It is 1.1.")],
    [_user("rate?", tools=[_TOOL]), _says('{"name": "rate"}', kind="function_call")],
    [_says("I speak first"), _user("really?"), _says("yes")],
    [_user("two"), _user("questions"), _says("one answer")],
    [_user("answered, and then"), _says("this"), _user("asked again")],
    [_user("answered, and then"), _says("this"), {"role": "system", "content": "a late word"}],
    [_user(""), _says("nothing was asked")],
    [{"role": "narrator", "content": "it was dark"}, _user("and?"), _says("stormy", mood=None)],
]  # fmt: skip


def _store_rows(path: Path, conversations: Sequence[Sequence[dict[str, Any]]], originals: Sequence[dict[str, Any]] | None = None) -> Path:
    rows = []
    for number, turns in enumerate(conversations, 1):
        question, answer = question_and_answer(turns)
        original = originals[number - 1] if originals else {"q": question, "customer": f"=c{number}"}
        rows.append({"messages": canonical(turns), "question": question, "answer": answer, "source": "f", "row": number,
                     "original": json.dumps(original, ensure_ascii=False)})  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    return path


def _dataset(store: Store, shape: str, files: Sequence[tuple[Path, bool]]) -> DatasetId:
    project = projects.create(store, LOCAL_OWNER, "Ours")
    dataset = datasets.create(store, LOCAL_OWNER, project.id, "Rows", shape, ["q", "customer"]).id
    for path, sealed in files:
        import_parquet(store, dataset, path, sealed=sealed)
    return dataset


def _exported(store: Store, version: Version, kind: str, folder: Path, *, shape: str = "question_answer", split: SplitId | None = None,
              parts: Parts = Parts.COLUMN, further: tuple[str, ...] = ()) -> Path:  # fmt: skip
    """The unpacked zip."""
    folder.mkdir(parents=True)
    write_version(store, version.id, folder / ROWS_FILE, split)
    wanted = ExportVersionSettings(
        format=kind, parts=parts, further=further, file="f.zip", dataset="Rows", shape=shape, version=version.number, version_name="",
        content_hash=version.content_hash, rows=version.rows, split_seed=7 if split else None, made_on=datetime.date(2026, 1, 2).isoformat(),
        made_with="Bottega",
    )  # fmt: skip
    with zipfile.ZipFile(write_export(folder, wanted, Watched(None, version.rows))) as archive:
        archive.extractall(folder / "out")
    return folder / "out"


def _data_file(out: Path, name: str) -> Path:
    """The one file of a piece; in a saved folder the Arrow file."""
    found = [path for path in out.glob(f"{name}*") if path.is_file()] or sorted((out / name).rglob("*.arrow"))
    assert len(found) == 1, found
    return found[0]


def _hashes(store: Store, dataset: DatasetId) -> list[str]:
    return [row[0] for row in store.read(None, "SELECT content_hash FROM example WHERE dataset = ? AND gone IS NULL ORDER BY position", [dataset])]


def _back(store: Store, out: Path, folder: Path, mapping: Mapping | None = None) -> DatasetId:
    files = []
    for name, sealed in (("rows", False), ("sealed", True)):
        if list(out.glob(f"{name}*")):
            imported(_data_file(out, name), folder / name, mapping, new=False)
            files.append((folder / name / "rows.parquet", sealed))
    return _dataset(store, "question_answer", files)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("shape", ["text_label", "question_answer", "messages", "dialogue_summary", "text_fields", "text_only"])
def test_every_row_comes_back_with_its_hash(tmp_path: Path, kind: str, shape: str) -> None:
    with open_store(tmp_path) as store:
        path = _store_rows(tmp_path / "first.parquet", RICH)
        dataset = _dataset(store, shape, [(path, False)])
        version = freeze_version(store, dataset)
        out = _exported(store, version, kind, tmp_path / "run", shape=shape)
        again = _back(store, out, tmp_path / "back")
        assert _hashes(store, again) == _hashes(store, dataset)
        assert freeze_version(store, again).content_hash == version.content_hash


@pytest.mark.parametrize("kind", ALL)
def test_sealed_rows_have_a_file_of_their_own_and_come_back_sealed(tmp_path: Path, kind: str) -> None:
    with open_store(tmp_path) as store:
        rows, exam = _store_rows(tmp_path / "a.parquet", PLAIN), _store_rows(tmp_path / "b.parquet", [[_user("exam?"), _says("yes")], *RICH[11:13]])
        dataset = _dataset(store, "question_answer", [(rows, False), (exam, True)])
        version = freeze_version(store, dataset)
        out = _exported(store, version, kind, tmp_path / "run")
        assert freeze_version(store, _back(store, out, tmp_path / "back")).content_hash == version.content_hash
        assert "sealed test" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("parts", [Parts.COLUMN, Parts.FILES])
def test_the_parts_of_a_split_are_a_column_or_files(tmp_path: Path, kind: str, parts: Parts) -> None:
    with open_store(tmp_path) as store:
        rows = [[_user(f"what is {n}?"), _says(f"it is {n}")] for n in range(40)]
        version = freeze_version(store, _dataset(store, "question_answer", [(_store_rows(tmp_path / "a.parquet", [*rows, [_user("and?")]]), False)]))
        split = freeze_split(store, version.id, "{}", test_share=0.2, validation_share=0.2, seed=7)
        out = _exported(store, version, kind, tmp_path / "run", split=split.id, parts=parts)
        if parts is Parts.FILES:
            folder = out / "rows" if kind == "datasets" else out
            counts = {name: _count(_data_file(folder, name), tmp_path / name) for name in ("train", "validation", "test", "unsplit")}
            assert counts == {"train": split.train, "validation": split.validation, "test": split.test, "unsplit": 1}
        else:
            _, back = imported(_data_file(out, "rows"), tmp_path / "back", new=False)
            said = [json.loads(str(row["original"]))["part"] or None for row in back]
            assert said.count("train") == split.train
            assert said[-1] is None
        if kind == "datasets":
            from datasets import load_from_disk

            opened = load_from_disk(str(out / "rows"))
            assert sorted(opened) == ["test", "train", "unsplit", "validation"] if parts is Parts.FILES else len(opened) == 41


def _count(path: Path, folder: Path) -> int:
    return len(imported(path, folder, new=False)[1])


@pytest.mark.parametrize("kind", ALL)
def test_further_columns_are_written_where_they_are_wanted(tmp_path: Path, kind: str) -> None:
    with open_store(tmp_path) as store:
        originals: list[dict[str, Any]] = [{"customer": "=cmd", "answer": "no"}, {"customer": ["a", 1], "answer": "no"}, {}]
        path = _store_rows(tmp_path / "a.parquet", PLAIN[:3], originals)
        version = freeze_version(store, _dataset(store, "question_answer", [(path, False)]))
        out = _exported(store, version, kind, tmp_path / "run", further=("customer", "answer"))
        _, back = imported(_data_file(out, "rows"), tmp_path / "back", new=False)
        said = [json.loads(str(row["original"])) for row in back]
        assert said[0]["customer"] == "=cmd"
        assert said[0]["original answer" if kind == "csv" else "answer"] == "no"
        assert [row["messages"] for row in back] == [canonical(turns) for turns in PLAIN[:3]]


def test_no_cell_of_a_table_is_a_formula(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        version = freeze_version(store, _dataset(store, "text_label", [(_store_rows(tmp_path / "a.parquet", RICH), False)]))
        out = _exported(store, version, "csv", tmp_path / "run", shape="text_label", further=("customer",))
        with (out / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0][:3] == [MARK, "text", "label"]
        assert len(rows) == len(RICH) + 1
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@given(st.text(alphabet="'=+-@\t\rab", max_size=6))
def test_the_guard_before_a_formula_can_be_taken_off_again(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


_TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("'=+-@\t\r\n \"\\,;|[]{}:a1èß\u2028\u0085\ufeff🙂"), st.characters(exclude_characters="\0", codec="utf-8")),
    max_size=12,
)
_TURNS = st.lists(st.builds(lambda role, content: {"role": role, "content": content}, st.sampled_from(("user", "assistant", "system", "tool")), _TEXTS),
                  min_size=1, max_size=4)  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind != "datasets"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_TURNS, min_size=1, max_size=5), st.sampled_from(("text_label", "question_answer", "text_fields", "dialogue_summary")))
def test_any_conversation_at_all_comes_back(tmp_path: Path, kind: str, conversations: list[list[dict[str, Any]]], shape: str) -> None:
    chosen = data_format(kind)
    rows = [ExportRow(at, canonical(turns), question_and_answer(turns)[1], "{}", None, False) for at, turns in enumerate(conversations, 1)]
    chosen.write({"rows": lambda: rows}, tmp_path, chosen.look(rows, shape, (), split=False))
    _, back = imported(tmp_path / f"rows{chosen.suffix}", tmp_path / "run", new=False)
    assert [row["messages"] for row in back] == [row.text for row in rows]


def test_another_programs_apostrophes_stay(tmp_path: Path) -> None:
    path = written(tmp_path, "text,label\n'=1+1,a\n'@x,b\nplain,a\nmore,b\n")
    _, rows = imported(path, tmp_path / "run", Mapping(shape="text_label", columns={"text": "text", "label": "label"}))
    assert [row["question"] for row in rows][:2] == ["'=1+1", "'@x"]


def test_plain_messages_are_written_as_other_programs_want_them(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        version = freeze_version(store, _dataset(store, "messages", [(_store_rows(tmp_path / "a.parquet", [PLAIN[0], RICH[14]]), False)]))
        out = _exported(store, version, "jsonl", tmp_path / "run", shape="messages")
        lines = [json.loads(line) for line in (out / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
        assert lines[0] == {
            "messages": [{"role": "user", "content": "Where is my parcel?"}, {"role": "assistant", "content": "delivery"}],
            "tools": [],
        }
        assert lines[1]["tools"] == [_TOOL]
        assert lines[1]["parallel_tool_calls"] is False
        assert "tools" not in lines[1]["messages"][0]


def test_an_alpaca_row_keeps_its_own_instruction_and_input(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        source = {"instruction": "Translate", "input": "cat", "output": "gatto"}
        path = _store_rows(
            tmp_path / "a.parquet", [[_user("Translate\n\ncat"), _says("gatto")], [_user("Translate\n\ndog"), _says("edited")]], [source, source]
        )
        version = freeze_version(store, _dataset(store, "alpaca", [(path, False)]))
        rows = json.loads((_exported(store, version, "alpaca", tmp_path / "run", shape="alpaca") / "rows.json").read_text(encoding="utf-8"))
        assert rows[0] == {**source, "system": "", "history": []}
        assert rows[1]["instruction"] == "Translate\n\ndog"


def test_the_card_says_what_is_in_the_file(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        version = freeze_version(store, _dataset(store, "text_label", [(_store_rows(tmp_path / "a.parquet", PLAIN), False)]))
        card = (_exported(store, version, "csv", tmp_path / "run", shape="text_label") / "README.md").read_text(encoding="utf-8")
        assert version.content_hash in card
        assert "| `rows.csv` | 11 |" in card
        assert "1 rows have no answer yet." in card
        assert "| delivery | 1 |" in card
        assert "licence" in card.lower()


def test_a_rejected_row_is_not_exported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        dataset = _dataset(store, "question_answer", [(_store_rows(tmp_path / "a.parquet", PLAIN), False)])
        change = store.read(None, "SELECT change FROM dataset WHERE id = ?", [dataset])[0][0]
        store.write(lambda connection: connection.execute("INSERT INTO mark VALUES (?, 2, [], 'rejected', 'local', ?, NULL)", [dataset, change]))
        version = freeze_version(store, dataset)
        write_version(store, version.id, tmp_path / "out.parquet")
        assert parquet.read_table(tmp_path / "out.parquet")["position"].to_pylist() == [n for n in range(1, 12) if n != 2]


@pytest.mark.parametrize("kind", ALL)
def test_real_tool_calls_come_back_whole(tmp_path: Path, kind: str) -> None:
    with open_store(tmp_path) as store:
        imported(real_file("glaive_toolcall_en_demo.json"), tmp_path / "in")
        dataset = _dataset(store, "sharegpt", [(tmp_path / "in" / "rows.parquet", False)])
        version = freeze_version(store, dataset)
        out = _exported(store, version, kind, tmp_path / "run", shape="sharegpt")
        assert freeze_version(store, _back(store, out, tmp_path / "back")).content_hash == version.content_hash


def test_an_unknown_format_lists_the_known_ones() -> None:
    assert tuple(sorted(formats())) == ALL
    with pytest.raises(UnknownDataFormat, match="alpaca"):
        data_format("xls")
