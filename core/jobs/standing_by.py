"""The process that stands by for a job: `python -m core.jobs.standing_by`. Its first line of input names what to do beforehand, its second the run folder.

Where its input ends first, whoever would have sent a job is gone, and so is this process.
"""

import importlib
import json
import os
import queue
import sys
import threading
from pathlib import Path

from core.jobs import child
from core.jobs.handle import LOG_FILE
from core.quiet import be_quiet

_LINES = 2


def main() -> int:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    be_quiet()
    child.be_modest()
    module, function = lines.get().split(":")
    getattr(importlib.import_module(module), function)()
    told = json.loads(lines.get())
    folder = Path(told["folder"])
    _speak_into(folder / LOG_FILE)
    os.chdir(folder)
    return child.main([str(folder), str(told["attempt"])])


def _listen(lines: "queue.Queue[str]") -> None:
    """In a thread, so that the end of the input is heard while something is being imported too."""
    for _ in range(_LINES):
        line = sys.stdin.readline()
        if not line.endswith("\n"):
            os._exit(0)
        lines.put(line.strip())


def _speak_into(log: Path) -> None:
    """As a child that was started for this folder: its words in log.txt, no input."""
    sys.stdout.flush()
    sys.stderr.flush()
    with log.open("ab") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        os.dup2(nothing.fileno(), 0)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
