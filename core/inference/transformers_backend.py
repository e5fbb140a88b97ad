"""Answers with a transformers model: greedy in batches of equal length, so that no padding touches a number, and only rows that still write are computed."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from core.inference.base import Backend, Options, QuestionTooLong, Stop, Told, never
from core.inference.choices import Node, trie
from core.inference.choosers import Chooser, FormChooser, FreeChooser, RegexChooser, TrieChooser
from core.inference.rendering import answer_ids, beginnings, end_ids, prompt_ids
from core.inference.spelling import Spelling
from core.models.reference import ModelReference
from core.tasks.base import Turn

if TYPE_CHECKING:
    import numpy
    from torch import Tensor
    from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase

_TOKENS_AT_ONCE = 4096
_ROWS_AT_ONCE = 256
_CACHE_BYTES = 256 << 20
_SHARED_FROM = 8  # a shorter common beginning is not worth its own pass
_TORN = "\ufffd"


@dataclass(frozen=True)
class _Row:
    number: int
    chooser: Chooser


@dataclass(frozen=True)
class _Group:
    """Rows at the same place: `pending` [rows, tokens] was not read by the model yet, `cache` was."""

    rows: list[_Row]
    pending: "Tensor"
    cache: "Cache"


class TransformersBackend(Backend):
    """Holds a model in fp32 and its tokenizer."""

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
        self.model, self.tokenizer = model, tokenizer
        self.ends = end_ids(tokenizer, model.generation_config)
        self.limit: int = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 1 << 30
        self._spelling = Spelling(tokenizer)
        self._tries: dict[tuple[str, ...], Node] = {}
        self._beginnings = beginnings(tokenizer, self.ends)

    @classmethod
    def load(cls, reference: ModelReference, threads: int = 2) -> "TransformersBackend":
        import torch

        from core.models.load import load_model, load_tokenizer

        torch.set_num_threads(threads)
        own = (reference.folder / "tokenizer_config.json").is_file()  # an adapter's folder may leave the tokenizer to its base
        return cls(load_model(reference).eval(), load_tokenizer(reference.folder if own else reference.base or reference.folder))

    def prompt_ids(self, messages: Sequence[Turn]) -> list[int]:
        return prompt_ids(self.tokenizer, messages)

    def logits_of(self, ids: Sequence[int]) -> "numpy.ndarray":
        import torch

        with torch.inference_mode():
            found: numpy.ndarray = self.model(input_ids=self._tensor([list(ids)])).logits[0].float().cpu().numpy()
        return found

    def generate(self, prompts: Sequence[Sequence[Turn]], options: Options, *, told: Told | None = None, stop: Stop = never) -> list[str]:
        """A prompt that fills the whole context has the answer ''."""
        import torch

        answers = [""] * len(prompts)
        ids = [self.prompt_ids(messages) for messages in prompts]
        fitting = [number for number, prompt in enumerate(ids) if len(prompt) < self.limit]
        finished = len(prompts) - len(fitting)
        with torch.inference_mode():
            for rows in self._written([ids[number] for number in fitting], options, stop):
                for row in rows:
                    answers[fitting[row.number]] = self._text(row.chooser, options)
                finished += len(rows)
                if told is not None:
                    told(finished, len(prompts))
        return answers

    def stream(self, messages: Sequence[Turn], options: Options, *, stop: Stop = never) -> Iterator[str]:
        """Raises QuestionTooLong."""
        import torch

        ids = self.prompt_ids(messages)
        if len(ids) >= self.limit:
            raise QuestionTooLong(tokens=len(ids), limit=self.limit)
        chooser = self._chooser(options, len(ids))
        pending, cache, sent = [*ids, *chooser.opening()], self._empty(), 0
        while not chooser.done and not stop():
            with torch.inference_mode():  # left before each yield: it belongs to the thread, not to this generator
                logits = self._next(self._tensor([pending]), cache)[0]
            pending = chooser.choose(logits)
            text = self._text(chooser, options)
            if isinstance(chooser, FreeChooser | RegexChooser) and len(text) > sent and not text.endswith(_TORN):
                yield text[sent:]
                sent = len(text)
        if len(rest := self._text(chooser, options)[sent:]):
            yield rest

    def _written(self, prompts: Sequence[list[int]], options: Options, stop: Stop) -> Iterator[list[_Row]]:
        """Rows as they end. A group splits when its rows go different ways: they stay at equal length within a group, whatever happens."""
        groups = self._openings(prompts, options)
        waiting: list[_Group] = []
        while not stop() and (group := waiting.pop() if waiting else next(groups, None)) is not None:
            logits = self._next(group.pending, group.cache)
            runs = [row.chooser.choose(logits[i]) for i, row in enumerate(group.rows)]
            waiting.extend(self._split(group, runs))
            yield [row for row in group.rows if row.chooser.done]

    def _openings(self, prompts: Sequence[list[int]], options: Options) -> Iterator[_Group]:
        """Prompts in batches of equal length. A beginning that all share (the instruction) is read by the model once."""
        if not prompts:
            return
        shared = _shared_length(prompts)
        beginning = self._empty()
        if shared:
            self._next(self._tensor([prompts[0][:shared]]), beginning)
        by_length = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        for length, same in groupby(by_length, key=lambda number: len(prompts[number])):
            numbers = list(same)
            size = self._rows_at_once(length, length - shared)
            for at in range(0, len(numbers), size):
                rows = [_Row(number, self._chooser(options, length)) for number in numbers[at : at + size]]
                pending = [prompts[row.number][shared:] + row.chooser.opening() for row in rows]
                yield _Group(rows, self._tensor(pending), _repeated(beginning, len(rows)) if shared else self._empty())

    def _rows_at_once(self, length: int, pending: int) -> int:
        """So many that neither the tokens read at once nor what is kept of them grow large."""
        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        token_bytes = 2 * config.num_hidden_layers * heads * width * 4
        return max(1, min(_ROWS_AT_ONCE, _TOKENS_AT_ONCE // pending, _CACHE_BYTES // (token_bytes * length)))

    def _split(self, group: _Group, runs: list[list[int]]) -> Iterator[_Group]:
        going = [i for i, row in enumerate(group.rows) if not row.chooser.done]
        for _, same in groupby(sorted(going, key=lambda i: len(runs[i])), key=lambda i: len(runs[i])):
            chosen = sorted(same)
            cache = group.cache if len(chosen) == len(group.rows) else _selected(group.cache, self._tensor(chosen))
            yield _Group([group.rows[i] for i in chosen], self._tensor([runs[i] for i in chosen]), cache)

    def _next(self, pending: "Tensor", cache: "Cache") -> "Tensor":
        """Logits [rows, vocabulary] of the token after `pending`; the cache grows by it."""
        logits: Tensor = self.model(input_ids=pending, cache=cache, use_cache=True, logits_to_keep=1).logits
        return logits[:, -1].float()

    def _chooser(self, options: Options, prompt_tokens: int) -> Chooser:
        most = min(options.max_new_tokens, self.limit - prompt_tokens)
        constraint = options.constraint
        if constraint is not None and constraint.choices:
            if constraint.choices not in self._tries:
                self._tries[constraint.choices] = trie(answer_ids(self.tokenizer, constraint.choices, self.ends))
            return TrieChooser(self._tries[constraint.choices], self.ends)
        if constraint is not None and constraint.regex is not None:
            if constraint.form is not None and self._beginnings is not None:
                return FormChooser(constraint.form, constraint.regex, self._decode, self._spelling.endings, self.ends, most, self._beginnings)
            return RegexChooser(constraint.regex, self._decode, self._spelling.endings, self.ends, most)
        return FreeChooser(self.ends, most)

    def _text(self, chooser: Chooser, options: Options) -> str:
        if isinstance(chooser, TrieChooser):
            return "" if chooser.answer is None or options.constraint is None else options.constraint.choices[chooser.answer]
        return self._decode(chooser.written)

    def _decode(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _tensor(self, values: Any) -> "Tensor":
        import torch

        return torch.tensor(values, device=self.model.device)

    def _empty(self) -> "Cache":
        from transformers import DynamicCache

        return DynamicCache(config=self.model.config)


def _shared_length(prompts: Sequence[list[int]]) -> int:
    """How many first tokens all have in common; the last token of the shortest is never counted, so that each has one to read."""
    low, high = min(prompts), max(prompts)
    most = min(len(prompt) for prompt in prompts) - 1
    same = next((i for i in range(most) if low[i] != high[i]), most)
    return same if same >= _SHARED_FROM and len(prompts) > 1 else 0


def _selected(cache: "Cache", indices: "Tensor") -> "Cache":
    """The rows of a cache as a cache of its own; selecting rebinds the layers' tensors, so a shallow copy is one."""
    chosen = _shallow(cache)
    chosen.batch_select_indices(indices)
    return chosen


def _repeated(cache: "Cache", rows: int) -> "Cache":
    several = _shallow(cache)
    several.batch_repeat_interleave(rows)
    return several


def _shallow(cache: "Cache") -> "Cache":
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) for layer in cache.layers]
    return twin
