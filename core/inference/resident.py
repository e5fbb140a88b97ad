"""The process that holds one loaded model: `python -m core.inference.resident`. It reads questions from stdin and ends when stdin does."""

import os
import queue
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError
from core.inference.base import Backend, Options, load
from core.inference.protocol import ASKED, Ended, Failed, Generate, Load, Loaded, Message, Stop, Token
from core.jobs.failures import plain_facts, told, unexpected
from core.quiet import be_quiet


class Resident:
    """Answers one question after the other; a reader thread hears of stops in between."""

    def __init__(self, asked: BinaryIO, said: BinaryIO) -> None:
        self._asked, self._said = asked, said
        self._waiting: queue.Queue[Load | Generate | None] = queue.Queue()
        self._stopped: set[int] = set()
        self._backend: Backend | None = None

    def run(self) -> None:
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while (message := self._waiting.get()) is not None:
            number = message.number if isinstance(message, Generate) else 0
            try:
                self._answer(message)
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

    def _answer(self, message: Load | Generate) -> None:
        if isinstance(message, Load):
            self._backend = load(message.reference, message.threads)
            self._say(Loaded())
            return
        assert self._backend is not None
        options = Options(max_new_tokens=message.max_new_tokens, constraint=message.constraint)
        for text in self._backend.stream(message.messages, options, stop=lambda: message.number in self._stopped):
            self._say(Token(number=message.number, text=text))
        self._say(Ended(number=message.number))

    def _fail(self, number: int, error: UserError) -> None:
        self._say(Failed(number=number, error=error.name, sentence=str(error), facts=plain_facts(error)))

    def _say(self, message: Message) -> None:
        self._said.write(message.line())
        self._said.flush()


def main() -> None:
    be_quiet()
    if hasattr(os, "nice"):
        os.nice(5)  # above jobs, below the person's own programs
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not stand between the messages
    Resident(sys.stdin.buffer, own).run()


if __name__ == "__main__":
    main()
