"""What a model sees of a conversation and which of its tokens are learned, with templates like those of real models."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from core.data.template import Encoded, TemplateMismatch, encode, encode_prompt, rendered

_TURN = "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
CHATML = "{% for m in messages %}" + _TURN + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
MARKED = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}<|im_start|>assistant\n"
    "{% generation %}{{ m['content'] }}<|im_end|>{% endgeneration %}{{ '\\n' }}"
    "{% else %}" + _TURN + "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKED_WITHOUT_END = MARKED.replace("<|im_end|>{% endgeneration %}", "{% endgeneration %}<|im_end|>")
# As Qwen3: an answer's (empty) thinking is shown only while the answer is the last turn.
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PLAIN = "{% for m in messages %}### {{ m['role'] }}:\n{{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}### assistant:\n{% endif %}"
REWRITING = "{{ messages | length }}{% for m in messages %}" + _TURN + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
REFUSING = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHATML

CHAT = [
    {"role": "user", "content": "Where is my card?"},
    {"role": "assistant", "content": "It is on its way."},
    {"role": "user", "content": "Since when, è vero?"},
    {"role": "assistant", "content": "Since Monday — 3 days 🙂."},
]


@cache
def _trained() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator([turn["content"] + " user assistant system" for turn in CHAT], trainer)
    return tokenizer


def _tokenizer(template: str | None, eos: str = "<|im_end|>") -> PreTrainedTokenizerFast:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=_trained(), eos_token=eos, pad_token="<|endoftext|>")
    tokenizer.chat_template = template
    return tokenizer


def _learned_text(tokenizer: PreTrainedTokenizerFast, encoded: Encoded) -> list[str]:
    """The stretches that are learned."""
    runs: list[list[int]] = [[]]
    for token, own in zip(encoded.input_ids, encoded.learned, strict=True):
        if own:
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    return [tokenizer.decode(run) for run in runs if run]


@pytest.mark.parametrize("template", [CHATML, MARKED, MARKED_WITHOUT_END])
def test_every_answer_is_learned_with_its_end_mark_and_nothing_else(template: str) -> None:
    tokenizer = _tokenizer(template)
    encoded = encode(tokenizer, CHAT, 512)
    assert _learned_text(tokenizer, encoded) == [f"{CHAT[1]['content']}<|im_end|>", f"{CHAT[3]['content']}<|im_end|>"]
    assert encoded.input_ids == tokenizer.apply_chat_template(CHAT, tokenize=True, return_dict=True)["input_ids"]
    assert not encoded.cut


def test_marks_and_fallback_agree_with_each_other_and_with_transformers() -> None:
    marked, plain = _tokenizer(MARKED), _tokenizer(CHATML)
    reference = marked.apply_chat_template(CHAT, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
    ours = encode(marked, CHAT, 512)
    assert ours == encode(plain, CHAT, 512)
    assert ours.input_ids == reference["input_ids"]
    assert ours.learned == [bool(own) for own in reference["assistant_masks"]]


@pytest.mark.parametrize("template", [CHATML, MARKED])
def test_what_is_certain_of_an_answer_is_not_learned_and_its_end_mark_is(template: str) -> None:
    tokenizer, chat = _tokenizer(template), [{"role": "user", "content": "when?"}, {"role": "assistant", "content": "date: 6 May; time: none"}]
    spared = encode(tokenizer, chat, 512, certain=lambda answer: [(0, len("date: ")), (answer.index(";"), answer.index("none"))])
    whole = encode(tokenizer, chat, 512)
    assert spared.input_ids == whole.input_ids
    learned = "".join(_learned_text(tokenizer, spared))
    assert learned.endswith("none<|im_end|>")
    assert "date" not in learned
    assert "time" not in learned
    assert "6 May" in learned


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="<|>"), min_size=1).filter(str.strip), min_size=2, max_size=6
    )
)
def test_whatever_is_said_the_learned_text_is_what_the_assistant_said(texts: list[str]) -> None:
    chat = [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(texts)]
    answers = [f"{turn['content']}<|im_end|>" for turn in chat if turn["role"] == "assistant"]
    for template in (CHATML, MARKED):
        tokenizer = _tokenizer(template)
        assert _learned_text(tokenizer, encode(tokenizer, chat, 4096)) == answers


def test_what_a_prompt_ends_with_is_what_stands_before_the_learned_answer() -> None:
    for template in (CHATML, MARKED, THINKING, PLAIN):
        tokenizer = _tokenizer(template)
        whole, prompt = encode(tokenizer, CHAT[:2], 512), encode_prompt(tokenizer, CHAT[:1], 512)
        assert whole.input_ids[: whole.learned.index(True)] == prompt.input_ids
        assert not any(prompt.learned)


def test_a_template_that_shows_thinking_only_last_is_understood() -> None:
    tokenizer = _tokenizer(THINKING)
    learned = _learned_text(tokenizer, encode(tokenizer, CHAT, 512))
    assert learned == [f"{CHAT[1]['content']}<|im_end|>", f"<think>\n\n</think>\n\n{CHAT[3]['content']}<|im_end|>"]


def test_a_template_without_an_end_mark_gets_the_models_own() -> None:
    tokenizer = _tokenizer(PLAIN, eos="<|endoftext|>")
    encoded = encode(tokenizer, CHAT[:2], 512)
    assert encoded.input_ids[-1] == tokenizer.eos_token_id
    assert encoded.learned[-1]


def test_a_template_that_rewrites_or_refuses_is_told() -> None:
    with pytest.raises(TemplateMismatch, match="rewrites"):
        encode(_tokenizer(REWRITING), CHAT, 512)
    with pytest.raises(TemplateMismatch, match="System role not supported"):
        encode(_tokenizer(REFUSING), [{"role": "system", "content": "x"}, *CHAT], 512)
    with pytest.raises(TemplateMismatch, match="is missing"):
        encode(_tokenizer(None), CHAT, 512)


def test_a_long_question_is_cut_and_its_answer_stays_whole() -> None:
    tokenizer = _tokenizer(MARKED)
    chat = [{"role": "user", "content": "word " * 900}, {"role": "assistant", "content": "the label"}]
    encoded = encode(tokenizer, chat, 100)
    assert encoded.cut
    assert len(encoded.input_ids) == 100
    assert _learned_text(tokenizer, encoded) == ["the label<|im_end|>"]
    text = tokenizer.decode(encoded.input_ids)
    assert text.startswith("<|im_start|>user\nword ")
    assert "<|im_end|>\n<|im_start|>assistant\nthe label" in text
    prompt = encode_prompt(tokenizer, chat[:1], 100 - sum(encoded.learned) - 1)  # the newline behind the answer is no prompt's
    assert prompt.cut
    assert prompt.input_ids == encoded.input_ids[: encoded.learned.index(True)]


def test_an_answer_too_long_by_itself_loses_its_end() -> None:
    tokenizer = _tokenizer(CHATML)
    encoded = encode(tokenizer, [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "word " * 900}], 64)
    assert encoded.cut
    assert len(encoded.input_ids) == 64
    assert encoded.learned[-1]


def test_what_is_shown_is_all_that_the_model_sees() -> None:
    tokenizer = _tokenizer(MARKED)
    pieces = rendered(tokenizer, CHAT)
    assert "".join(piece.text for piece in pieces) == tokenizer.apply_chat_template(CHAT, tokenize=False)
    assert [piece.text for piece in pieces if piece.learned] == [f"{CHAT[1]['content']}<|im_end|>", f"{CHAT[3]['content']}<|im_end|>"]


def test_looking_at_the_module_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = {"torch", "transformers", "pyarrow", "pandas"}
    code = f"import core.data.template, core.data.preview, core.data.kind, core.data.job, sys; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
