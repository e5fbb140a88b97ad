"""Turns what a child threw into a sentence, and a sentence that came over a pipe or a file back into an error."""

import errno
import os
import sys
import traceback
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import DiskFull, Unexpected, UserError
from core.jobs.events import Failure
from core.sentence import as_plain, from_plain

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_WINDOWS_FULL = {39, 112}  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
_FULL_WORDS = ("no space left on device", "not enough space on the disk", "disk quota exceeded")
_MEMORY_WORDS = ("defaultcpuallocator", "can't allocate memory", "not enough memory", "cannot allocate memory", "bad_alloc", "out of memory")
_SECRET_NAMES = ("TOKEN", "SECRET", "PASSWORD", "API_KEY")


class OutOfMemory(UserError):
    """The machine, or the limit of this job, has no memory left for it."""

    sentence = "There was not enough memory for this job. Close other programs, or choose a smaller model, shorter texts or fewer rows at once. What was saved until then is kept."
    status = 507

    def __init__(self) -> None:
        super().__init__()


class SaidByChild(UserError):
    """Told by a child, in a class that this process has not imported: it keeps that class's name, so that word files find its sentence."""

    sentence = "{said}"

    def __init__(self, *, said: str, error: str = "SaidByChild", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(**{**(facts or {}), "said": said})
        self._error = error

    @property
    def name(self) -> str:
        return self._error


def told(error: BaseException, *, place: Path) -> UserError | None:
    """A full disk or no memory, wherever in the chain of causes it stands; None for anything else."""
    for cause in _causes(error):
        text = str(cause).lower()
        if _is_full(cause) or any(words in text for words in _FULL_WORDS):
            return DiskFull(needed="some more megabytes", free=_free(place), place="the data folder")
        if isinstance(cause, MemoryError) or type(cause).__name__ == "OutOfMemoryError" or _says_memory(cause, text):
            return OutOfMemory()
    return None


def unexpected(error: Exception, log: str) -> Unexpected:
    """A fault of ours: its trace goes to stderr, which is the file `log`, under the number that the person is told."""
    reference = uuid.uuid4().hex[:8]
    sys.stderr.write(f"{reference}\n{''.join(traceback.format_exception(error))}")
    sys.stderr.flush()
    return Unexpected(reference=reference, log=log)


def plain_facts(error: UserError) -> dict[str, Any]:
    """An error's facts on their way through a pipe or a file, to where `rebuilt` takes them."""
    return {name: as_plain(fact) for name, fact in error.facts.items()}


def failure(error: UserError, details: str = "") -> Failure:
    """As a job's last word says it."""
    return Failure(error.name, str(error), plain_facts(error), details)


def rebuilt(name: str, sentence: str, facts: Mapping[str, Any]) -> UserError:
    """The error that a child named; SaidByChild when its class was never imported here."""
    facts = {key: from_plain(value) for key, value in facts.items()}
    for kind in _known(UserError):
        if kind.__name__ == name:
            error = kind.__new__(kind)
            UserError.__init__(error, **facts)
            return error
    return SaidByChild(said=sentence, error=name, facts=facts)


def redacted(text: str, environment: Mapping[str, str]) -> str:
    """Without the values of secrets that were handed over in the environment."""
    for name, value in environment.items():
        if len(value) >= 6 and any(word in name.upper() for word in _SECRET_NAMES):
            text = text.replace(value, f"<{name}>")
    return text


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and (error.errno in _FULL or getattr(error, "winerror", None) in _WINDOWS_FULL)


def _says_memory(error: BaseException, text: str) -> bool:
    return isinstance(error, OSError | RuntimeError) and any(words in text for words in _MEMORY_WORDS)


def _known(kind: type[UserError]) -> Iterator[type[UserError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _known(below)


def _free(place: Path) -> str:
    import shutil

    return f"{shutil.disk_usage(place if os.path.exists(place) else place.anchor).free / 1e6:,.0f} MB"
