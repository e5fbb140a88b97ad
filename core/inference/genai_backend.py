"""Answers with an exported model through onnxruntime-genai: one sequence at a time, the same calls that a package's own chat.py makes."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.template import prompt_segments
from core.errors import UserError
from core.inference.base import Backend, Options, QuestionTooLong, Stop, Told, never
from core.inference.choices import Node, trie
from core.inference.choosers import TrieChooser
from core.inference.guidance import guidance
from core.inference.rendering import answer_ids
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn

if TYPE_CHECKING:
    import numpy
    from transformers import PreTrainedTokenizerBase
_TORN = "\ufffd"  # what an unfinished UTF-8 character decodes to


class PackageBroken(UserError):
    """An exported model that onnxruntime-genai does not open."""

    sentence = "The exported model '{name}' does not open: {why}. Export it again. Nothing was lost."

    def __init__(self, *, name: str, why: str) -> None:
        super().__init__(name=name, why=why)


class GenaiBackend(Backend):
    """`raw` is the package's own tokenizer, which makes the tokens; `tokenizer` only renders the chat template of the same folder."""

    def __init__(self, folder: Path, model: Any, raw: Any, tokenizer: "PreTrainedTokenizerBase") -> None:
        config = json.loads((folder / "genai_config.json").read_text(encoding="utf-8"))["model"]
        self.model, self.raw, self.tokenizer = model, raw, tokenizer
        self.limit: int = config["context_length"]
        ends = config.get("eos_token_id", [])
        self.ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._vocabulary: int = config["vocab_size"]
        self._special = frozenset(tokenizer.all_special_ids)
        self._tries: dict[tuple[str, ...], Node] = {}

    @classmethod
    def load(cls, reference: ModelReference, threads: int = 2) -> "GenaiBackend":
        """Raises PackageBroken."""
        import onnxruntime_genai as og

        from core.models.load import load_tokenizer

        try:
            config = og.Config(str(reference.folder))
            config.overlay(json.dumps({"model": {"decoder": {"session_options": _sharing(threads)}}}))
            model = og.Model(config)
            raw = og.Tokenizer(model)
            return cls(reference.folder, model, raw, load_tokenizer(reference.folder))
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            raise PackageBroken(name=reference.name, why=" ".join(str(error).split())[:200]) from error

    def prompt_ids(self, messages: Sequence[Turn]) -> list[int]:
        segments = prompt_segments(self.tokenizer, [turn.model_dump() for turn in messages])
        return [int(token) for segment in segments for token in self.raw.encode(segment)]

    def logits_of(self, ids: Sequence[int]) -> "numpy.ndarray":
        """Token by token: onnxruntime-genai hands out the logits of the last token only."""
        import numpy

        generator = self._generator(len(ids) + 1, None)
        rows = []
        for token in ids:
            generator.append_tokens([int(token)])
            rows.append(numpy.array(generator.get_logits(), dtype=numpy.float32).reshape(-1))
        return numpy.stack(rows)

    def generate(self, prompts: Sequence[Sequence[Turn]], options: Options, *, told: Told | None = None, stop: Stop = never) -> list[str]:
        """A prompt that fills the whole context has the answer ''."""
        answers: list[str] = []
        for messages in prompts:
            if stop():
                break
            ids = self.prompt_ids(messages)
            answers.append("".join(self._pieces(ids, options, stop)) if len(ids) < self.limit else "")
            if told is not None:
                told(len(answers), len(prompts))
        return answers + [""] * (len(prompts) - len(answers))

    def stream(self, messages: Sequence[Turn], options: Options, *, stop: Stop = never) -> Iterator[str]:
        """Raises QuestionTooLong."""
        ids = self.prompt_ids(messages)
        if len(ids) >= self.limit:
            raise QuestionTooLong(tokens=len(ids), limit=self.limit)
        yield from self._pieces(ids, options, stop)

    def _pieces(self, ids: list[int], options: Options, stop: Stop) -> Iterator[str]:
        if options.constraint is not None and options.constraint.choices:
            yield self._chosen(ids, options.constraint.choices, stop)
            return
        written: list[int] = []
        sent = 0
        for token in self._tokens(ids, options, stop):
            written.append(token)
            text = self._text(written)
            if len(text) > sent and not text.endswith(_TORN):
                yield text[sent:]
                sent = len(text)
        if rest := self._text(written)[sent:]:
            yield rest

    def _chosen(self, ids: list[int], choices: tuple[str, ...], stop: Stop) -> str:
        """What guidance by the choices' tokens writes (a test compares); here tokens that follow without a choice are read at once, not asked for."""
        if choices not in self._tries:
            self._tries[choices] = trie(answer_ids(self.tokenizer, choices, self.ends))
        chooser = TrieChooser(self._tries[choices], self.ends)
        pending = [*ids, *chooser.opening()]
        generator = self._generator(self.limit, None)
        while not chooser.done and not stop():
            generator.append_tokens(pending)
            pending = chooser.choose(generator.get_logits().reshape(-1, self._vocabulary)[-1])
        return "" if chooser.answer is None else choices[chooser.answer]

    def _tokens(self, ids: list[int], options: Options, stop: Stop) -> Iterator[int]:
        generator = self._generator(min(self.limit, len(ids) + options.max_new_tokens), options.constraint)
        generator.append_tokens(ids)
        for _ in range(options.max_new_tokens):
            if generator.is_done() or stop():
                return
            generator.generate_next_token()
            token = int(generator.get_next_tokens()[0])
            if token in self.ends:
                return
            yield token

    def _generator(self, max_length: int, constraint: Constraint | None) -> Any:
        import onnxruntime_genai as og

        params = og.GeneratorParams(self.model)
        params.set_search_options(do_sample=False, max_length=max_length, batch_size=1)
        if (allowed := guidance(constraint, self.tokenizer, self.ends)) is not None:
            params.set_guidance(*allowed)
        return og.Generator(self.model, params)

    def _text(self, ids: list[int]) -> str:
        plain = [token for token in ids if token not in self._special]
        return str(self.raw.decode(plain)) if plain else ""  # 0.14.1 ends the process with SIGFPE when it decodes nothing


def _sharing(threads: int) -> dict[str, int | str]:
    """Threads that wait sleep instead of spinning, as the cores are not ours alone."""
    return {"intra_op_num_threads": threads, "inter_op_num_threads": 1, "session.intra_op.allow_spinning": "0"}
