"""Rows of every shape become canonical messages, and their shape is guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.data.mapping import Mapping
from core.data.preview import preview
from core.data.shapes.base import UnknownShape, shape, shapes
from tests.unit.data_files import imported, written


def _messages(shape_name: str, values: dict[str, Any], **columns: str) -> list[dict[str, Any]]:
    return shape(shape_name).messages(values, Mapping(shape=shape_name, columns=columns))


def _jsonl(folder: Path, rows: list[dict[str, Any]]) -> Path:
    return written(folder, "\n".join(json.dumps(row) for row in rows), "rows.jsonl")


_ROWS: dict[str, list[dict[str, Any]]] = {
    "text_label": [{"text": f"text {n}", "label": f"k{n % 2}"} for n in range(20)],
    "question_answer": [{"question": f"what is {n}?", "answer": f"it is {n}"} for n in range(20)],
    "prompt_completion": [{"prompt": f"what is {n}?", "completion": f" it is {n}"} for n in range(20)],
    "preference": [
        {
            "input": {"messages": [{"role": "user", "content": f"hi {n}"}], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [{"role": "assistant", "content": "hello"}],
            "non_preferred_output": [{"role": "assistant", "content": "what?"}],
        }
        for n in range(20)
    ],
    "text_only": [{"text": f"a text of {n} words", "source": "a letter"} for n in range(20)],
    "alpaca": [{"instruction": f"Add {n}", "input": "1" if n % 2 else "", "output": f"{n + 1}"} for n in range(20)],
    "sharegpt": [{"conversations": [{"from": "human", "value": f"hi {n}"}, {"from": "gpt", "value": "hello"}], "n": n} for n in range(20)],
    "messages": [{"messages": [{"role": "user", "content": f"hi {n}"}, {"role": "assistant", "content": "hello"}]} for n in range(20)],
    "text_fields": [{"text": f"a table for {n}", "requested": ["people"], "slots": json.dumps({"people": str(n)})} for n in range(20)],
    "dialogue_summary": [{"dialogue": f"A: {n}? B: yes.", "summary": f"B says yes to {n}.", "topic": "t"} for n in range(20)],
}


def test_every_shape_declares_itself_and_an_unknown_one_lists_them() -> None:
    assert set(shapes()) == set(_ROWS)
    for name, kind in shapes().items():
        assert kind.name == name
        assert kind.label
        assert kind.explanation
        assert kind.roles
        assert kind.answer_role in {role.name for role in kind.roles}
        assert kind.task in ("classification", "generation", "extraction", "summarisation")
    with pytest.raises(UnknownShape, match="alpaca"):
        shape("nonsense")


@pytest.mark.parametrize("name", _ROWS)
def test_each_shape_is_guessed_and_keeps_the_original_row(name: str, tmp_path: Path) -> None:
    path = _jsonl(tmp_path, _ROWS[name])
    seen = preview(path, path.name)
    assert seen.mapping is not None
    assert seen.mapping.shape == name
    assert seen.guessed
    _, rows = imported(path, tmp_path / "run", new=False)
    assert [json.loads(str(row["original"])) for row in rows] == _ROWS[name]
    for row in rows:
        turns = json.loads(str(row["messages"]))
        assert turns[-1]["role"] == ("user" if name == "text_only" else "assistant")
        assert row["answer"] == (None if name == "text_only" else turns[-1]["content"])
        assert row["messages"] == json.dumps(turns, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_columns_are_guessed_from_their_content_where_names_say_nothing(tmp_path: Path) -> None:
    lines = ["id,spalte,gruppe", *(f"{n},Ein längerer Satz mit der Nummer {n},k{n % 3}" for n in range(30))]
    seen = preview(written(tmp_path, "\n".join(lines)), "rows.csv")
    assert seen.mapping == Mapping(shape="text_label", columns={"text": "spalte", "label": "gruppe"})


def test_a_table_that_fits_no_shape_says_so(tmp_path: Path) -> None:
    seen = preview(written(tmp_path, "a,b\n1,2\n3,4\n5,6\n7,8\n"), "rows.csv")
    assert seen.mapping is None
    assert "could not be guessed" in str(seen.problems[-1])


def test_an_alpaca_row_joins_instruction_and_input() -> None:
    row = {"instruction": "Translate", "input": "cat", "output": "gatto", "system": "You are brief."}
    turns = _messages("alpaca", row, instruction="instruction", input="input", output="output", system="system")
    assert [(turn["role"], turn["content"]) for turn in turns] == [("system", "You are brief."), ("user", "Translate\n\ncat"), ("assistant", "gatto")]


def test_fields_are_written_in_one_way() -> None:
    row = {"text": "t", "slots": json.dumps({"time ": " 8  pm", "date": "", "n": 3, "ok": True, "none": None, "Über": "ü", "list": ["a ", None]})}
    turns = _messages("text_fields", row, text="text", fields="slots")
    assert turns[-1]["content"] == '{"list":["a"],"n":3,"ok":true,"time":"8 pm","Über":"ü"}'


def test_what_was_asked_for_stands_before_the_text() -> None:
    for asked in (["time", "people"], '["time", "people"]', "time, people"):
        turns = _messages("text_fields", {"text": "13", "requested": asked, "slots": "{}"}, text="text", fields="slots", requested="requested")
        assert turns[0]["content"] == "Asked for: time, people\n\n13"
        assert turns[1]["content"] == "{}"


def test_fields_may_stand_in_columns_of_their_own() -> None:
    mapping = Mapping(shape="text_fields", columns={"text": "text"}, field_columns=("date", "amount"))
    turns = shape("text_fields").messages({"text": "12 euros today", "date": "today", "amount": "12 euros", "x": "no"}, mapping)
    assert turns[-1]["content"] == '{"amount":"12 euros","date":"today"}'


def test_calls_of_functions_and_what_they_return_keep_their_place() -> None:
    turns = _messages("sharegpt", {"conversations": [
        {"from": "human", "value": "rate?"}, {"from": "function_call", "value": '{"name":"rate"}'}, {"from": "observation", "value": "1.1"},
        {"from": "gpt", "value": "It is 1.1."}, {"from": "human", "value": "thanks"}]}, conversations="conversations")  # fmt: skip
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "assistant"]
    assert turns[1]["kind"] == "function_call"


def test_further_fields_of_openai_messages_are_kept() -> None:
    row = {"messages": [{"role": "developer", "content": "x"}, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]},
                        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]}  # fmt: skip
    turns = _messages("messages", row, messages="messages")
    assert [turn["content"] for turn in turns] == ["x", "a", ""]
    assert turns[0]["role"] == "system"
    assert turns[2]["tool_calls"] == [{"id": "1"}]


def test_a_conversation_may_be_json_in_a_cell(tmp_path: Path) -> None:
    cell = json.dumps([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]).replace('"', '""')
    seen = preview(written(tmp_path, f'messages,n\n"{cell}",1\n"{cell}",2\n'), "rows.csv")
    assert seen.mapping is not None
    assert seen.mapping.shape == "messages"
    assert seen.understood[0].answer == "hello"
