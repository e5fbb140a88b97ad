"""Rows that are longer than the model reads at once."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, NotChecked
from core.data.doctor.rows import facts
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from core.data.doctor.rows import Rows

_FRAME_TOKENS = 16  # the marks of a chat template around a question and its answer
_SURE = 0.75  # of what a model reads: a text whose words make less than this fits, and one whose words make more than its inverse does not
_BATCH, _MOST_WORDS = 500, 500_000


class CutAnswers(Check):
    name: ClassVar[str] = "cut-answers"
    label: ClassVar[str] = "Rows longer than the model can read"
    why: ClassVar[str] = (
        "What does not fit is cut, so the model learns half a question or half an answer. Shorten them, or choose a model that reads more."
    )
    term: ClassVar[str] = "truncated by the context length"
    mends: ClassVar = (MARK,)
    order: ClassVar[int] = 21
    cost: ClassVar[float] = 3.0

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        """bundle 1: the answer alone is too long, 0: the row as a whole. Only rows that may be too long are counted out."""
        if context.tokenizer is None or context.context_tokens is None:
            raise NotChecked("doctor.no_tokenizer", "no model is here whose way of reading could be asked")
        from tokenizers import Tokenizer

        tokenizer, limit = Tokenizer.from_file(str(context.tokenizer)), context.context_tokens
        tokenizer.no_truncation()
        tokenizer.no_padding()
        words = _Words(tokenizer)
        most = 32 * limit  # a word of more than 32 letters a token is no text: what is behind is cut in any case
        for block in rows.blocks():
            # A text has never more tokens than bytes.
            long = [at for at, text in enumerate(block.texts) if len(text) * (1 if text.isascii() else 4) + _FRAME_TOKENS > limit]
            words.learn(block.texts[at][:most] for at in long)
            about = {at: words.about(block.texts[at][:most]) + _FRAME_TOKENS for at in long}
            near = [at for at in long if _SURE * limit < about[at] <= limit / _SURE]
            exact = zip(near, _counted(tokenizer, [block.texts[at][:most] for at in near]), strict=True)
            sizes = about | {at: size + _FRAME_TOKENS for at, size in exact}
            for at in long:
                if sizes[at] > limit:
                    alone = words.about((block.answers[at] or "")[:most]) > limit
                    yield Found(self.name, rows.positions[block.start + at], int(alone), facts(pieces=sizes[at], most=limit))


def _counted(tokenizer: "Tokenizer", texts: list[str]) -> list[int]:
    return [
        len(one)
        for start in range(0, len(texts), _BATCH)
        for one in tokenizer.encode_batch_fast(texts[start : start + _BATCH], add_special_tokens=False)
    ]


class _Words:
    """How many tokens each word is, asked once: a text is about as many as its words together, and hardly ever more."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer, self._known = tokenizer, dict[str, int]()

    def learn(self, texts: Iterable[str]) -> None:
        if len(self._known) > _MOST_WORDS:
            self._known.clear()
        new = list({word for text in texts for word in text.split()} - self._known.keys())
        self._known.update(zip(new, _counted(self._tokenizer, [f" {word}" for word in new]), strict=True))

    def about(self, text: str) -> int:
        """Each further white space counts as a token of its own."""
        words = text.split()
        return sum(self._known.get(word, len(word)) for word in words) + len(text) - sum(map(len, words)) - len(words) + 1
