"""A child that may use only so much memory, time and disk: how it binds itself, and how a server runs one and learns what came of it."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.jobs.launch import child_environment, kill_tree, windows_flags

_TOO_LONG = frozenset({-getattr(signal, "SIGXCPU", 24)})


@dataclass(frozen=True)
class Confines:
    """`memory_bytes` is of addresses (RLIMIT_AS), which are more than the memory in use; `file_bytes` is of one written file.

    POSIX only, but for `wall_s`: Windows has no such limits without a job object.
    """

    memory_bytes: int = 2 << 30
    cpu_s: int = 20
    wall_s: float = 30.0
    file_bytes: int = 1 << 30


class OverTime(Exception):
    """The child took longer than it may; it is gone. Never leaves core.data."""


class Died(Exception):
    """The child ended without a word, by a signal or a fault of a library. Never leaves core.data."""


def confine(confines: Confines) -> None:
    """Bind this process, for good. A file that grows too large gives an OSError, memory that is not there a MemoryError."""
    if sys.platform == "win32":
        return
    import resource

    for limit, value in (
        (resource.RLIMIT_AS, confines.memory_bytes),
        (resource.RLIMIT_CPU, confines.cpu_s),
        (resource.RLIMIT_FSIZE, confines.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def run_confined(module: str, request: str, confines: Confines) -> str:
    """Run `python -m MODULE REQUEST`, which confines itself, in a temporary folder of its own that is gone afterwards; what it printed.

    Raises OverTime, Died.
    """
    with tempfile.TemporaryDirectory(prefix="bottega-look-", ignore_cleanup_errors=True) as folder:
        extra = {"TMPDIR": folder, "TMP": folder, "TEMP": folder, "ARROW_DEFAULT_MEMORY_POOL": "system"}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, request],
            cwd=folder,
            env=child_environment(threads=1, extra=extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
            creationflags=windows_flags(),
        )
        try:
            said, _ = process.communicate(timeout=confines.wall_s)
        except subprocess.TimeoutExpired as error:
            raise OverTime from error
        finally:
            if process.poll() is None:
                kill_tree(process.pid)
                process.communicate()
        if process.returncode in _TOO_LONG:
            raise OverTime
        if process.returncode != 0:
            raise Died(f"status {process.returncode} in {Path(folder).name}")
        return said.decode("utf-8")


def be_modest() -> None:
    """The person's own programs come first."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(5)
