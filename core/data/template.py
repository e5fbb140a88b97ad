"""Messages as a model sees them: the rendered text, its tokens, and which of them are learned. Needs only the tokenizer it is given."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from core.data.layout import Layout
from core.errors import UserError
from core.sentence import Sentence

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Certain = Callable[[str], Sequence[tuple[int, int]]]  # of an answer, the stretches (start, end) that a constraint writes by itself
_KEPT_TAIL = 16  # tokens before an answer that a cut leaves: the end of the question and the marks that open the answer
_GENERATION_MARK = re.compile(r"\{%-?\s*generation\s*-?%\}")


class TemplateMismatch(UserError):
    """The chat template does not say which part of its text is the answer."""

    sentence = "The chat template of this model {why}, so it cannot be told which words are to be learned. Choose another model. Nothing was started."

    def __init__(self, *, why: Sentence) -> None:
        super().__init__(why=why)


@dataclass(frozen=True)
class Encoded:
    """`learned[i]` says whether token i is one that the model is to write. `cut` says that the example was longer than allowed; `gaps` are the
    tokens before which something was cut out, with how much."""

    input_ids: list[int]
    learned: list[bool]
    cut: bool
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Piece:
    """A stretch of rendered text; `missing` tokens were cut out before it."""

    text: str
    learned: bool
    missing: int = 0


def encode(
    tokenizer: "PreTrainedTokenizerBase",
    messages: Sequence[Mapping[str, Any]],
    max_length: int,
    layout: Layout | None = None,
    certain: Certain | None = None,
) -> Encoded:
    """Tokens of a whole conversation; every answer, or those that the layout says, is learned with its end mark. Raises TemplateMismatch.

    What is `certain` is not learned; a token that reaches over the edge of such a stretch is. The tokenizer wears the layout already
    (core.data.layout.wear). What is too long loses words from its longest unlearned stretch (a long question), never from the marks
    around an answer; only an answer that is too long by itself loses its end.
    """
    ids, learned = _tokens(tokenizer, messages, _learned_answers(messages, layout), certain)
    return _fitted(ids, learned, max_length)


def encode_prompt(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Mapping[str, Any]], max_length: int) -> Encoded:
    """Tokens of all before an answer, ready to be continued, cut in the same way as `encode` cuts. Nothing is learned."""
    ids = [token for segment in prompt_segments(tokenizer, messages) for token in tokenizer(segment, add_special_tokens=False)["input_ids"]]
    return _fitted(ids, [False] * len(ids), max_length)


def prompt_segments(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Mapping[str, Any]], *, open_answer: bool = True) -> tuple[str, ...]:
    """The text before an answer, in stretches that are tokenized apart as the training does: an earlier answer begins a new one.

    "Answer: " and "yes" have other tokens than "Answer: yes": where a template marks its answers, no token reaches over the beginning of one.
    """
    template = _template(tokenizer)
    if not any(turn["role"] == "assistant" for turn in messages) or _GENERATION_MARK.search(template) is None:
        return (_rendered(tokenizer, messages, open_answer=open_answer),)
    text, spans = _marked_spans(tokenizer, template, messages, open_answer=open_answer)
    return _segments(text, spans)


def rendered(
    tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Mapping[str, Any]], max_length: int | None = None, layout: Layout | None = None
) -> tuple[Piece, ...]:
    """What the model sees, in stretches of learned and unlearned text. Raises TemplateMismatch."""
    return pieces_of(tokenizer, encode(tokenizer, messages, max_length or 2**31, layout))


def pieces_of(tokenizer: "PreTrainedTokenizerBase", encoded: Encoded) -> tuple[Piece, ...]:
    """The text of tokens, in stretches of learned and unlearned."""
    pieces: list[Piece] = []
    gaps, start = dict(encoded.gaps), 0
    for at in range(1, len(encoded.learned) + 1):
        if at == len(encoded.learned) or encoded.learned[at] != encoded.learned[start] or at in gaps:
            text = tokenizer.decode(encoded.input_ids[start:at], skip_special_tokens=False, clean_up_tokenization_spaces=False)
            pieces.append(Piece(str(text), encoded.learned[start], gaps.get(start, 0)))
            start = at
    return tuple(pieces)


def _learned_answers(messages: Sequence[Mapping[str, Any]], layout: Layout | None) -> frozenset[int] | None:
    """The numbers of the answers to learn, counting answers only; None for all."""
    if layout is None or layout.learned_turns == "all":
        return None
    answers = [turn for turn in messages if turn["role"] == "assistant"]
    if layout.learned_turns == "last":
        return frozenset({len(answers) - 1})
    return frozenset(at for at, turn in enumerate(answers) if turn.get("weight") not in (0, 0.0, False, "0"))


def _tokens(
    tokenizer: "PreTrainedTokenizerBase",
    messages: Sequence[Mapping[str, Any]],
    chosen: frozenset[int] | None,
    certain: Certain | None = None,
) -> tuple[list[int], list[bool]]:
    template = _template(tokenizer)
    if _GENERATION_MARK.search(template) is not None:
        text, spans = _marked_spans(tokenizer, template, messages)
        segments = _segments(text, spans)
        if chosen is not None and len(spans) != sum(turn["role"] == "assistant" for turn in messages):
            raise TemplateMismatch(why=Sentence("bad.unmarked", "does not mark each answer by itself"))
    else:
        text, spans = _rendered(tokenizer, messages), _spans_by_prefix(tokenizer, messages)
        segments = (text,)
    ids, offsets = _encoded(tokenizer, segments)
    learned = [False] * len(ids)
    special = _special_ids(tokenizer)
    for number, (start, end) in enumerate(spans):
        inside = [at for at, (first, last) in enumerate(offsets) if start <= first < end and last > first]
        if inside and (chosen is None or number in chosen):
            _learn(ids, learned, inside, special)
    if certain is not None:
        answers = [str(turn["content"]) for turn in messages if turn["role"] == "assistant"]
        for (start, end), answer in zip(spans, answers, strict=False):
            if (begins := text.find(answer, start, end)) >= 0:
                _spare(learned, offsets, [(begins + first, begins + last) for first, last in certain(answer)])
    ended = any(token in special for token, own in zip(ids, learned, strict=True) if own)
    if any(learned) and messages[-1]["role"] == "assistant" and not ended and tokenizer.eos_token_id is not None:
        # A template without an end mark: the model's own end token takes its place, or the tuned model would answer well and never stop.
        return [*ids, tokenizer.eos_token_id], [*learned, True]
    return ids, learned


def _segments(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """The text cut where an answer begins."""
    cuts = [0, *(start for start, _ in spans if start > 0), len(text)]
    return tuple(text[start:end] for start, end in pairwise(cuts) if end > start)


def _encoded(tokenizer: "PreTrainedTokenizerBase", segments: Sequence[str]) -> tuple[list[int], list[tuple[int, int]]]:
    """Tokens of the stretches, each by itself, with their places in the whole text."""
    ids: list[int] = []
    offsets: list[tuple[int, int]] = []
    before = 0
    for segment in segments:
        encoding = tokenizer(segment, add_special_tokens=False, return_offsets_mapping=True)
        ids += encoding["input_ids"]
        offsets += [(first + before, last + before) for first, last in encoding["offset_mapping"]]
        before += len(segment)
    return ids, offsets


def _learn(ids: list[int], learned: list[bool], inside: Sequence[int], special: frozenset[int]) -> None:
    """The answer up to its end mark: the mark is taken in where the span ends before it, and what stands behind it in the span is left out."""
    last = inside[-1]
    ends = [at for at in inside if ids[at] in special]
    if ends and ends[-1] != inside[0]:
        last = ends[-1]
    elif last + 1 < len(ids) and ids[last + 1] in special:
        last += 1
    for at in range(inside[0], last + 1):
        learned[at] = True


def _spare(learned: list[bool], offsets: Sequence[tuple[int, int]], stretches: Sequence[tuple[int, int]]) -> None:
    for at, (first, last) in enumerate(offsets):
        if learned[at] and any(start <= first and last <= end for start, end in stretches):
            learned[at] = False


def _template(tokenizer: "PreTrainedTokenizerBase") -> str:
    if not tokenizer.chat_template:
        raise TemplateMismatch(why=Sentence("bad.missing", "is missing"))
    return str(tokenizer.get_chat_template())


def _rendered(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Mapping[str, Any]], *, open_answer: bool = False) -> str:
    from jinja2 import TemplateError

    _template(tokenizer)
    try:
        return str(tokenizer.apply_chat_template([dict(turn) for turn in messages], tokenize=False, add_generation_prompt=open_answer))
    except TemplateError as error:  # templates refuse what they cannot say, such as a system turn or two questions in a row
        raise TemplateMismatch(why=Sentence("bad.refuses", "refuses such a conversation ({error})", {"error": str(error)})) from error


def _marked_spans(
    tokenizer: "PreTrainedTokenizerBase", template: str, messages: Sequence[Mapping[str, Any]], *, open_answer: bool = False
) -> tuple[str, list[tuple[int, int]]]:
    from jinja2 import TemplateError
    from transformers.utils.chat_template_utils import render_jinja_template

    render: Any = render_jinja_template  # declared as text, it returns texts and, when asked for, the places between the marks
    chats = [[dict(turn) for turn in messages]]
    try:
        texts, spans = render(
            conversations=chats,
            chat_template=template,
            return_assistant_tokens_mask=True,
            add_generation_prompt=open_answer,
            **tokenizer.special_tokens_map,
        )
    except TemplateError as error:
        raise TemplateMismatch(why=Sentence("bad.refuses", "refuses such a conversation ({error})", {"error": str(error)})) from error
    return texts[0], [(start, end) for start, end in spans[0]]


def _spans_by_prefix(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Where each answer stands: behind what is rendered before it, up to where the text with it ends."""
    whole = _rendered(tokenizer, messages)
    spans = []
    for at, turn in enumerate(messages):
        if turn["role"] != "assistant":
            continue
        before = _rendered(tokenizer, messages[:at], open_answer=True)
        upto = whole if at == len(messages) - 1 else _rendered(tokenizer, messages[: at + 1])
        if not whole.startswith(before) or not upto.startswith(before):
            raise TemplateMismatch(why=Sentence("bad.rewrites_before", "rewrites what was said before an answer"))
        if whole.startswith(upto):
            spans.append((len(before), len(upto)))
            continue
        # Some templates (Qwen3) show an answer's thinking only while it is the last one: then the answer and its end mark are looked for as they are.
        content = str(turn["content"])
        shown = content + upto[upto.rfind(content) + len(content) :] if content in upto else None
        if shown is None or not whole.startswith(shown, len(before)):
            raise TemplateMismatch(why=Sentence("bad.rewrites_answers", "rewrites earlier answers"))
        spans.append((len(before), len(before) + len(shown)))
    return spans


@lru_cache(maxsize=4)  # a tokenizer's marks do not change while it is at work, and some have thousands
def _special_ids(tokenizer: "PreTrainedTokenizerBase") -> frozenset[int]:
    marked = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    return frozenset(marked | set(tokenizer.all_special_ids))


def _fitted(ids: list[int], learned: list[bool], max_length: int) -> Encoded:
    if len(ids) <= max_length:
        return Encoded(ids, learned, False)
    kept = list(range(len(ids)))
    while len(ids) > max_length:
        start, end = _longest_unlearned(learned)
        room = min(len(ids) - max_length, end - start - 2 * _KEPT_TAIL)
        if room <= 0:  # an answer that is too long by itself
            ids, learned, kept = ids[:max_length], learned[:max_length], kept[:max_length]
            break
        upto = end - _KEPT_TAIL
        del ids[upto - room : upto], learned[upto - room : upto], kept[upto - room : upto]
    gaps = tuple((at, now - before - 1) for at, (before, now) in enumerate(pairwise(kept), 1) if now != before + 1)
    return Encoded(ids, learned, True, gaps)


def _longest_unlearned(learned: Sequence[bool]) -> tuple[int, int]:
    best = start = 0
    span = (0, 0)
    for at, own in enumerate([*learned, True]):
        if own:
            if at - start > best:
                best, span = at - start, (start, at)
            start = at + 1
    return span
