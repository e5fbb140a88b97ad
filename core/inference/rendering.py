"""How a question is rendered for a model and which tokens an answer has: by the model's own chat template, as in training."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.data.template import prompt_segments
from core.tasks.base import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBE = (Turn(role="user", content="?"),)


def prompt_text(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Turn]) -> str:
    return str(tokenizer.apply_chat_template(_plain(messages), tokenize=False, add_generation_prompt=True))


def prompt_ids(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Turn]) -> list[int]:
    """The very tokens that stood before the answer in training."""
    return [token for segment in prompt_segments(tokenizer, _plain(messages)) for token in _ids(tokenizer, segment)]


def answer_ids(tokenizer: "PreTrainedTokenizerBase", answers: Sequence[str], ends: frozenset[int]) -> list[tuple[int, ...]]:
    """The tokens of each answer with its end mark, as the template renders it after a question.

    Taken as the difference to the bare question, so that a tokenizer that writes a word differently after a line break is followed; where the
    template rewrites the question, the answer is tokenized alone.
    """
    before = prompt_ids(tokenizer, _PROBE)
    fallback = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else min(ends, default=0)
    found: list[tuple[int, ...]] = []
    for answer in answers:
        said = prompt_segments(tokenizer, _plain([*_PROBE, Turn(role="assistant", content=answer)]), open_answer=False)
        whole = [token for segment in said for token in _ids(tokenizer, segment)]
        ids = whole[len(before) :] if whole[: len(before)] == before else _ids(tokenizer, answer)
        end = next((i for i, token in enumerate(ids) if token in ends), None)
        found.append((*ids, fallback) if end is None else tuple(ids[: end + 1]))
    return found


def beginnings(tokenizer: "PreTrainedTokenizerBase", ends: frozenset[int]) -> Callable[[tuple[str, ...]], list[list[int]]] | None:
    """What gives the tokens of beginnings of a filled-in form; None where a form has other tokens behind a question than by itself."""
    form = '{"name":"Anna Rossi","place":null}'
    (behind,) = answer_ids(tokenizer, [form], ends)
    if list(behind[:-1]) != _ids(tokenizer, form):
        return None

    @lru_cache(maxsize=4096)
    def tokens(texts: tuple[str, ...]) -> list[list[int]]:
        return [list(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    return tokens


def end_ids(tokenizer: "PreTrainedTokenizerBase", generation_config: Any) -> frozenset[int]:
    """All tokens that end an answer: the model's, the tokenizer's, and the special token that the template writes behind an answer."""
    ends: set[int] = set()
    stated = getattr(generation_config, "eos_token_id", None)
    ends.update(stated if isinstance(stated, list) else [] if stated is None else [stated])
    if tokenizer.eos_token_id is not None:
        ends.add(tokenizer.eos_token_id)
    text = str(tokenizer.apply_chat_template(_plain([*_PROBE, Turn(role="assistant", content="answer")]), tokenize=False))
    behind = _ids(tokenizer, text.rsplit("answer", 1)[-1])
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    if (mark := next((token for token in behind if token in special), None)) is not None:
        ends.add(mark)
    return frozenset(ends)


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _plain(messages: Sequence[Turn]) -> list[dict[str, Any]]:
    return [turn.model_dump() for turn in messages]
