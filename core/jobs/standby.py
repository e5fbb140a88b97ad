"""A child that stands by: what the next job of a kind imports is imported already, so that the job begins at once. At most one, given up when nobody comes."""

import contextlib
import json
import subprocess
import threading
from pathlib import Path

from core.jobs.launch import converse, kill_tree
from core.jobs.spec import Kind

IDLE_S = 300.0


class Standby:
    """One in a supervisor, for threads. The child ends with this process, however that ends, since then its input does."""

    def __init__(self, log: Path, *, threads: int, idle_s: float = IDLE_S) -> None:
        self._log, self._threads, self._idle_s = log, threads, idle_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._beforehand: str | None = None
        self._timer: threading.Timer | None = None

    def prepare(self, kind: Kind) -> bool:
        """Start one for this kind, or keep the one that is there for longer. False where the kind has nothing to do beforehand."""
        if kind.beforehand is None:
            return False
        with self._lock:
            if not self._lives() or self._beforehand != kind.beforehand:
                self._end()
                self._child, self._beforehand = converse("core.jobs.standing_by", threads=self._threads, log=self._log), kind.beforehand
                self._write(kind.beforehand)
            self._wait_anew()
        return True

    def hand_over(self, kind: Kind, folder: Path, attempt: int) -> "subprocess.Popen[bytes] | None":
        """It becomes the child of this run folder and is ours no longer; None where none stands by for this kind."""
        with self._lock:
            if kind.beforehand is None or kind.beforehand != self._beforehand or not self._lives():
                return None
            child, self._child = self._child, None
            self._stop_waiting()
            if not self._write(json.dumps({"folder": str(folder), "attempt": attempt}), child):
                return None
            _let_go(child)
            return child

    @property
    def process_id(self) -> int | None:
        """Of the one that stands by now."""
        with self._lock:
            return self._child.pid if self._child is not None and self._lives() else None

    def give_up(self) -> None:
        """End it, and with it what it holds."""
        with self._lock:
            self._stop_waiting()
            self._end()

    def _lives(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _write(self, line: str, child: "subprocess.Popen[bytes] | None" = None) -> bool:
        """False when it is gone: the job then starts without it."""
        to = child or self._child
        assert to is not None
        assert to.stdin is not None
        try:
            to.stdin.write(line.encode() + b"\n")
            to.stdin.flush()
        except OSError:
            return False
        return True

    def _wait_anew(self) -> None:
        self._stop_waiting()
        self._timer = threading.Timer(self._idle_s, self.give_up)
        self._timer.daemon = True
        self._timer.start()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        if self._child is None:
            return
        kill_tree(self._child.pid)
        _let_go(self._child)
        self._child.wait()
        self._child = None


def _let_go(child: "subprocess.Popen[bytes] | None") -> None:
    """Of its pipes; what it says as a job stands in its folder."""
    for pipe in (child.stdin, child.stdout) if child is not None else ():
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
