"""Steps that go wrong, for tests/faults/test_export_faults.py. Each is run by core.export.steps in a process of its own."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from core.models.load import NoSafetensors

_connections: list[Any] = []


def fails(values: dict[str, Any]) -> None:
    raise ValueError("this model has an odd number of heads")


def tells(values: dict[str, Any]) -> None:
    raise NoSafetensors(name="mine", instead="")


def fills_the_disk(values: dict[str, Any]) -> None:
    raise OSError(28, "No space left on device")


def is_killed(values: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def connects(values: dict[str, Any]) -> None:
    socket.create_connection(("127.0.0.1", int(values["port"])), timeout=1)


def waits(values: dict[str, Any]) -> None:
    Path(values["file"]).write_text(str(os.getpid()))
    threading.Event().wait()


def builds_while_watched(values: dict[str, Any]) -> None:
    """The real build; what it would have sent is written down."""
    sys.addaudithook(lambda event, arguments: _connections.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
    from core.export.onnx import main

    main(values["request"])
    threading.Event().wait(2.5)  # Olive's sender wakes every second
    Path(values["file"]).write_text("\n".join(_connections))
