"""The server's side of one resident child: the way of a question there and of its words back."""

import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from core.errors import UserError
from core.inference.chances import Chance
from core.inference.protocol import SAID, Ended, Failed, Generate, Load, Loaded, Message, Stop, Token
from core.jobs.failures import rebuilt
from core.jobs.launch import converse
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn

_LOAD_PATIENCE_S = 300.0
_WORD_PATIENCE_S = 600.0  # another answer of the same model may come first


class ModelGone(UserError):
    """The child that held a model ended in the middle, most often for want of memory."""

    sentence = "The process that held the model '{model}' ended before it had answered, perhaps for want of memory. Ask again; it is loaded anew."
    status = 503

    def __init__(self, *, model: str) -> None:
        super().__init__(model=model)


_Said = Loaded | Token | Ended | Failed


class LoadedModel:
    """One resident process with its model, `adapters` to come on it or not. `users` and `used_at` belong to the pool's condition."""

    def __init__(self, reference: ModelReference, threads: int, log: Path | None, *, adapters: bool = False) -> None:
        self.reference = reference
        self.users, self.used_at = 0, time.monotonic()
        self._numbers = itertools.count(1)
        self._heard: dict[int, queue.SimpleQueue[_Said | None]] = {0: queue.SimpleQueue()}
        self._lock = threading.Lock()
        self._gone = self._loaded = False
        self._process = converse("core.inference.resident", threads=threads, log=log)
        threading.Thread(target=self._listen, name="resident", daemon=True).start()
        self.send(Load(reference=reference, threads=threads, adapters=adapters))

    def usable(self) -> bool:
        """Whether it can be asked again: it lives and its model was loaded."""
        return self.is_alive() and self._loaded

    def await_loaded(self) -> None:
        """Raises what the child says it failed with, or ModelGone."""
        said = self._next(0, _LOAD_PATIENCE_S)
        self._heard[0].put(said)  # for the next that asks
        if isinstance(said, Failed):
            raise rebuilt(said.error, said.sentence, said.facts)
        self._loaded = True

    def ask(
        self, messages: Sequence[Turn], max_new_tokens: int, constraint: Constraint | None, seed: int, adapter: ModelReference | None = None
    ) -> Generator[str, None, tuple[Chance, ...]]:
        """Closing the iterator stops the child's answer. At its end it returns the likeliest categories where the model knows them."""
        number = next(self._numbers)
        self._heard[number] = queue.SimpleQueue()
        ended = False
        try:
            asked = Generate(
                number=number, messages=tuple(messages), max_new_tokens=max_new_tokens, constraint=constraint, seed=seed, adapter=adapter
            )  # fmt: skip
            self.send(asked)
            while True:
                said = self._next(number, _WORD_PATIENCE_S)
                if isinstance(said, Token):
                    yield said.text
                    continue
                ended = True
                if isinstance(said, Failed):
                    raise rebuilt(said.error, said.sentence, said.facts)
                return said.chances if isinstance(said, Ended) else ()
        finally:
            if not ended:
                with contextlib.suppress(ModelGone):
                    self.send(Stop(number=number))
            self._heard.pop(number, None)

    def send(self, message: Message) -> None:
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(message.line())
                self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ModelGone(model=self.reference.name) from error

    def is_alive(self) -> bool:
        return not self._gone and self._process.poll() is None

    def end(self) -> None:
        """At once; whoever waits for a word hears ModelGone."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError):  # what was still buffered has no reader any more
            self._process.stdin.close()

    def _next(self, number: int, patience_s: float) -> _Said:
        try:
            said = self._heard[number].get(timeout=0 if self._gone else patience_s)
        except queue.Empty as error:
            raise ModelGone(model=self.reference.name) from error
        if said is None:
            raise ModelGone(model=self.reference.name)
        return said

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                said = SAID.validate_json(line)
                if (heard := self._heard.get(said.number)) is not None:
                    heard.put(said)
        self._gone = True
        for heard in list(self._heard.values()):
            heard.put(None)
