"""How a dataset's examples are put to a model: the system text, the chat template or a text with places for question and answer, what is learned.

A layout is compiled into a chat template and worn by the tokenizer: whatever opens that tokenizer later (an evaluation, a chat, a package) writes
questions as the training did.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.errors import UserError
from core.sentence import Sentence
from core.tasks.base import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

QUESTION, ANSWER = "question", "answer"
COLUMNS_KEY = "columns"  # of a user turn: the row's own cells, for templates that name them
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_BETWEEN = "\n\n"  # between an answer and the next question, where the template does not say
_MOST_CHARS = 20_000


class UnknownPlaceholder(UserError):
    """A text template names something that an example does not have."""

    sentence = "The text template asks for '{name}', which the rows do not have. It can hold: {known}. Nothing was changed."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class TemplateFault(UserError):
    """A text template from which no question and answer can be written."""

    sentence = (
        "The text template cannot be used: {why}. It needs {{question}} and, as its last place, {{answer}}; a brace that is meant is written twice. "
        "Nothing was changed."
    )

    def __init__(self, *, why: Sentence) -> None:
        super().__init__(why=why)


_QUESTION_MISSING = Sentence("bad.question_missing", "the question stands in it nowhere")
_QUESTION_TWICE = Sentence("bad.question_twice", "the question stands in it more than once")
_ANSWER_MISSING = Sentence("bad.answer_missing", "the answer stands in it nowhere")
_ANSWER_TWICE = Sentence("bad.answer_twice", "the answer stands in it more than once")


@dataclass(frozen=True)
class Bit:
    """A stretch of a text template: a text as it is, or the name of a place."""

    text: str
    is_place: bool


class Layout(BaseModel):
    """`text_template` None is the tokenizer's own chat template. `learned_turns`: every answer of a dialogue, the last one, or those whose message
    has no `weight` of 0 (as OpenAI's files say it). A row's own system turn is kept; `system_prompt` stands before all others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system_prompt: str = Field("", max_length=_MOST_CHARS, description="What is said to the model before every question.")
    text_template: str | None = Field(
        None, max_length=_MOST_CHARS, description='A text such as "Question: {question}\\nAnswer: {answer}" in place of the chat template.'
    )
    learned_turns: Literal["all", "last", "weighted"] = Field("all", description="Which answers of a dialogue are learned.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The row's own columns that the text template names."""
        places = [bit.text for bit in bits_of(self.text_template or "") if bit.is_place and bit.text not in (QUESTION, ANSWER)]
        return tuple(dict.fromkeys(places))

    @property
    def chars(self) -> int:
        """What it adds to an example, about."""
        return len(self.system_prompt) + len(self.text_template or "")

    def check(self, columns: Sequence[str]) -> "Layout":
        """Itself. Raises UnknownPlaceholder, TemplateFault. `columns` are those of the rows."""
        if self.text_template is not None:
            _check(bits_of(self.text_template), columns)
        return self


def bits_of(text: str) -> tuple[Bit, ...]:
    """The texts and places of a template. Raises TemplateFault for a single brace."""
    found: list[Bit] = []
    at = 0
    for match in _PLACE.finditer(text):
        found.append(Bit(text[at : match.start()], False))
        at = match.end()
        if match.group() in ("{{", "}}"):
            found.append(Bit(match.group()[0], False))
        elif match.group(1) is None:
            raise TemplateFault(why=Sentence("bad.single_brace", "a single '{brace}' stands in it", {"brace": match.group()}))
        else:
            found.append(Bit(match.group(1).strip(), True))
    return tuple(bit for bit in (*found, Bit(text[at:], False)) if bit.text or bit.is_place)


def with_columns(turns: Sequence[Turn], original: str | None, layout: Layout | None) -> list[Turn]:
    """The turns with the cells that the layout's template names in each user turn. `original` is the row as it was in its file, as JSON."""
    if layout is None or not layout.columns:
        return list(turns)
    named = _named(original, layout)
    return [turn.model_copy(update={COLUMNS_KEY: named}) if turn.role == "user" else turn for turn in turns]


def with_cells(turns: Sequence[Turn], original: str | None, layout: Layout | None) -> list[Turn]:
    """For a model that does not wear the layout (a base model), where its template names columns: each question in the words of the template, cells and
    all, so that it is shown what a model that wears it is shown."""
    if layout is None or not layout.columns:
        return list(turns)
    named, (before, _, _) = _named(original, layout), _stretches(bits_of(layout.text_template or ""))

    def said(question: str) -> str:
        known = {**named, QUESTION: question}
        return "".join(known[bit.text] if bit.is_place else bit.text for bit in before)

    return [turn.model_copy(update={"content": said(turn.content)}) if turn.role == "user" else turn for turn in turns]


def with_system(turns: Sequence[Turn], layout: Layout | None) -> list[Turn]:
    """For a model that does not wear the layout (a base model): its system text before the turns, where they have none."""
    prompt = layout.system_prompt.strip() if layout is not None else ""
    return list(turns) if not prompt or (turns and turns[0].role == "system") else [Turn(role="system", content=prompt), *turns]


def wear(tokenizer: "PreTrainedTokenizerBase", layout: Layout | None) -> None:
    """From here on this tokenizer writes conversations by the layout, and so does whoever opens it after it was saved. Raises TemplateFault."""
    if layout is None:
        return
    text = layout.text_template
    base = _of_text(bits_of(text), _beginning(tokenizer)) if text is not None else str(tokenizer.get_chat_template())
    tokenizer.chat_template = (_with_system(layout.system_prompt) if layout.system_prompt.strip() else "") + base


def accept_system(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Where the chat template refuses or leaves out a system turn, it is folded into the first question from here on. True when it had to be."""
    if not tokenizer.chat_template or (said := _rendered(tokenizer, [_USER])) is None:
        return False
    with_system = _rendered(tokenizer, [{"role": "system", "content": _SYSTEM_PROBE}, _USER])
    if with_system is not None and _SYSTEM_PROBE in with_system and with_system != said:
        return False
    tokenizer.chat_template = _FOLD + str(tokenizer.get_chat_template())
    return True


def folds_system(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether a system turn becomes part of the first question."""
    return _FOLD in str(tokenizer.chat_template or "")


_USER = {"role": "user", "content": "?"}
_SYSTEM_PROBE = "bottega system probe"
_FOLD = (
    "{%- if messages and messages[0]['role'] == 'system' -%}{%- if messages | length > 1 and messages[1]['role'] == 'user' -%}"
    "{%- set messages = [{'role': 'user', 'content': messages[0]['content'] + '\\n\\n' + messages[1]['content']}] + messages[2:] -%}"
    "{%- else -%}{%- set messages = [{'role': 'user', 'content': messages[0]['content']}] + messages[1:] -%}{%- endif -%}{%- endif -%}"
)


def _with_system(prompt: str) -> str:
    said = f"[{{'role': 'system', 'content': {_literal(prompt.strip())}}}]"
    return f"{{%- if not messages or messages[0]['role'] != 'system' -%}}{{%- set messages = {said} + messages -%}}{{%- endif -%}}"


def _of_text(bits: Sequence[Bit], beginning: str) -> str:
    """The chat template that writes each question by `bits` up to the answer, and the answer with its end mark behind it."""
    before, opening, between = _stretches(bits)
    user = "".join(_write(_cell_of(bit.text) if bit.is_place else _literal(bit.text)) for bit in before)
    said, ask = "m['content']", _write(_literal(opening))
    answer = f"{ask}{{%- generation -%}}{_write(said)}{_write('eos_token or ' + _literal(''))}{{%- endgeneration -%}}"
    system = _write(f"{said} + {_literal(_BETWEEN)}")
    return (
        f"{_write(_literal(beginning))}{{%- for m in messages -%}}"
        f"{{%- if m['role'] == 'assistant' -%}}{answer}{{%- if not loop.last -%}}{_write(_literal(between))}{{%- endif -%}}"
        f"{{%- elif m['role'] == 'system' -%}}{system}{{%- else -%}}{user}{{%- endif -%}}{{%- endfor -%}}"
        f"{{%- if add_generation_prompt -%}}{ask}{{%- endif -%}}"
    )


def _stretches(bits: Sequence[Bit]) -> tuple[tuple[Bit, ...], str, str]:
    """What a question writes (up to its last place), the text that opens the answer, the text that stands between an answer and the next question."""
    places = [at for at, bit in enumerate(bits) if bit.is_place]
    answer, last = places[-1], places[-2]
    opening, after = ("".join(bit.text for bit in part) for part in (bits[last + 1 : answer], bits[answer + 1 :]))
    return tuple(bits[: last + 1]), opening, after or _BETWEEN


def _check(bits: Sequence[Bit], columns: Sequence[str]) -> None:
    places = [bit.text for bit in bits if bit.is_place]
    known = (QUESTION, ANSWER, *(column for column in columns if column not in (QUESTION, ANSWER)))
    for name in places:
        if name not in known:
            raise UnknownPlaceholder(name=name, known=", ".join(f"{{{one}}}" for one in known[:40]))
    if places.count(QUESTION) != 1:
        raise TemplateFault(why=_QUESTION_MISSING if QUESTION not in places else _QUESTION_TWICE)
    if places.count(ANSWER) != 1:
        raise TemplateFault(why=_ANSWER_MISSING if ANSWER not in places else _ANSWER_TWICE)
    if places[-1] != ANSWER:
        raise TemplateFault(
            why=Sentence("bad.behind", "'{name}' stands behind the answer, where the model would have to write it", {"name": places[-1]})
        )


def _beginning(tokenizer: "PreTrainedTokenizerBase") -> str:
    """The mark with which this model's conversations begin, if it has one."""
    mark = tokenizer.bos_token or ""
    said = _rendered(tokenizer, [_USER]) if tokenizer.chat_template else None
    return str(mark) if mark and said is not None and said.startswith(str(mark)) else ""


def _rendered(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[dict[str, str]]) -> str | None:
    from jinja2 import TemplateError

    try:
        return str(tokenizer.apply_chat_template([dict(turn) for turn in messages], tokenize=False, add_generation_prompt=True))
    except (TemplateError, TypeError, KeyError):  # a template may refuse, or want a content of another kind
        return None


def _cell_of(name: str) -> str:
    return "m['content']" if name == QUESTION else f"((m['{COLUMNS_KEY}'] or {{}}).get({_literal(name)}, ''))"


def _write(expression: str) -> str:
    return f"{{{{- {expression} -}}}}"


def _literal(text: str) -> str:
    """A Jinja string: no brace of a person's text can open or close anything, nor be taken for a mark of what is learned."""
    return json.dumps(text, ensure_ascii=False).replace("{", "\\u007b").replace("}", "\\u007d")


def _named(original: str | None, layout: Layout) -> dict[str, str]:
    """The cells that the layout names, as they are written."""
    cells: dict[str, Any] = json.loads(original or "{}")
    return {name: _cell(cells.get(name)) for name in layout.columns}


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
