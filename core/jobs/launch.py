"""Starts and kills child processes, on POSIX and on Windows."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import core
from core.jobs.handle import LOCK_FILE, LOG_FILE
from core.quiet import quiet_environment
from storage.files import FolderLock

_THREAD_SWITCHES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# Threads that wait for each other sleep instead of spinning: on cores that other programs use too, a 7 M model wrote a token in 4 ms instead of 400.
_PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}


def child_environment(*, threads: int, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Quiet, with capped threads, able to import us whatever the working folder is."""
    root = str(Path(core.__file__).resolve().parent.parent)
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    capped = dict.fromkeys(_THREAD_SWITCHES, str(threads))
    return {**quiet_environment(), **capped, **_PATIENT_THREADS, "PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **(extra or {})}


def launch(folder: Path, attempt: int, *, threads: int, extra: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """The child of a run folder: its own session, stdin closed, its words in log.txt. `-P`: nothing that lies in the run folder is imported."""
    with (folder / LOG_FILE).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "core.jobs.child", str(folder), str(attempt)],
            cwd=folder,
            env=child_environment(threads=threads, extra=extra),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            start_new_session=sys.platform != "win32",
            creationflags=windows_flags(),
        )


def converse(module: str, *, threads: int, log: Path | None) -> "subprocess.Popen[bytes]":
    """A child that answers over its pipes, `python -m MODULE`; what it tells of itself goes to the end of `log`."""
    with Path(log or os.devnull).open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            env=child_environment(threads=threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=sys.platform != "win32",
            creationflags=windows_flags(),
        )


def windows_flags() -> int:
    """Its own group, below normal priority, no console window; 0 elsewhere, where the child lowers its own priority."""
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW


def kill_child(folder: Path) -> None:
    """End the process that holds the folder's lock, with all that it started. The lock being held now, the number in it is its holder's."""
    if not FolderLock(folder / LOCK_FILE).is_held_by_anyone():
        return
    text = FolderLock(folder / LOCK_FILE).path.read_text(encoding="ascii", errors="replace").strip()
    if text.isdigit():
        kill_tree(int(text))


def kill_tree(process_id: int) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process_id, signal.SIGKILL)
        return
    import psutil  # Windows has no process groups to kill

    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process_id)
        for process in [*parent.children(recursive=True), parent]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
