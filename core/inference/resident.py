"""The process that holds one loaded model: `python -m core.inference.resident`. It reads questions from stdin and ends when stdin does."""

import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError
from core.inference.base import Backend, Options, load
from core.inference.protocol import ASKED, Ended, Failed, Generate, Load, Loaded, Message, Stop, Token
from core.inference.shared import SharedBase, Stream, told_at_end
from core.inference.transformers_backend import TransformersBackend
from core.jobs.failures import plain_facts, told, unexpected
from core.quiet import be_quiet


class Resident:
    """Answers several questions a piece each in turn, so that two that stand side by side grow together; a reader thread hears of stops in between."""

    def __init__(self, asked: BinaryIO, said: BinaryIO) -> None:
        self._asked, self._said = asked, said
        self._waiting: queue.Queue[Load | Generate] = queue.Queue()
        self._stopped: set[int] = set()
        self._going: dict[int, Stream] = {}
        self._model: SharedBase | Backend | None = None

    def run(self) -> None:
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            while not self._going or not self._waiting.empty():
                message = self._waiting.get()
                self._doing(message.number if isinstance(message, Generate) else 0, lambda: self._begin(message))  # noqa: B023
            for number in list(self._going):
                self._doing(number, lambda: self._step(number))  # noqa: B023

    def _doing(self, number: int, act: Callable[[], None]) -> None:
        try:
            act()
        except UserError as error:
            self._fail(number, error)
        except Exception as error:  # noqa: BLE001 - whatever a library throws becomes a sentence, and the child goes on
            self._fail(number, told(error, place=Path.home()) or unexpected(error, "inference.log"))

    def _listen(self) -> None:
        for line in self._asked:
            message = ASKED.validate_json(line)
            if isinstance(message, Stop):
                self._stopped.add(message.number)
            else:
                self._waiting.put(message)
        os._exit(0)  # the server is gone: nobody waits for an answer

    def _begin(self, message: Load | Generate) -> None:
        if isinstance(message, Load):
            self._model = _loaded(message)
            self._say(Loaded())
            return
        assert self._model is not None
        options = Options(max_new_tokens=message.max_new_tokens, constraint=message.constraint)

        def stop() -> bool:
            return message.number in self._stopped

        if isinstance(self._model, SharedBase):
            self._going[message.number] = self._model.stream(message.adapter, message.messages, options, stop)
        else:
            self._going[message.number] = told_at_end(self._model.stream(message.messages, options, stop=stop))

    def _step(self, number: int) -> None:
        try:
            text = next(self._going[number])
        except StopIteration as ended:
            del self._going[number]
            self._say(Ended(number=number, chances=ended.value))
            return
        self._say(Token(number=number, text=text))

    def _fail(self, number: int, error: UserError) -> None:
        self._going.pop(number, None)
        self._say(Failed(number=number, error=error.name, sentence=str(error), facts=plain_facts(error)))

    def _say(self, message: Message) -> None:
        self._said.write(message.line())
        self._said.flush()


def _loaded(message: Load) -> SharedBase | Backend:
    backend = load(message.reference, message.threads)
    if not isinstance(backend, TransformersBackend):
        return backend
    if message.adapters:
        import peft  # noqa: F401  # seconds, which the first question would wait for
    return SharedBase(backend)


def main() -> None:
    be_quiet()
    if hasattr(os, "nice"):
        os.nice(5)  # above jobs, below the person's own programs
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not stand between the messages
    Resident(sys.stdin.buffer, own).run()


if __name__ == "__main__":
    main()
