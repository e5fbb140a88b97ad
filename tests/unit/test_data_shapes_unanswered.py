"""Rows without an answer come in where a person says so, wait for one, and nobody learns from them before."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.data.bad_rows import BadRow
from core.data.job import OneAnswer
from core.data.mapping import Mapping
from core.data.preview import preview
from core.evaluation.rows import read_rows as rows_to_evaluate
from core.training.encoding import check_rows
from core.training.encoding import read_rows as rows_to_train
from storage import datasets, projects
from storage.bulk.importing import import_derived
from storage.bulk.splitting import freeze_split
from storage.bulk.versions import freeze_version
from storage.bulk.writing import write_rows
from storage.rows import LOCAL_OWNER, Part
from tests.unit.data_files import imported, written
from tests.unit.store_rows import open_store

_CASES: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, Any]]] = {
    "text_label": ({"text": "text", "label": "label"}, {"text": "a text", "label": "x"}, {"label": " "}),
    "question_answer": ({"question": "q", "answer": "a"}, {"q": "why?", "a": "so"}, {"a": None}),
    "prompt_completion": ({"prompt": "p", "completion": "c"}, {"p": "why?", "c": "so"}, {"c": ""}),
    "alpaca": ({"instruction": "i", "output": "o"}, {"i": "add", "o": "2"}, {"o": ""}),
    "text_fields": ({"text": "t", "fields": "f"}, {"t": "at 8", "f": {"time": "8"}}, {"f": ""}),
    "dialogue_summary": ({"text": "t", "summary": "s"}, {"t": "A: hi. B: ho.", "s": "they greet"}, {"s": ""}),
    "messages": ({"messages": "m"}, {"m": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]},
                 {"m": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": ""}]}),
    "sharegpt": ({"conversations": "c"}, {"c": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}]},
                 {"c": [{"from": "human", "value": "hi"}]}),
    "preference": ({"input": "i", "preferred": "p"}, {"i": {"messages": [{"role": "user", "content": "hi"}]}, "p": [{"role": "assistant", "content": "ho"}]},
                   {"p": []}),
}  # fmt: skip


@pytest.mark.parametrize("name", _CASES)
def test_an_empty_answer_is_a_fault_unless_unanswered_rows_are_wanted(name: str, tmp_path: Path) -> None:
    columns, row, empty = _CASES[name]
    path = written(tmp_path, "\n".join(json.dumps(each) for each in (row, {**row, **empty})), "rows.jsonl")
    mapping = Mapping(shape=name, columns=columns)
    with pytest.raises(BadRow):
        imported(path, tmp_path / "run", mapping, new=False)
    _, rows = imported(path, tmp_path / "run", mapping.model_copy(update={"unanswered": True}), new=False)
    assert [row["answer"] is None for row in rows] == [False, True]
    assert [turn["role"] for turn in json.loads(str(rows[1]["messages"]))][-1] == "user"


def test_the_answers_column_may_be_missing_where_none_is_wanted(tmp_path: Path) -> None:
    path = written(tmp_path, "id,text\n1,first\n2,second\n3,third\n")
    _, rows = imported(path, tmp_path / "run", Mapping(shape="text_label", columns={"text": "text"}, unanswered=True))
    assert [(row["question"], row["answer"]) for row in rows] == [("first", None), ("second", None), ("third", None)]


def test_texts_alone_are_seen_as_rows_that_wait(tmp_path: Path) -> None:
    seen = preview(written(tmp_path, "text\na first text\na second text\nanother\n"), "rows.csv")
    assert seen.mapping is not None
    assert seen.mapping.shape == "text_only"
    assert [example.answer for example in seen.understood] == [None, None, None]
    assert seen.labels == ()
    other = preview(written(tmp_path, "text,remark\na first text,x y z\na second text,z y x\nanother,y\n"), "rows.csv")
    assert other.mapping is None or other.mapping.shape != "text_only"


def test_a_conversation_that_goes_on_waits_whole(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, {"role": "user", "content": "and?"}]
    path = written(tmp_path, json.dumps({"messages": said}), "rows.jsonl")
    _, cut = imported(path, tmp_path / "run", Mapping(shape="messages", columns={"messages": "messages"}), new=False)
    assert json.loads(str(cut[0]["messages"])) == said[:2]
    _, whole = imported(path, tmp_path / "run", Mapping(shape="messages", columns={"messages": "messages"}, unanswered=True), new=False)
    assert json.loads(str(whole[0]["messages"])) == said
    assert (whole[0]["question"], whole[0]["answer"]) == ("and?", None)


def test_one_answer_so_far_is_enough_to_go_on_labelling(tmp_path: Path) -> None:
    mapping = Mapping(shape="text_label", columns={"text": "text", "label": "label"}, unanswered=True)
    _, rows = imported(written(tmp_path, "text,label\na,x\nb,x\nc,\n"), tmp_path / "run", mapping)
    assert len(rows) == 3
    with pytest.raises(OneAnswer):
        imported(written(tmp_path, "text,label\na,x\nb,x\nc,x\n"), tmp_path / "run", mapping)


def test_split_training_and_evaluation_leave_rows_without_an_answer_out(tmp_path: Path) -> None:
    lines = ["text,label", *(f"text {n},k{n % 2}" for n in range(40)), *(f"open {n}," for n in range(10))]
    mapping = Mapping(shape="text_label", columns={"text": "text", "label": "label"}, unanswered=True)
    summary, _ = imported(written(tmp_path, "\n".join(lines)), tmp_path / "run", mapping)
    assert summary.form is not None
    with open_store(tmp_path) as store:
        project = projects.create(store, LOCAL_OWNER, "Ours")
        dataset = datasets.create(store, LOCAL_OWNER, project.id, "Rows", "text_label", ["text", "label"]).id
        import_derived(store, dataset, tmp_path / "run" / "rows.parquet", source="rows.csv", form=summary.form, sealed=False)
        version = freeze_version(store, dataset)
        split = freeze_split(store, version.id, "{}", test_share=0.2, validation_share=0.2, seed=1)
        write_rows(store, split.id, tmp_path / "split.parquet", tuple(Part))
    assert version.rows == 50
    assert split.train + split.validation + split.test == 40
    assert len(check_rows(rows_to_train(tmp_path / "split.parquet"), "classification")) == 40
    found = rows_to_evaluate(tmp_path / "split.parquet")
    assert not [row for part in (found.train, found.validation, found.test) for row in part if row.question.startswith("open")]
