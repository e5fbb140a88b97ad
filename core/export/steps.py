"""A step of an export in its own process: its memory goes back to the system, it ends with its parent, and it reaches no network."""

import importlib
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.errors import UserError
from core.jobs.failures import rebuilt, told
from core.jobs.handle import ChildJob, JobStopped
from core.jobs.launch import child_environment

_BEAT_S = 0.1
_KILLED = -9


class ExportFailed(UserError):
    """A step of an export ended badly; `step` is a few words, `why` a library's own."""

    sentence = "The export failed while {step}: {why}. The trained model is kept and unchanged; details are in the job's log. Nothing half-finished was left."
    status = 500

    def __init__(self, *, step: str, why: str) -> None:
        super().__init__(step=step, why=why)


class _Told(BaseModel):
    """What a step that failed writes: a UserError by name, or a library's words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    error: str
    sentence: str
    facts: dict[str, Any]


def run_step(job: ChildJob, work: Path, main: str, request: BaseModel, *, doing: str, extra: Mapping[str, str] | None = None) -> None:
    """Run `main` ('core.export.merge:main') with `request` and wait. Raises what the step raised, ExportFailed, or JobStopped after ending it.

    `extra` is added to its environment. What it prints goes to the job's log; its home and caches lie in `work`, so that nothing is left elsewhere.
    """
    asked, failed = work / "step.json", work / "step-failed.json"
    asked.write_text(request.model_dump_json(), encoding="utf-8")
    failed.unlink(missing_ok=True)
    places = {name: str(work / "caches") for name in ("HF_HOME", "XDG_CACHE_HOME", "HOME", "USERPROFILE", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP")}
    (work / "caches").mkdir(parents=True, exist_ok=True)
    environment = child_environment(threads=job.spec.threads, extra={**places, **(extra or {})})
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "core.export.steps", main, str(asked), str(failed)],
        cwd=work,
        env=environment,
        stdin=subprocess.PIPE,  # its end tells the step that we are gone
    )
    assert process.stdin is not None
    try:
        _await(process, job)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
    if process.returncode != 0:
        raise _error(failed, process.returncode, doing, work)


def _await(process: "subprocess.Popen[bytes]", job: ChildJob) -> None:
    while True:
        try:
            process.wait(_BEAT_S)
        except subprocess.TimeoutExpired:
            if job.stop_requested():
                raise JobStopped from None
            continue
        return


def _error(failed: Path, status: int, doing: str, work: Path) -> UserError:
    try:
        said = _Told.model_validate_json(failed.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        if status == _KILLED:
            return ExportFailed(step=doing, why="the system ended the process, most often for want of memory")
        return ExportFailed(step=doing, why=f"the process ended with status {status}")
    if said.error:
        return rebuilt(said.error, said.sentence, said.facts)
    if (full := told(OSError(said.sentence), place=work)) is not None:
        return full
    return ExportFailed(step=doing, why=said.sentence)


def main(arguments: list[str]) -> int:
    """Inside the step's process."""
    name, asked, failed = arguments[0], Path(arguments[1]), Path(arguments[2])
    end_with_parent()
    stay_offline()
    module, function = name.split(":")
    try:
        getattr(importlib.import_module(module), function)(json.loads(asked.read_text(encoding="utf-8")))
    except UserError as error:
        facts = {key: value if isinstance(value, str | int | float | bool | None) else str(value) for key, value in error.facts.items()}
        _say(failed, _Told(error=error.name, sentence=str(error), facts=facts))
        return 1
    except (OSError, MemoryError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, ImportError) as error:
        traceback.print_exc()
        reason = told(error, place=asked.parent)
        said = _Told(error=reason.name, sentence=str(reason), facts=reason.facts) if reason is not None else _words_of(error)
        _say(failed, said)
        return 1
    return 0


def _words_of(error: BaseException) -> _Told:
    return _Told(error="", sentence=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", facts={})


def _say(file: Path, said: _Told) -> None:
    file.write_text(said.model_dump_json(), encoding="utf-8")


def end_with_parent() -> None:
    """Leave as soon as stdin ends: when the parent was killed, nobody waits for this step any more."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def stay_offline() -> None:
    """Refuse every connection of this process from here on. Olive queues a message before it reads its opt-out; it must not leave."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            raise OSError("an export step does not use the network")

    sys.addaudithook(refuse)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # what libraries do at exit (telemetry, thread pools) is not waited for
