"""Who may come next: greedy choice of a token, free or within a constraint. One chooser a row; it holds what the row has written."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from os.path import commonprefix
from typing import TYPE_CHECKING

from core.inference.choices import Node, forced
from core.tasks.form import Form

if TYPE_CHECKING:
    from torch import Tensor

Decode = Callable[[list[int]], str]
Endings = Callable[[list[int]], Iterable[str]]  # what the unfinished last letter of these tokens can become
Tokens = Callable[[tuple[str, ...]], list[list[int]]]  # of beginnings of an answer
_FIRST_TRIED = 64  # most often the model's first wish is allowed; sorting the whole vocabulary is for the rest
_TORN = "\ufffd"  # what an unfinished UTF-8 character decodes to


class Chooser(ABC):
    """`written` are the tokens of the answer so far, the end mark never among them; `done` once nothing follows."""

    def __init__(self, ends: frozenset[int], most: int) -> None:
        self.written: list[int] = []
        self.done = most <= 0
        self._ends, self._most = ends, most

    def opening(self) -> list[int]:
        """Tokens that are certain before the model was asked."""
        return []

    @abstractmethod
    def choose(self, logits: "Tensor") -> list[int]:
        """From logits [vocabulary] of the next token: the tokens that follow now, one or more; empty when done."""

    def _take(self, token: int) -> list[int]:
        if token in self._ends:
            self.done = True
            return []
        self.written.append(token)
        if len(self.written) >= self._most:
            self.done = True
            return []
        return [token]


class FreeChooser(Chooser):
    """The likeliest token."""

    def choose(self, logits: "Tensor") -> list[int]:
        return self._take(int(logits.argmax()))


class TrieChooser(Chooser):
    """One of some answers. What follows without a choice is not asked for; `answer` is the number of the one that was written."""

    def __init__(self, root: Node, ends: frozenset[int]) -> None:
        super().__init__(ends, most=1)
        self.answer: int | None = None
        self._node = root

    def opening(self) -> list[int]:
        return self._follow()

    def choose(self, logits: "Tensor") -> list[int]:
        allowed = list(self._node.children)
        token = allowed[int(logits[allowed].argmax())]
        self._node = self._node.children[token]
        return [token, *self._follow()] if not self._finished() else []

    def _follow(self) -> list[int]:
        run, self._node = forced(self._node)
        return [] if self._finished() else run

    def _finished(self) -> bool:
        self.answer = self._node.answer
        self.done = self.answer is not None
        return self.done


class RegexChooser(Chooser):
    """The likeliest token after which the text can still become a match; the end mark only after a whole match."""

    def __init__(self, pattern: str, decode: Decode, endings: Endings, ends: frozenset[int], most: int) -> None:
        import regex  # the standard library's re knows no partial match

        super().__init__(ends, most)
        self._pattern, self._decode, self._endings = regex.compile(pattern), decode, endings

    def choose(self, logits: "Tensor") -> list[int]:
        first = min(_FIRST_TRIED, logits.shape[-1])
        before = self._decode(self.written)
        for token in logits.topk(first).indices.tolist():
            if self._allowed(token, before):
                return self._take(token)
        for token in logits.argsort(descending=True)[first:].tolist():
            if self._allowed(token, before):
                return self._take(token)
        self.done = True  # no token of this vocabulary leads on
        return []

    def _allowed(self, token: int, before: str) -> bool:
        if token in self._ends:
            return self._is_whole(before)
        after = self._decode([*self.written, token])
        if after == before:
            return False  # a special or empty token could be written for ever
        whole = after.rstrip(_TORN)
        if _TORN in whole or len(after) - len(whole) > 1:
            return False  # bytes that are no letter
        if whole == after:
            return self._leads_on(after)
        return any(self._leads_on(whole + letter) for letter in self._endings([*self.written, token]))

    def _leads_on(self, text: str) -> bool:
        return self._pattern.fullmatch(text, partial=True) is not None

    def _is_whole(self, text: str) -> bool:
        return self._pattern.fullmatch(text) is not None


class FormChooser(RegexChooser):
    """A form filled in: the names of the fields and what stands around them are not asked for, nor is the end after the last bracket.

    `tokens` gives the tokens of beginnings of an answer. What must follow is taken over only as far as all that may come behind it has the same
    tokens, since a tokenizer joins a quotation mark to what stands beside it; the rest is chosen token by token.
    """

    def __init__(self, form: Form, pattern: str, decode: Decode, endings: Endings, ends: frozenset[int], most: int, tokens: Tokens) -> None:
        super().__init__(pattern, decode, endings, ends, most)
        self._form, self._tokens = form, tokens

    def opening(self) -> list[int]:
        return self._ahead()

    def choose(self, logits: "Tensor") -> list[int]:
        run = super().choose(logits)
        return [] if self.done else run + self._ahead()

    def _ahead(self) -> list[int]:
        """Takes over what must follow; nothing where the tokens written so far are not those that a tokenizer would make of the text."""
        beginnings = self._form.ahead(self._decode(self.written))
        same = list(commonprefix(self._tokens(beginnings))) if beginnings else []
        run = same[len(self.written) : self._most] if same[: len(self.written)] == self.written else []
        self.written.extend(run)
        self.done = len(self.written) >= self._most or self._is_whole(self._decode(self.written))
        return [] if self.done else run
