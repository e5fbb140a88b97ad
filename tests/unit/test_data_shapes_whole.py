"""Nothing of a source row is lost: what a shape does not use stays in the original, what was said stays in the messages."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from core.data.mapping import Mapping
from core.data.shapes.base import Unusable, shape
from tests.unit.data_files import imported, real_file

_SHAREGPT = {"human": "user", "gpt": "assistant", "function_call": "assistant", "observation": "tool"}


def _messages(shape_name: str, values: dict[str, Any], **columns: str) -> list[dict[str, Any]]:
    return shape(shape_name).messages(values, Mapping(shape=shape_name, columns=columns))


def _source(name: str) -> list[dict[str, Any]]:
    path = real_file(name)
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    if text.lstrip().startswith("["):
        rows: list[dict[str, Any]] = json.loads(text)
        return rows
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "name", ["glaive_toolcall_en_demo.json", "alpaca_en_demo.json", "dialogsum-dev.jsonl", "restaurant8k-test.jsonl", "medquad.jsonl.gz"]
)
def test_the_original_row_is_kept_with_every_field(name: str, tmp_path: Path) -> None:
    source = _source(name)
    summary, rows = imported(real_file(name), tmp_path / "run")
    assert len(rows) == summary.rows == len(source)
    assert [json.loads(str(row["original"])) for row in rows] == source
    assert [row["row"] for row in rows] == list(range(1, len(source) + 1))


def test_every_call_observation_and_tool_of_a_sharegpt_row_is_in_its_messages(tmp_path: Path) -> None:
    source = _source("glaive_toolcall_en_demo.json")
    _, rows = imported(real_file("glaive_toolcall_en_demo.json"), tmp_path / "run")
    with_tools = calls = 0
    for given, row in zip(source, rows, strict=True):
        first, *rest = turns = json.loads(str(row["messages"]))
        assert first.get("tools", []) == json.loads(given["tools"] or "[]")
        assert not [turn for turn in rest if "tools" in turn]
        assert [(turn["role"], turn["content"]) for turn in turns] == [(_SHAREGPT[turn["from"]], turn["value"]) for turn in given["conversations"]]
        assert [turn.get("kind") == "function_call" for turn in turns] == [turn["from"] == "function_call" for turn in given["conversations"]]
        with_tools += "tools" in first
        calls += sum("kind" in turn for turn in turns)
    assert with_tools == 191
    assert calls > 100


def test_every_word_of_an_alpaca_row_is_in_its_messages(tmp_path: Path) -> None:
    _, rows = imported(real_file("alpaca_en_demo.json"), tmp_path / "run")
    for given, row in zip(_source("alpaca_en_demo.json"), rows, strict=True):
        assert row["question"] == (f"{given['instruction']}\n\n{given['input']}" if given["input"] else given["instruction"])
        assert row["answer"] == given["output"]


def test_what_was_said_before_an_alpaca_instruction_comes_before_it() -> None:
    row = {"instruction": "And?", "input": "", "output": "No.", "system": "Be brief.", "history": [["Hi", "Hello"], ["Rain?", "Yes."]]}
    turns = _messages("alpaca", row, instruction="instruction", input="input", output="output", system="system", history="history")
    assert [turn["content"] for turn in turns] == ["Be brief.", "Hi", "Hello", "Rain?", "Yes.", "And?", "No."]
    as_text = {**row, "history": json.dumps(row["history"])}
    assert _messages("alpaca", as_text, instruction="instruction", output="output", system="system", history="history") == turns
    with pytest.raises(Unusable, match="pairs"):
        _messages("alpaca", {**row, "history": "Hi"}, instruction="instruction", output="output", history="history")


def test_tools_and_their_calls_in_openais_older_words_say_the_same_as_in_its_newer() -> None:
    called = {"name": "rate", "arguments": "{}"}
    older = {"messages": [{"role": "user", "content": "rate?"}, {"role": "assistant", "content": None, "function_call": called},
                          {"role": "function", "name": "rate", "content": "1.1"}, {"role": "assistant", "content": "1.1"}],
             "functions": [{"name": "rate"}]}  # fmt: skip
    turns = _messages("messages", older, messages="messages", tools="functions")
    assert turns[0]["tools"] == [{"type": "function", "function": {"name": "rate"}}]
    assert turns[1]["tool_calls"] == [{"type": "function", "function": called}]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "assistant"]


def test_weights_parallel_calls_and_names_stay_with_their_messages() -> None:
    row = {"messages": [{"role": "user", "content": "a", "name": "ann"}, {"role": "assistant", "content": "b", "weight": 0},
                        {"role": "user", "content": "c"}, {"role": "assistant", "content": "d", "weight": 1}],
           "tools": [{"type": "function", "function": {"name": "f"}}], "parallel_tool_calls": False}  # fmt: skip
    turns = _messages("messages", row, messages="messages", tools="tools")
    assert [turn.get("weight") for turn in turns] == [None, 0, None, 1]
    assert turns[0]["name"] == "ann"
    assert turns[0]["parallel_tool_calls"] is False


def test_an_answer_that_only_calls_a_tool_is_an_answer(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": f"rate {n}?"},
                          {"role": "assistant", "content": None, "tool_calls": [{"id": f"c{n}", "function": {"name": "rate"}}]}]} for n in range(5)]  # fmt: skip
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    _, found = imported(path, tmp_path / "run")
    assert found[0]["answer"] == '[{"function":{"name":"rate"},"id":"c0"}]'


def test_of_two_answers_the_better_is_learned_and_the_worse_kept() -> None:
    row: dict[str, Any] = {"input": {"messages": [{"role": "user", "content": "hi"}], "tools": [{"type": "function", "function": {"name": "f"}}], "parallel_tool_calls": True},
           "preferred_output": [{"role": "assistant", "content": "hello"}], "non_preferred_output": [{"role": "assistant", "content": "what?"}]}  # fmt: skip
    turns = _messages("preference", row, input="input", preferred="preferred_output")
    assert [turn["content"] for turn in turns] == ["hi", "hello"]
    assert turns[0]["tools"] == row["input"]["tools"]


def test_a_prompt_and_its_completion_may_be_lists_of_messages(tmp_path: Path) -> None:
    rows = [{"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": f"q{n}"}],
             "completion": [{"role": "assistant", "content": f"a{n}"}]} for n in range(5)]  # fmt: skip
    path = tmp_path / "trl.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    _, found = imported(path, tmp_path / "run")
    assert [turn["content"] for turn in json.loads(str(found[1]["messages"]))] == ["s", "q1", "a1"]
    assert _messages("prompt_completion", {"prompt": "2+2 ->", "completion": " 4\n"}, prompt="prompt", completion="completion")[1]["content"] == "4"


def test_an_instruction_makes_a_row_alpaca_even_where_all_outputs_are_json(tmp_path: Path) -> None:
    rows = [{"instruction": "Pull out the time.", "input": f"at {n}", "output": json.dumps({"time": str(n)})} for n in range(8)]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    _, found = imported(path, tmp_path / "run")
    assert found[1]["question"] == "Pull out the time.\n\nat 1"
