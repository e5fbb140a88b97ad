"""Batched greedy answers of the transformers backend, against transformers' own generate and against a slow loop without a cache."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from core.inference.base import Options, QuestionTooLong
from core.inference.rendering import answer_ids
from core.inference.transformers_backend import TransformersBackend
from core.tasks.base import Constraint, Turn
from tests.unit.training_bench import ARCHITECTURES, tiny_model

LABELS = ("card arrival", "card arrival late", "card lost", "à la carte", "top up", "top up failed")
QUESTIONS = [
    "Where is it?",
    "Where is my card?",
    "lost",
    "Perché non va?",
    "a",
    "b",
    "card card card",
    "Where is my card?!",
    "top up €20 twice",
    "x" * 30,
]


def asked(questions: Sequence[str] = QUESTIONS) -> list[list[Turn]]:
    return [[Turn(role="user", content=question)] for question in questions]


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransformersBackend:
    return TransformersBackend.load(tiny_model(tmp_path_factory.mktemp(request.param), request.param), threads=1)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> TransformersBackend:
    return TransformersBackend.load(tiny_model(tmp_path_factory.mktemp("llama")), threads=1)


def slow(backend: TransformersBackend, prompt: list[int], allowed: list[tuple[int, ...]]) -> int:
    """The whole prefix again for each token; among the tokens that some answer has there, the likeliest."""
    written: tuple[int, ...] = ()
    while True:
        going = [answer for answer in allowed if answer[: len(written)] == written]
        if written in going:
            return allowed.index(written)
        following = sorted({answer[len(written)] for answer in going})
        logits = backend.logits_of([*prompt, *written])[-1]
        written = (*written, max(following, key=lambda token: logits[token]))


def test_batched_answers_are_those_of_generate(backend: TransformersBackend) -> None:
    answers = backend.generate(asked(), Options(max_new_tokens=12))
    for question, answer in zip(asked(), answers, strict=True):
        ids = torch.tensor([backend.prompt_ids(question)])
        whole = backend.model.generate(ids, do_sample=False, max_new_tokens=12, eos_token_id=sorted(backend.ends), pad_token_id=0)  # type: ignore[operator]
        assert answer == backend.tokenizer.decode(whole[0, ids.shape[1] :], skip_special_tokens=True)


def test_restricted_answers_are_those_of_a_slow_loop(backend: TransformersBackend) -> None:
    answers = backend.generate(asked(), Options(constraint=Constraint(choices=LABELS)))
    allowed = answer_ids(backend.tokenizer, LABELS, backend.ends)
    assert answers == [LABELS[slow(backend, backend.prompt_ids(question), allowed)] for question in asked()]


def test_a_beginning_that_all_share_is_read_once_and_changes_no_answer(llama: TransformersBackend) -> None:
    shared = [[Turn(role="user", content=f"Choose one of these and nothing else. {question}")] for question in QUESTIONS]
    options = Options(max_new_tokens=10)
    together = llama.generate(shared, options)
    assert together == [llama.generate([one], options)[0] for one in shared]


def test_a_stream_is_the_batch_answer_in_pieces_and_never_a_torn_letter(llama: TransformersBackend) -> None:
    for constraint in (None, Constraint(choices=LABELS), Constraint(regex="[a-zà-ù€ ]{3,9}")):
        options = Options(max_new_tokens=9, constraint=constraint)
        for question, answer in zip(asked(), llama.generate(asked(), options), strict=True):
            assert "".join(llama.stream(question, options)) == answer


def test_a_pattern_holds_for_every_whole_answer(llama: TransformersBackend) -> None:
    import re

    pattern = r'\{"(name|date)":"[a-z]{1,3}"(,"n":[0-9]{1,2})?\}'
    answers = llama.generate(asked(), Options(max_new_tokens=40, constraint=Constraint(regex=pattern)))
    assert [answer for answer in answers if not re.fullmatch(pattern, answer)] == []


def test_a_pattern_may_hold_letters_of_several_bytes(llama: TransformersBackend) -> None:
    answers = llama.generate(asked(), Options(max_new_tokens=12, constraint=Constraint(regex="[è€😀]{2}x")))
    assert [answer for answer in answers if len(answer) != 3 or set(answer[:2]) - set("è€😀") or answer[2] != "x"] == []


def test_told_counts_every_row_once_and_a_stop_leaves_the_rest_empty(llama: TransformersBackend) -> None:
    said: list[tuple[int, int]] = []
    llama.generate(asked(), Options(max_new_tokens=3), told=lambda done, of: said.append((done, of)))
    assert said[-1] == (len(QUESTIONS), len(QUESTIONS))
    assert said == sorted(said)
    assert llama.generate(asked(), Options(max_new_tokens=3), stop=lambda: True) == [""] * len(QUESTIONS)
    assert llama.generate([], Options()) == []


def test_a_question_longer_than_the_context_is_told_in_a_chat_and_unanswered_in_a_batch(llama: TransformersBackend) -> None:
    long, short = asked(["x" * llama.limit, "a"])
    with pytest.raises(QuestionTooLong, match="256"):
        list(llama.stream(long, Options()))
    both = llama.generate([long, short], Options(max_new_tokens=4))
    assert both == ["", llama.generate([short], Options(max_new_tokens=4))[0]]


def test_an_answer_stops_at_the_end_of_the_context(llama: TransformersBackend) -> None:
    nearly = asked(["x" * (llama.limit - len(llama.prompt_ids(asked([""])[0])) - 3)])[0]
    assert len(llama.prompt_ids(nearly)) == llama.limit - 3
    llama.generate([nearly], Options(max_new_tokens=50))


def test_logits_are_those_of_the_bare_model(llama: TransformersBackend) -> None:
    ids = torch.tensor([llama.prompt_ids(asked()[1])])
    with torch.no_grad():
        expected = llama.model(input_ids=ids).logits[0].numpy()
    assert abs(llama.logits(asked()[1]) - expected).max() == 0
    assert llama.logits(asked()[1]).shape == (ids.shape[1], 300)


def test_an_adapter_answers_with_its_base(tmp_path: Path) -> None:
    from tests.unit.export_help import tiny_lora
    from tests.unit.export_help import tiny_model as wide_model

    base = wide_model(tmp_path / "base", "llama")
    adapter = tiny_lora(tmp_path / "adapter", base)
    plain, tuned = (TransformersBackend.load(reference, threads=1) for reference in (base, adapter))
    assert abs(plain.logits(asked()[0]) - tuned.logits(asked()[0])).max() > 1e-3
