"""How a question is written for the model outside Bottega: by the tokenizer's own template where it renders alike, else by the text around it."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.inference.rendering import prompt_text
from core.tasks.base import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MARK = "\u2063BOTTEGA\u2063"  # stands for the question; no template knows it


class Chat(BaseModel):
    """What chat.py reads (chat.json). `turns` stand before the question in every row, such as an instruction. With `template` the tokenizer of the
    package renders as in training; otherwise the question goes between `before` and `after`. `guidance` are the kind and the
    text of what an answer may be, or None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turns: tuple[Turn, ...]
    template: bool
    before: str
    after: str
    guidance: tuple[str, str] | None
    max_new_tokens: int
    context: int


def leading_turns(prompts: Sequence[Sequence[Turn]]) -> tuple[Turn, ...]:
    """What stands before the last question in most rows: nothing, or an instruction that they share."""
    counted = Counter(tuple(turns[:-1]) for turns in prompts if turns and all(turn.role == "system" for turn in turns[:-1]))
    return counted.most_common(1)[0][0] if counted else ()


def text_around(tokenizer: "PreTrainedTokenizerBase", leading: Sequence[Turn]) -> tuple[str, str]:
    """The rendered text before and after a question."""
    before, _, after = prompt_text(tokenizer, [*leading, Turn(role="user", content=_MARK)]).partition(_MARK)
    return before, after


def renders_alike(package_tokenizer: Any, tokenizer: "PreTrainedTokenizerBase", leading: Sequence[Turn], questions: Sequence[str]) -> bool:
    """Whether onnxruntime-genai's own rendering of the template gives the very same texts."""
    for question in questions:
        turns = [*leading, Turn(role="user", content=question)]
        try:
            rendered = package_tokenizer.apply_chat_template(json.dumps([turn.model_dump() for turn in turns]), add_generation_prompt=True)
        except RuntimeError:  # its template language knows less than Jinja
            return False
        if rendered != prompt_text(tokenizer, turns):
            return False
    return True
