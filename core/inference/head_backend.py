"""Answers of a model with a head for categories: one look at the text, no writing; the likeliest category with its probability."""

from collections.abc import Generator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from core.inference.base import Backend, Options, QuestionTooLong, Stop, Told, never
from core.inference.chances import Chance
from core.inference.rendering import prompt_ids
from core.models.reference import ModelReference
from core.tasks.base import Turn

if TYPE_CHECKING:
    import numpy
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_TOKENS_AT_ONCE = 4096
_TOLD = 3  # chances that are told


class HeadBackend(Backend):
    """Holds a model with its head. What an answer may be is what the head knows; a constraint's choices narrow it."""

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
        from core.models.head import head_of

        head = head_of(model)
        assert head is not None
        self.model, self.tokenizer, self.labels = model, tokenizer, head.labels
        self.limit: int = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 1 << 30

    @classmethod
    def load(cls, reference: ModelReference, threads: int = 2) -> "HeadBackend":
        import torch

        from core.models.load import load_model, load_tokenizer

        torch.set_num_threads(threads)
        return cls(load_model(reference).eval(), load_tokenizer(reference.folder))

    def prompt_ids(self, messages: Sequence[Turn]) -> list[int]:
        return prompt_ids(self.tokenizer, messages)

    def logits_of(self, ids: Sequence[int]) -> "numpy.ndarray":
        """float32 [tokens, labels]."""
        import torch

        with torch.inference_mode():
            ids_tensor = torch.tensor([list(ids)], device=self.model.device)
            found: numpy.ndarray = self.model(input_ids=ids_tensor, use_cache=False).logits[0].float().cpu().numpy()
        return found

    def generate(self, prompts: Sequence[Sequence[Turn]], options: Options, *, told: Told | None = None, stop: Stop = never) -> list[str]:
        """A prompt that fills the whole context has the answer ''."""
        answers = [""] * len(prompts)
        ids = [self.prompt_ids(messages) for messages in prompts]
        fitting = sorted((number for number, prompt in enumerate(ids) if len(prompt) < self.limit), key=lambda number: len(ids[number]))
        finished = len(prompts) - len(fitting)
        for length, same in groupby(fitting, key=lambda number: len(ids[number])):
            numbers = list(same)
            size = max(1, _TOKENS_AT_ONCE // length)
            for at in range(0, len(numbers), size):
                if stop():
                    return answers
                chosen = numbers[at : at + size]
                best = self._scores([ids[number] for number in chosen], options).argmax(dim=-1).tolist()
                for number, label in zip(chosen, best, strict=True):
                    answers[number] = self.labels[label]
                finished += len(chosen)
                if told is not None:
                    told(finished, len(prompts))
        return answers

    def stream(self, messages: Sequence[Turn], options: Options, *, stop: Stop = never) -> Generator[str, None, tuple[Chance, ...]]:
        """The category in one piece; the likeliest few with their probabilities are what is returned. Raises QuestionTooLong."""
        ids = self.prompt_ids(messages)
        if len(ids) >= self.limit:
            raise QuestionTooLong(tokens=len(ids), limit=self.limit)
        shares = self._scores([ids], options)[0].softmax(dim=-1)
        likeliest = shares.topk(min(_TOLD, len(self.labels)))
        chances = tuple(
            Chance(label=self.labels[number], share=share)
            for share, number in zip(likeliest.values.tolist(), likeliest.indices.tolist(), strict=True)
            if share > 0
        )
        yield chances[0].label
        return chances

    def _scores(self, ids: list[list[int]], options: Options) -> "Tensor":
        """float32 [rows, labels] of prompts of equal length; minus infinity for what the constraint leaves out."""
        import torch

        with torch.inference_mode():
            scores: Tensor = self.model(input_ids=torch.tensor(ids, device=self.model.device), use_cache=False, logits_to_keep=1).logits[:, -1]
            allowed = set(options.constraint.choices) if options.constraint is not None else set()
            outside = [number for number, label in enumerate(self.labels) if label not in allowed]
            if len(outside) < len(self.labels):
                scores[:, outside] = float("-inf")
        return scores.float().cpu()
