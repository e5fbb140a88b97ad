"""What a job's main holds: its spec, its folder, its voice. Standard library, pydantic and storage.files only, so that a child starts lightly."""

import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from core.errors import UserError
from core.jobs.events import Artefact, Event, Failure, Progress, State, to_line
from core.jobs.spec import SPEC_FILE as SPEC_FILE
from core.jobs.spec import JobSpec
from storage.files import sha256_of

EVENTS_FILE = "events.jsonl"
STOP_FILE = "stop"
PAUSE_FILE = "pause"
LOG_FILE = "log.txt"
LOCK_FILE = "lock"
RESERVE_FILE = "reserve"
LATE_CHILD_S = 5.0  # how long the lock of a folder is waited for: one that looks, or a late child of an earlier attempt, holds it for an instant
_RESERVE_BYTES = 64 * 1024  # given back when the disk is full, so that the child can still say so


class JobStopped(Exception):
    """A main raises it (or `check_stop` does) when it ends because it was asked to; the job counts as stopped, what it saved is kept."""


class JobPaused(JobStopped):
    """As JobStopped, to go on later: the job counts as paused."""


class InputChanged(UserError):
    """An input's hash is not the one in the spec."""

    sentence = "The file '{name}' of this job was changed or is missing, so the job would work on other rows than asked. Start it again from its page. Nothing was changed."

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class ChildJob:
    """One attempt at a job, inside its own process. Events go to the end of events.jsonl, whole lines only."""

    def __init__(self, folder: Path, spec: JobSpec) -> None:
        self.folder, self.spec = folder, spec
        self._writing = threading.Lock()
        self._asked_to_stop = self._asked_to_pause = False
        self._stop_file, self._pause_file = str(folder / STOP_FILE), str(folder / PAUSE_FILE)
        _keep_reserve(folder)
        self._events = _opened(folder / EVENTS_FILE)

    def listen_to_signals(self) -> None:
        """SIGTERM (and Ctrl-Break on Windows) ask for a stop, as the stop file does."""
        signal.signal(signal.SIGTERM, self._on_signal)
        if hasattr(signal, "SIGBREAK"):
            signal.signal(signal.SIGBREAK, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def input(self, name: str) -> Path:
        """The path of an input that the spec names. Raises InputChanged when its bytes are not those that were given."""
        path = self.folder / name
        if name not in self.spec.inputs or not path.is_file() or sha256_of(path) != self.spec.inputs[name]:
            raise InputChanged(name=name)
        return path

    def emit(self, event: Event) -> None:
        """Append one line, whole or not at all. OSError when the disk is full."""
        with self._writing:
            before = self._events.tell()
            try:
                _write_whole(self._events, to_line(event).encode())
            except OSError:
                self._events.truncate(before)
                self._events.seek(before)
                raise

    def say_end(self, event: State | Failure) -> None:
        """The last word, for which room was kept aside: a full disk does not swallow it."""
        (self.folder / RESERVE_FILE).unlink(missing_ok=True)
        self.emit(event)

    def progress(self, share: float | None, key: str, english: str, seconds_left: float | None = None) -> None:
        """`key` finds the sentence in a word file, `english` is what is said where it has none."""
        self.emit(Progress(share, key, seconds_left, english))

    def stop_requested(self) -> bool:
        """Cheap enough to ask at every step (a few microseconds)."""
        if not self._asked_to_stop:
            self._asked_to_stop = os.path.exists(self._stop_file)
        return self._asked_to_stop

    def pause_requested(self) -> bool:
        """A stop that was asked for as well goes before it."""
        if not self._asked_to_pause:
            self._asked_to_pause = os.path.exists(self._pause_file)
        return self._asked_to_pause and not self.stop_requested()

    def end_requested(self) -> bool:
        """A stop or a pause."""
        return self.stop_requested() or self.pause_requested()

    def check_stop(self) -> None:
        """Raises JobStopped when a stop was asked for, JobPaused when a pause was."""
        if self.stop_requested():
            raise JobStopped
        if self.pause_requested():
            raise JobPaused

    def artefact(self, name: str, path: Path) -> Artefact:
        """Announce a finished file of the run folder."""
        event = Artefact(name, path.resolve().relative_to(self.folder.resolve()).as_posix(), sha256_of(path), path.stat().st_size)
        self.emit(event)
        return event

    def close(self) -> None:
        self._events.close()


def _keep_reserve(folder: Path) -> None:
    (folder / RESERVE_FILE).write_bytes(os.urandom(_RESERVE_BYTES))  # random: a compressing disk would keep zeros in no room


def _opened(path: Path) -> BinaryIO:
    """At the end of the last whole line: a child that was killed may have left half a one, which no reader has counted."""
    path.touch()
    file = path.open("r+b", buffering=0)
    data = file.read()
    end = data.rfind(b"\n") + 1
    file.truncate(end)
    file.seek(end)
    return file


def _write_whole(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
