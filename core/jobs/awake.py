"""Keeping the computer awake while a long job works, with what its system has for that; and noticing that it slept all the same.

Linux: systemd-inhibit holds the lock while its command runs, which here reads a pipe that ends with this process, however it ends. macOS: caffeinate waits
for this process. Windows: the state belongs to the thread that asks for it. Where there is none of these the computer may sleep: the job goes on after it.
"""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

_LEAST_S = 30.0  # shorter gaps are corrections of the clock
_WHY = "A training is at work"


@contextlib.contextmanager
def kept_awake() -> Iterator[None]:
    """The screen may go dark: only sleep is held off."""
    if sys.platform == "win32":
        import ctypes

        continuous, system_required = 0x80000000, 0x00000001
        ctypes.windll.kernel32.SetThreadExecutionState(continuous | system_required)
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetThreadExecutionState(continuous)
        return
    holder = _holder()
    try:
        yield
    finally:
        if holder is not None and holder.stdin is not None:
            holder.stdin.close()
            holder.terminate()
            holder.wait()


def command(platform: str, process_id: int, which: Callable[[str], str | None] = shutil.which) -> list[str] | None:
    """What holds sleep off while it runs; None where the system has nothing for it."""
    if platform == "darwin":
        return ["caffeinate", "-i", "-m", "-w", str(process_id)] if which("caffeinate") else None
    if which("systemd-inhibit") is None or which("cat") is None:
        return None
    return ["systemd-inhibit", "--what=sleep:idle", "--who=Bottega", f"--why={_WHY}", "--mode=block", "cat"]


def _holder() -> "subprocess.Popen[bytes] | None":
    import os

    wanted = command(sys.platform, os.getpid())
    if wanted is None:
        return None
    with contextlib.suppress(OSError):
        return subprocess.Popen(wanted, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None


def asleep_clock() -> float:
    """Seconds that pass while the computer sleeps too, where there is such a clock; else those of the wall."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


class SleepWatch:
    """Compares a clock that goes on in sleep with one that does not. On Windows both go on, and nothing is noticed."""

    def __init__(self, *, awake: Callable[[], float] = time.monotonic, always: Callable[[], float] = asleep_clock) -> None:
        self._awake, self._always = awake, always
        self._ahead = always() - awake()

    def slept_s(self) -> float:
        """Seconds slept since it was asked last; 0 for what a correction of the clock would explain."""
        ahead = self._always() - self._awake()
        slept, self._ahead = ahead - self._ahead, ahead
        return slept if slept >= _LEAST_S else 0.0
