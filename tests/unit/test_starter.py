"""The starter: what ships keeps its promises, and the script makes a working model without a corpus."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.starter import notes
from core.models.starter.exercises import MAKERS, choose_label, exercises, scenes, unseen_scenes
from core.models.starter.fillers import fill
from core.models.starter.tiny import make_tiny
from core.models.starter.tokenizer import SPECIAL

WEIGHTS = Path(__file__).parents[2] / "core/models/starter/weights"
LIMIT_BYTES = 15_000_000


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("starter") / "tiny")


@pytest.fixture(scope="module", params=["shipped", "tiny"])
def folder(request):
    return WEIGHTS if request.param == "shipped" else request.getfixturevalue("tiny")


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(WEIGHTS)


@lru_cache
def bare_tokenizer():
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))


def loaded(folder):
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, trust_remote_code=False, dtype=torch.float32).eval()


def test_the_model_loads_from_safetensors_alone_and_is_finite(folder):
    import torch

    model = loaded(folder)
    assert model.config.model_type == "llama"
    assert model.config.max_position_embeddings >= 1024
    assert all(torch.isfinite(weight).all() for weight in model.parameters())
    assert not list(folder.glob("*.bin"))


def test_the_shipped_weights_fit_the_repository():
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= LIMIT_BYTES


def test_the_shipped_weights_are_kept_in_16_bit():
    from safetensors import safe_open

    with safe_open(WEIGHTS / "model.safetensors", "pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} <= {"F16", "BF16"}  # noqa: SIM118, a safetensors file is no dictionary


def test_the_template_marks_the_answer_and_its_end_as_learned(folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "my card is gone"},
        {"role": "assistant", "content": "report a lost card"},
        {"role": "user", "content": "thanks"},
        {"role": "assistant", "content": "bye"},
    ]
    encoded = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
    ids, marks = encoded["input_ids"], encoded["assistant_masks"]
    learned = tokenizer.decode([i for i, mark in zip(ids, marks, strict=True) if mark])
    assert learned == "report a lost card<|end|>bye<|end|>"


def test_the_generation_prompt_is_what_stands_before_an_answer(tokenizer):
    question = [{"role": "user", "content": "hello"}]
    whole = tokenizer.apply_chat_template([*question, {"role": "assistant", "content": "hi"}], tokenize=False)
    prompt = tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
    assert whole == "<|user|>hello<|end|><|assistant|>hi<|end|>"
    assert whole == prompt + "hi<|end|>"


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_from_the_tokenizer(text):
    tokenizer = bare_tokenizer()
    if not any(mark in text for mark in SPECIAL):
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


@given(st.integers(min_value=0, max_value=10**9))
@settings(deadline=None)
def test_each_digit_is_a_token_of_its_own(number):
    tokens = bare_tokenizer().encode(f"it costs {number} euros").tokens
    assert all(len(token) == 1 for token in tokens if any(letter.isdigit() for letter in token))


def test_the_network_in_training_and_transformers_compute_the_same(tiny):
    import torch

    from core.models.starter.folder import read_network
    from core.models.starter.shelf import packed

    network, model = read_network(tiny), loaded(tiny)
    rows = [torch.randint(7, 900, (length,)) for length in (5, 17, 40)]
    batch = packed([[row.numpy().astype("uint16") for row in rows]], 64)
    assert batch.mask is not None
    with torch.no_grad():
        ours = network(batch.ids, batch.mask.float()) @ network.head.T
        theirs = torch.cat([model(row[None]).logits[0] for row in rows])
    assert torch.allclose(ours[0, : len(theirs)], theirs, atol=1e-4)


def test_a_training_goes_on_where_it_was_interrupted(tmp_path):
    import torch

    from core.models.starter.network import Size
    from core.models.starter.pretrain import Plan, Pretraining
    from core.models.starter.shelf import Shelf
    from core.models.starter.tokenizer import learn_tokenizer

    documents = list(exercises(300))
    tokenizer = learn_tokenizer((turn for document in documents for _, turn in document.turns), 600)
    shelf, size = Shelf.encode(documents, tokenizer), Size(tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=64, num_hidden_layers=1)
    plan = Plan(budget_s=float("inf"), batch_tokens=1024, max_steps=3)
    Pretraining(size, shelf, tmp_path, plan).run()
    before = Pretraining(size, shelf, tmp_path, plan)
    assert before.progress.step == 3
    after = Pretraining(size, shelf, tmp_path, Plan(budget_s=float("inf"), batch_tokens=1024, max_steps=5))
    weights = [weight.clone() for weight in after.master.parameters()]
    assert all(torch.equal(one, other) for one, other in zip(weights, before.master.parameters(), strict=True))
    after.run()
    assert after.progress.step == 5
    assert after.progress.tokens > before.progress.tokens


def test_the_same_seed_makes_the_same_exercises():
    assert list(exercises(200, seed=7)) == list(exercises(200, seed=7))
    assert list(exercises(200, seed=7)) != list(exercises(200, seed=8))


@given(st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_a_listed_label_is_the_answer(seed):
    *asked, (role, answer) = choose_label(random.Random(seed))
    assert role == "assistant"
    assert answer in "\n".join(content for _, content in asked)


@given(st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_a_copied_field_stands_in_its_text(seed):
    *asked, (_, answer) = notes.copy_field(random.Random(seed))
    assert answer in asked[-1][1]


@given(st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_a_json_answer_is_json_whose_values_stand_in_the_text(seed):
    *asked, (_, answer) = notes.fields_as_json(random.Random(seed))
    assert all(value in asked[-1][1] for value in json.loads(answer).values())


def test_every_template_can_be_filled():
    rng = random.Random(0)
    for known in (scenes(), unseen_scenes()):
        for says in known.values():
            for template in (template for templates in says.values() for template in templates):
                assert not set("{}[]|") & set(fill(template, rng))
    assert set(scenes()).isdisjoint(unseen_scenes())
    assert all(maker(rng)[-1][0] == "assistant" for maker, _ in MAKERS.values())


def test_the_shipped_model_writes_json_and_picks_listed_labels_above_its_measured_floor():
    from core.models.starter.evaluate import written

    rng = random.Random(20)
    asked = [notes.fields_as_json(rng) for _ in range(24)] + [choose_label(rng) for _ in range(24)]
    answers = written(WEIGHTS, [turns[:-1] for turns in asked])
    right = [answer == turns[-1][1] for answer, turns in zip(answers, asked, strict=True)]
    # Measured on 100 of each: 0.61 right word for word as JSON, 0.82 right labels. The floors leave room for chance in 24.
    assert sum(_is_json(answer) for answer in answers[:24]) >= 20
    assert sum(right[:24]) >= 8
    assert sum(right[24:]) >= 14


def _is_json(text):
    try:
        return isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        return False
