"""What answers: one interface over transformers and onnxruntime-genai. All answers are greedy, so that the same question has the same answer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import UserError
from core.models.reference import Backend as BackendName
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class Options:
    """`max_new_tokens` counts what the model writes, the end mark not; `constraint` is what an answer may be, or None."""

    max_new_tokens: int = 64
    constraint: Constraint | None = None


class QuestionTooLong(UserError):
    """A prompt leaves no room for an answer in the model's context."""

    sentence = "This text has {tokens:,} tokens and the model reads at most {limit:,} together with its answer. Shorten it, or choose a model with a longer context."
    status = 422

    def __init__(self, *, tokens: int, limit: int) -> None:
        super().__init__(tokens=tokens, limit=limit)


Stop = Callable[[], bool]
Told = Callable[[int, int], None]  # answers finished, answers asked for


def never() -> bool:
    return False


class Backend(ABC):
    """A loaded model. Not for two threads at once. It reads at most `limit` tokens, those of its answer among them."""

    limit: int

    @abstractmethod
    def generate(self, prompts: Sequence[Sequence[Turn]], options: Options, *, told: Told | None = None, stop: Stop = never) -> list[str]:
        """One answer a prompt, in order, without the end mark. `told` hears of progress; with `stop` true the rest comes back as written so far."""

    @abstractmethod
    def stream(self, messages: Sequence[Turn], options: Options, *, stop: Stop = never) -> Iterator[str]:
        """Pieces of one answer as they are written; together they are what `generate` returns for it. A backend that knows how likely its answer is
        returns the likeliest Chances when the iterator ends."""

    @abstractmethod
    def prompt_ids(self, messages: Sequence[Turn]) -> list[int]:
        """The tokens of the rendered question, up to where the answer begins."""

    @abstractmethod
    def logits_of(self, ids: Sequence[int]) -> "numpy.ndarray":
        """float32 [tokens, vocabulary] of one sequence."""

    def logits(self, messages: Sequence[Turn]) -> "numpy.ndarray":
        """float32 [tokens, vocabulary] of the rendered question."""
        return self.logits_of(self.prompt_ids(messages))


def load(reference: ModelReference, threads: int = 2) -> Backend:
    """The backend that the reference names, with its model loaded. Heavy: only for children."""
    if reference.backend is BackendName.GENAI:
        from core.inference.genai_backend import GenaiBackend

        return GenaiBackend.load(reference, threads)
    if reference.has_head:
        from core.inference.head_backend import HeadBackend

        return HeadBackend.load(reference, threads)
    from core.inference.transformers_backend import TransformersBackend

    return TransformersBackend.load(reference, threads)
