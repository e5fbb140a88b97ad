"""A form filled in by a model: it holds whatever the model wishes, costs few questions, and is written with the tokens that were taught."""

import json
import re

import pytest
import torch

from core.inference.base import Options
from core.inference.choosers import FormChooser
from core.inference.rendering import beginnings, end_ids
from core.inference.spelling import Spelling
from core.inference.transformers_backend import TransformersBackend
from core.models.installed import starter
from core.models.load import load_tokenizer
from core.tasks.base import Constraint, Turn, task
from tests.unit.training_bench import tiny_model

KNOWN = (
    '{"date":"August 23rd","people":"9 people"}', '{"city":["Rome","Forlì"],"time":"18:00"}', '{"amount":12.5,"urgent":true}',
    '{"city":["(old) Paris"],"date":"2018-08-05","time":"6 \\"sharp\\""}', "{}",
)  # fmt: skip
KNOWING = task("extraction").knowing(KNOWN)
QUESTIONS = ["Where is it?", "9 people in Forlì", "a", "b", "card card card", "Perché non va?"]
ASKED = [[Turn(role="user", content=question)] for question in QUESTIONS]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> TransformersBackend:
    return TransformersBackend.load(tiny_model(tmp_path_factory.mktemp("llama"), max_position_embeddings=1024), threads=1)


def constraint(known: tuple[str, ...] = KNOWN) -> Constraint:
    found = task("extraction").knowing(known).constraint(known)
    assert found is not None
    return found


def test_whatever_a_model_would_rather_write_the_form_holds(llama: TransformersBackend) -> None:
    answers = llama.generate(ASKED, Options(KNOWING.max_new_tokens, constraint()))
    for answer in answers:
        assert re.fullmatch(constraint().regex or "", answer)
        assert list(json.loads(answer)) == ["amount", "city", "date", "people", "time", "urgent"]


def test_what_is_taken_over_unasked_changes_no_answer_where_a_text_has_one_spelling(llama: TransformersBackend) -> None:
    """The tiny model's tokens are single bytes."""
    small = ('{"a":"x","b":["y"]}', '{"c":true}')
    asking = constraint(small).model_copy(update={"form": None})
    options = [Options(700, one) for one in (constraint(small), asking)]
    assert llama.generate(ASKED[:3], options[0]) == llama.generate(ASKED[:3], options[1])


def test_a_stream_is_the_batch_answer_in_pieces(llama: TransformersBackend) -> None:
    options = Options(700, constraint(KNOWN[:1]))
    assert "".join(llama.stream(ASKED[1], options)) == llama.generate(ASKED[1:2], options)[0]


def test_an_answer_without_room_breaks_off_and_keeps_its_whole_fields(llama: TransformersBackend) -> None:
    (answer,) = llama.generate(ASKED[:1], Options(70, constraint()))
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer)
    assert isinstance(json.loads(KNOWING.restore(answer, KNOWN)), dict)


@pytest.mark.parametrize("answer", KNOWN)
def test_a_known_answer_is_written_with_the_tokens_that_were_taught_and_few_are_asked_for(answer: str) -> None:
    tokenizer = load_tokenizer(starter())
    ends = end_ids(tokenizer, None)
    taught = list(tokenizer(KNOWING.target(answer), add_special_tokens=False)["input_ids"])
    tokens, found = beginnings(tokenizer, ends), constraint()
    assert tokens is not None
    assert found.form is not None

    def decode(ids: list[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    chooser = FormChooser(found.form, found.regex or "", decode, Spelling(tokenizer).endings, ends, 200, tokens)
    chooser.opening()
    asked = 0
    while not chooser.done:
        wish = torch.zeros(len(tokenizer))
        wish[taught[len(chooser.written)]] = 1.0
        chooser.choose(wish)
        asked += 1
    assert chooser.written == taught
    values = sum(len(tokenizer(json.dumps(value), add_special_tokens=False)["input_ids"]) for value in json.loads(answer).values())
    assert asked <= values + 2 * len(found.fields)
    assert asked < 0.8 * len(taught)
