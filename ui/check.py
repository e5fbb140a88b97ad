"""`bottega check`: one page that proves an installation: versions, the data folder, the port, disk and memory, and that nothing calls outside."""

import json
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

import psutil

from core.home import Home
from core.quiet import quiet_environment

FIXED = ("gradio", "transformers", "peft", "datasets", "evaluate", "olive-ai", "onnxruntime", "onnxruntime-genai", "duckdb", "torch")
DISK_NEEDED = 2 << 30
MEMORY_NEEDED = 2 << 30
PORT = 7860
JOB_S = 60

# Imported in a process of its own, with every attempt of Python code to reach another computer written down.
_PROBE = """
import json, sys
tried = []
def heard(event, given):
    if event == "socket.connect" and isinstance(given[1], tuple) and not str(given[1][0]).startswith(("127.", "::1")):
        tried.append(f"{given[1][0]}:{given[1][1]}")
    if event == "socket.getaddrinfo" and str(given[0]) not in ("None", "localhost", "127.0.0.1", "::1"):
        tried.append(str(given[0]))
sys.addaudithook(heard)
import gradio, transformers, datasets, evaluate, peft, onnxruntime, onnxruntime_genai, duckdb, olive
print(json.dumps(sorted(set(tried))))
"""


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    name: str
    good: bool
    text: str

    def as_text(self) -> str:
        return f"{'ok ' if self.good else 'NO '} {self.name:<20} {self.text}"


def inspect(home: Home) -> list[Line]:
    """Look at everything; nothing is changed but an empty data folder that is made when there is none."""
    return [_python(), *map(_version, FIXED), _starter(), _folder(home), _disk(home), _memory(), _port(), _job(), _outside()]


def _python() -> Line:
    good = (3, 11) <= sys.version_info[:2] < (3, 13)
    return Line("python", good, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _version(package: str) -> Line:
    wanted = _required().get(package)
    try:
        found = metadata.version(package).split("+")[0]
    except metadata.PackageNotFoundError:
        return Line(package, False, f"not installed; {wanted or 'it'} is needed. Install Bottega again.")
    good = wanted in (None, found)
    return Line(package, good, found if good else f"{found}, but {wanted} is needed. Install Bottega again.")


def _required() -> dict[str, str]:
    """What Bottega pins; nothing when it runs from a checkout that was never installed."""
    try:
        lines = metadata.requires("bottega") or []
    except metadata.PackageNotFoundError:
        return {}
    return dict(line.split("==", 1) for line in lines if "==" in line and ";" not in line)


def _starter() -> Line:
    folder = Path(str(resources.files("core.models.starter"))) / "weights"
    weights = folder / "model.safetensors"
    size = weights.stat().st_size if weights.exists() else 0
    return Line("starter model", size > 0, f"{size / 1e6:.1f} MB in {folder}" if size else f"missing in {folder}. Install Bottega again.")


def _folder(home: Home) -> Line:
    writes = "bottega.duckdb, uploads/, runs/, packages/, models/, backups/, settings.toml, secret, server.json"
    try:
        home.prepare()
        with tempfile.NamedTemporaryFile(dir=home.root):
            pass
    except OSError as error:
        return Line("data folder", False, f"{home.root} cannot be written to: {error.strerror}. Choose another with --home.")
    return Line("data folder", True, f"{home.root}; Bottega writes only there: {writes}")


def _disk(home: Home) -> Line:
    place = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Line("free disk", free >= DISK_NEEDED, f"{free / 2**30:.1f} GiB ({DISK_NEEDED / 2**30:.0f} GiB are enough for the starter model)")


def _memory() -> Line:
    free = psutil.virtual_memory().available
    return Line("free memory", free >= MEMORY_NEEDED, f"{free / 2**30:.1f} GiB ({MEMORY_NEEDED / 2**30:.0f} GiB are enough for the starter model)")


def _port() -> Line:
    with socket.socket() as probe:
        used = probe.connect_ex(("127.0.0.1", PORT)) == 0
    return Line(
        "port", True, f"{PORT} is {'in use (by Bottega, if it runs)' if used else 'free'}; the app listens on 127.0.0.1 only, unless told otherwise"
    )


def _job() -> Line:
    """Opens a store and runs a job in a process of its own, in a home that is thrown away."""
    from core.actions.registry import Context, perform
    from core.workshop import Workshop
    from storage.rows import LIVE, LOCAL_OWNER, JobState

    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Workshop.open(Home(Path(folder)).prepare()) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        project = perform(context, "create-project", {"name": "check"})
        job = perform(context, "self-test", {"project": project.id})
        while job.state in LIVE and time.monotonic() - started < JOB_S:
            job = workshop.supervisor.wait(job.id, 1.0)
    seconds = time.monotonic() - started
    return Line("jobs", job.state is JobState.DONE, f"a job in a process of its own ended as '{job.state}' after {seconds:.1f} s")


def _outside() -> Line:
    with tempfile.TemporaryDirectory() as empty:
        environment = quiet_environment() | {"HOME": empty, "HF_HOME": empty}
        ran = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, env=environment, cwd=empty, stdin=subprocess.DEVNULL, check=False
        )
        left = sum(1 for file in Path(empty).rglob("*") if file.is_file())
    if ran.returncode:
        return Line(
            "outside connections",
            False,
            f"could not be looked at: {ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else 'no reason given'}",
        )
    tried = json.loads(ran.stdout.strip().splitlines()[-1])
    text = "none tried by Python code while everything was imported" if not tried else f"tried: {', '.join(tried)}"
    return Line("outside connections", not tried, f"{text}; {left} files left in an empty home")
