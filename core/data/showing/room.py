"""The server's side of the child that holds tokenizers: started when it is first asked, let go when nobody has asked for a while."""

import contextlib
import subprocess
import threading
from pathlib import Path

from core.data.showing.protocol import SAID, Asked, Failed, Said
from core.errors import UserError
from core.jobs.failures import rebuilt
from core.jobs.launch import converse

_PATIENCE_S = 60.0
LOG_FILE = "showing.log"


class ShowingGone(UserError):
    """The child that shows examples ended or took too long."""

    sentence = "The example could not be shown: the process that prepares it ended or took too long. Ask again. Nothing was changed."
    status = 503

    def __init__(self) -> None:
        super().__init__()


class ShowingRoom:
    """One child at most; one question at a time."""

    def __init__(self, idle_s: float = 300.0, log: Path | None = None, patience_s: float = _PATIENCE_S) -> None:
        self._idle_s, self._log, self._patience_s = idle_s, log, patience_s
        self._asking = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None
        self._closed = False

    def ask(self, asked: Asked) -> Said:
        """Never Failed: raises what the child failed with, or ShowingGone."""
        with self._asking:
            process = self._running()
            watch = threading.Timer(self._patience_s, process.kill)  # a reading that waits ends when the child does
            watch.daemon = True
            watch.start()
            try:
                line = _exchanged(process, asked.line())
            finally:
                watch.cancel()
                self._wait_idle()
            if not line:
                self._end()
                raise ShowingGone()
        said = SAID.validate_json(line)
        if isinstance(said, Failed):
            raise rebuilt(said.error, said.sentence, said.facts)
        return said

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def let_go(self) -> None:
        with self._asking:
            self._end()

    def close(self) -> None:
        with self._asking:
            self._closed = True
            self._end()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._closed:
            raise ShowingGone()
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._process = converse("core.inference.showing", threads=1, log=self._log)
        return self._process

    def _wait_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = threading.Timer(self._idle_s, self.let_go)
        self._idle.daemon = True
        self._idle.start()

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


def _exchanged(process: "subprocess.Popen[bytes]", line: bytes) -> bytes:
    """The child's line for ours; empty when it is gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(line)
        process.stdin.flush()
        return process.stdout.readline()
    except (OSError, ValueError):
        return b""
