"""Answers of an exported model through onnxruntime-genai, against transformers on the same weights."""

import json
import re
from pathlib import Path

import pytest

from core.inference.base import Options, QuestionTooLong, load
from core.inference.genai_backend import GenaiBackend, PackageBroken
from core.inference.guidance import guidance
from core.inference.transformers_backend import TransformersBackend
from core.models.reference import Backend as Name
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn, task
from tests.unit.export_help import QUESTIONS, tiny_model

LABELS = ("card arrival", "card arrival late", "lost (or stolen) card", "perché no", "top up")
ASKED = [[Turn(role="user", content=question)] for question in QUESTIONS]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[GenaiBackend, TransformersBackend]:
    """The builder takes seconds, so it runs once."""
    from onnxruntime_genai.models.builder import create_model

    folder = tmp_path_factory.mktemp("genai")
    reference = tiny_model(folder / "plain", "llama")
    create_model("", str(reference.folder), str(folder / "onnx"), "fp32", "cpu", str(folder / "cache"))
    exported = load(ModelReference(name="exported", folder=folder / "onnx", backend=Name.GENAI), threads=1)
    assert isinstance(exported, GenaiBackend)
    return exported, TransformersBackend.load(reference, threads=1)


def test_tokens_and_logits_are_those_of_the_model_that_was_exported(models: tuple[GenaiBackend, TransformersBackend]) -> None:
    exported, plain = models
    for messages in ASKED:
        assert exported.prompt_ids(messages) == plain.prompt_ids(messages)
        assert abs(exported.logits(messages) - plain.logits(messages)).max() < 1e-4


def test_free_answers_are_the_same(models: tuple[GenaiBackend, TransformersBackend]) -> None:
    exported, plain = models
    both = zip(exported.generate(ASKED, Options(12)), plain.generate(ASKED, Options(12)), strict=True)
    for ours, expected in both:  # a random model writes broken letters, which the two tokenizers spell differently: up to the first
        assert ours.split("\ufffd")[0] == expected.split("\ufffd")[0]


def test_restricted_answers_are_the_same_and_what_a_packages_chat_py_would_write(models: tuple[GenaiBackend, TransformersBackend]) -> None:
    import onnxruntime_genai as og

    exported, plain = models
    constraint = Constraint(choices=LABELS)
    answers = exported.generate(ASKED, Options(40, constraint))
    assert answers == plain.generate(ASKED, Options(40, constraint))
    allowed = guidance(constraint, exported.tokenizer, exported.ends)
    assert allowed is not None
    for messages, answer in zip(ASKED, answers, strict=True):
        ids = exported.prompt_ids(messages)
        params = og.GeneratorParams(exported.model)
        params.set_search_options(do_sample=False, max_length=len(ids) + 40)
        params.set_guidance(*allowed)
        generator = og.Generator(exported.model, params)
        generator.append_tokens(ids)
        while not generator.is_done():
            generator.generate_next_token()
        assert exported.raw.decode(generator.get_sequence(0)[len(ids) :]).strip() == answer


def test_a_form_is_filled_in_alike_however_the_model_is_held_to_it(models: tuple[GenaiBackend, TransformersBackend]) -> None:
    exported, plain = models
    known = ('{"a":"x","c":["y","z"]}', '{"b":12.5,"c":["y"]}')
    knowing = task("extraction").knowing(known)
    options = Options(knowing.max_new_tokens, knowing.constraint(known))
    answers = exported.generate(ASKED[:3], options)
    assert [list(json.loads(answer)) for answer in answers] == [["a", "b", "c"]] * 3
    for ours, expected in zip(answers, plain.generate(ASKED[:3], options), strict=True):  # up to a random model's first broken letter
        assert re.split("[^\x00-\x7f]", ours)[0] == re.split("[^\x00-\x7f]", expected)[0]


def test_a_stream_is_the_answer_in_pieces_and_stops_when_told(models: tuple[GenaiBackend, TransformersBackend]) -> None:
    exported, _ = models
    for constraint in (None, Constraint(choices=LABELS), Constraint(regex="[a-z ]{3,9}")):
        options = Options(9, constraint)
        assert "".join(exported.stream(ASKED[0], options)) == exported.generate(ASKED[:1], options)[0]
    assert list(exported.stream(ASKED[0], Options(9), stop=lambda: True)) == []


def test_a_question_longer_than_the_context_is_told(models: tuple[GenaiBackend, TransformersBackend]) -> None:
    long = [Turn(role="user", content="many words " * 200)]
    with pytest.raises(QuestionTooLong):
        list(models[0].stream(long, Options()))
    assert models[0].generate([long], Options()) == [""]


def test_a_folder_that_is_no_package_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PackageBroken, match="nothing"):
        load(ModelReference(name="nothing", folder=tmp_path, backend=Name.GENAI), threads=1)
