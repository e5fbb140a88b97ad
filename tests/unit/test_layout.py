"""How examples are laid out for a model: what training learns from and what is asked later agree to the token."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from core.data.layout import Layout, TemplateFault, UnknownPlaceholder, accept_system, bits_of, folds_system, wear, with_columns
from core.data.template import encode, rendered
from core.inference.rendering import answer_ids, end_ids, prompt_ids, prompt_text
from core.models.installed import starter
from core.models.load import load_tokenizer
from core.tasks.base import Turn, task
from core.training.recipe import Recipe
from tests.unit.test_data_template import _trained

TEXT = "Question: {question}\nAnswer: {answer}"
# As in Llama 3's template: a beginning mark, headers, contents trimmed, no marks of what is learned.
LLAMA = (
    "{{- bos_token }}{%- for m in messages %}{{- '<|im_start|>' + m['role'] + '\n\n' + m['content'] | trim + '<|im_end|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n\n' }}{%- endif %}"
)
# As in Qwen 3's: a system turn of its own place, a namespace, a look back over the messages.
QWEN = (
    "{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}{%- endif %}"
    "{%- set ns = namespace(last=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set ns.first = loop.last %}{%- endfor %}"
    "{%- for message in messages %}{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}{%- elif message.role == 'assistant' %}"
    "{{- '<|im_start|>assistant\n' + message.content + '<|im_end|>\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
# As in Gemma's: no system turn.
GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEMPLATES = {"llama": LLAMA, "qwen": QWEN, "gemma": GEMMA}
LAYOUTS = {
    "chat": Layout(),
    "system": Layout(system_prompt='Be brief; say "{% generation %}" never. È così 🙂'),
    "text": Layout(text_template=TEXT),
    "text and system": Layout(system_prompt="Sort the message.", text_template="Message:\n{question}\n\nCategory:{answer}\n###\n"),
    "columns": Layout(text_template="{product} of {a b}: {question} {{sic}} -> {answer}"),
}
DIALOGUE = [
    Turn(role="user", content="Where is my card?"),
    Turn(role="assistant", content="On its way."),
    Turn(role="user", content="Since when?"),
    Turn(role="assistant", content="Since Monday 🙂."),
]
_SAID = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="<|>"), min_size=1).map(str.strip).filter(bool)


@cache
def _tokenizer(name: str) -> Any:
    if name == "starter":
        return load_tokenizer(starter())
    made = PreTrainedTokenizerFast(
        tokenizer_object=_trained(), eos_token="<|im_end|>", pad_token="<|endoftext|>", bos_token="<|endoftext|>" if name == "llama" else None
    )
    made.chat_template = TEMPLATES[name]
    accept_system(made)
    return made


@cache
def _wearing(name: str, layout: str) -> Any:
    import copy

    tokenizer = copy.deepcopy(_tokenizer(name))
    wear(tokenizer, LAYOUTS[layout])
    return tokenizer


def _plain(turns: list[Turn]) -> list[dict[str, Any]]:
    return [turn.model_dump() for turn in turns]


def _agree(tokenizer: Any, turns: list[Turn]) -> None:
    """The tokens before the last answer in training are those of the prompt; the answer itself is learned with an end mark."""
    encoded = encode(tokenizer, _plain(turns), 1 << 20, Layout(learned_turns="last"))
    first = encoded.learned.index(True)
    assert encoded.input_ids[:first] == prompt_ids(tokenizer, turns[:-1])
    learned = [token for token, own in zip(encoded.input_ids, encoded.learned, strict=True) if own]
    assert learned[-1] in end_ids(tokenizer, None)
    said = tokenizer.decode(learned, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert said.strip() == turns[-1].content.strip()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["starter", *TEMPLATES])
def test_what_is_asked_later_is_what_stood_before_the_answer_in_training(name: str, layout: str) -> None:
    turns = with_columns(DIALOGUE, '{"product": "card", "a b": 3}', LAYOUTS[layout])
    tokenizer = _wearing(name, layout)
    for until in (2, 4):
        _agree(tokenizer, turns[:until])
    for system in ("Own words.",):
        _agree(tokenizer, [Turn(role="system", content=system), *turns])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["starter", *TEMPLATES])
def test_a_category_is_written_with_the_tokens_it_was_learned_with(name: str, layout: str) -> None:
    tokenizer = _wearing(name, layout)
    turns = [Turn(role="user", content="?"), Turn(role="assistant", content="card arrival")]
    encoded = encode(tokenizer, _plain(turns), 1 << 20)
    learned = tuple(token for token, own in zip(encoded.input_ids, encoded.learned, strict=True) if own)
    assert answer_ids(tokenizer, ["card arrival"], end_ids(tokenizer, None)) == [learned]


@settings(max_examples=40, deadline=None)
@given(st.lists(_SAID, min_size=2, max_size=4), st.sampled_from(sorted(LAYOUTS)), st.sampled_from(["starter", "gemma"]))
def test_training_and_use_agree_whatever_is_said(said: list[str], layout: str, name: str) -> None:
    turns = [Turn(role="assistant" if at % 2 else "user", content=text) for at, text in enumerate(said[: len(said) // 2 * 2])]
    _agree(_wearing(name, layout), turns)


def test_a_text_template_writes_a_dialogue_by_its_places() -> None:
    text = prompt_text(_wearing("qwen", "text"), DIALOGUE[:3])
    assert text == "Question: Where is my card?\nAnswer: On its way.<|im_end|>\n\nQuestion: Since when?\nAnswer: "
    assert prompt_text(_wearing("llama", "text"), DIALOGUE[:1]) == "<|endoftext|>Question: Where is my card?\nAnswer: "
    both = prompt_text(_wearing("qwen", "text and system"), DIALOGUE[:3])
    assert both == "Sort the message.\n\nMessage:\nWhere is my card?\n\nCategory:On its way.<|im_end|>\n###\nMessage:\nSince when?\n\nCategory:"


def test_columns_of_the_row_are_written_and_are_empty_where_nobody_gave_them() -> None:
    layout, tokenizer = LAYOUTS["columns"], _wearing("starter", "columns")
    given_ = with_columns(DIALOGUE[:1], json.dumps({"product": "{{card}}", "a b": None, "other": 1}), layout)
    assert prompt_text(tokenizer, given_) == "{{card}} of : Where is my card? {sic} -> "
    assert prompt_text(tokenizer, DIALOGUE[:1]) == " of : Where is my card? {sic} -> "


def test_a_system_text_stands_before_every_question_and_gives_way_to_a_rows_own() -> None:
    tokenizer, said = _wearing("qwen", "system"), LAYOUTS["system"].system_prompt
    assert prompt_text(tokenizer, DIALOGUE[:1]).startswith(f"<|im_start|>system\n{said}<|im_end|>\n<|im_start|>user")
    own = prompt_text(tokenizer, [Turn(role="system", content="Mine."), *DIALOGUE[:1]])
    assert said not in own
    assert "Mine." in own


def test_where_a_template_refuses_a_system_turn_it_is_folded_into_the_first_question() -> None:
    tokenizer, said = _wearing("gemma", "system"), LAYOUTS["system"].system_prompt
    assert folds_system(tokenizer)
    assert not folds_system(_wearing("qwen", "system"))
    assert prompt_text(tokenizer, DIALOGUE[:1]) == f"<|im_start|>user\n{said}\n\nWhere is my card?<|im_end|>\n<|im_start|>assistant\n"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1).filter(str.strip))
def test_no_text_of_a_person_is_taken_for_a_template(text: str) -> None:
    import copy

    tokenizer = copy.deepcopy(_tokenizer("qwen"))
    wear(tokenizer, Layout(system_prompt=text, text_template=text.replace("{", "{{").replace("}", "}}") + "{question}={answer}"))
    assert prompt_text(tokenizer, DIALOGUE[:1]) == f"{text.strip()}\n\n{text}Where is my card?="


def test_which_turns_are_learned_is_a_choice() -> None:
    weighted = [turn.model_copy(update={"weight": 0}) if at == 3 else turn for at, turn in enumerate(DIALOGUE)]
    for name in ("starter", "qwen", "gemma"):
        tokenizer = _tokenizer(name)
        learned = {
            kind: [piece.text for piece in rendered(tokenizer, _plain(weighted), None, Layout(learned_turns=kind)) if piece.learned]
            for kind in ("all", "last", "weighted")
        }
        assert [len(texts) for texts in learned.values()] == [2, 1, 1]
        assert learned["last"][0].startswith("Since Monday")
        assert learned["weighted"][0].startswith("On its way.")


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{question}", "nowhere"), ("{answer}", "nowhere"), ("{answer} {question}", "behind the answer"), ("{question} {answer} {answer}", "more than once"),
        ("{question} { {answer}", "single"),
    ],
)  # fmt: skip
def test_a_text_template_without_question_and_answer_is_refused(template: str, fault: str) -> None:
    with pytest.raises(TemplateFault, match=fault):
        Layout(text_template=template).check(())


@pytest.mark.parametrize("name", ["topic", "question.__class__", "question!r", "question:>10", "0", "", "question[0]"])
def test_an_unknown_place_lists_those_that_there_are_and_nothing_is_looked_up(name: str) -> None:
    with pytest.raises(UnknownPlaceholder, match=r"\{question\}, \{answer\}, \{product\}"):
        Layout(text_template=f"{{{name}}} {{question}} {{answer}}").check(("product",))


@given(st.text())
def test_braces_written_twice_are_braces(text: str) -> None:
    bits = bits_of(text.replace("{", "{{").replace("}", "}}"))
    assert "".join(bit.text for bit in bits) == text
    assert not any(bit.is_place for bit in bits)


def test_a_recipe_keeps_its_layout_and_recipes_of_before_load() -> None:
    layout = Layout(system_prompt="Be brief.", text_template=TEXT, learned_turns="last")
    kept = Recipe.from_toml(Recipe(task="generation", layout=layout).to_toml())
    assert kept.layout == layout
    assert Recipe.from_toml('task = "generation"').layout is None
    assert Recipe.from_toml(Recipe(task="generation", layout=Layout()).to_toml()).layout == Layout()


def test_a_saved_tokenizer_wears_its_layout(tmp_path: Path) -> None:
    _wearing("starter", "text and system").save_pretrained(tmp_path)
    assert prompt_text(load_tokenizer(tmp_path), DIALOGUE[:1]) == "Sort the message.\n\nMessage:\nWhere is my card?\n\nCategory:"


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_trained_model_is_asked_as_it_learned(tmp_path: Path, method: str) -> None:
    from core.inference.transformers_backend import TransformersBackend
    from core.training.encoding import encode_rows, read_rows
    from core.training.job import main
    from core.training.keeping import kept_model
    from tests.unit.training_bench import job_in, recipe, rows, run_folder, tiny_model

    layout = Layout(system_prompt="Sort.", text_template="{product}: {question}\nFruit: {answer}")
    data = [{**row, "original": json.dumps({"product": f"p{number}"})} for number, row in enumerate(rows(20))]
    chosen = recipe(layout=layout, num_train_epochs=1, evaluations=1, method=method)
    folder = run_folder(tmp_path / "run", tiny_model(tmp_path / "base"), chosen, data)
    main(job_in(folder))
    kept = kept_model(folder)
    assert kept is not None
    backend = TransformersBackend.load(kept, 1)
    read = read_rows(folder / "rows.parquet")[:1]
    learned = encode_rows(read, task("classification"), backend.tokenizer, 512, layout=layout).train[0]
    asked = with_columns(task("classification").prompt_turns(read[0].turns), read[0].original, layout)
    assert list(learned.ids[: learned.learned.argmax()]) == backend.prompt_ids(asked)
    assert backend.tokenizer.decode(learned.ids).startswith("Sort.\n\np0: ")
