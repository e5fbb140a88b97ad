"""Ending a job in words before the system ends it without: when the computer's memory is nearly used up and this job holds much of it."""

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

_LOOK_EVERY_S = 0.5
_LEAST_FREE_SHARE = 0.03
_MUCH = 0.4  # of the memory there is: who holds less is not the one to go
_GROUP, _STATUS = Path("/sys/fs/cgroup"), Path("/proc/self/status")


def free_share(group: Path = _GROUP) -> float:
    """How much of the memory that this process may use is free, from 0 to 1: the computer's, or its container's where that is tighter."""
    import psutil

    memory = psutil.virtual_memory()
    share = memory.available / memory.total
    limit, used = _number(group / "memory.max"), _number(group / "memory.current")
    if limit and used is not None:
        cache = _cache(group / "memory.stat")
        share = min(share, max(0.0, (limit - used + cache) / limit))
    return share


def peak_bytes() -> int:
    """The most memory that this process has had. Linux hands a parent's own peak down to its children in getrusage; /proc has theirs alone."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text()) if _STATUS.exists() else None
    if found is not None:
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class MemoryWatch:
    """A thread that calls `full` once, when memory is nearly used up by this process."""

    def __init__(self, full: Callable[[], None], *, free: Callable[[], float] = free_share, held: "Callable[[], float] | None" = None) -> None:
        self._full, self._free, self._held = full, free, held or _held_share
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            if self._free() < _LEAST_FREE_SHARE and self._held() > _MUCH:
                self._full()
                return


def _held_share() -> float:
    import psutil

    limit = _number(_GROUP / "memory.max") or psutil.virtual_memory().total
    return psutil.Process(os.getpid()).memory_info().rss / limit


def _number(file: Path) -> int | None:
    """None where there is none, or 'max'."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _cache(stat: Path) -> int:
    """What the system holds for files and gives back when asked."""
    try:
        lines = stat.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file ")))
