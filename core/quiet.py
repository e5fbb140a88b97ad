"""Nothing leaves unasked: the switches that keep every library of ours silent, set before it is imported."""

import os
from collections.abc import Mapping

_SILENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "OLIVE_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}


def quiet_environment(base: Mapping[str, str] | None = None, *, hub: bool = False) -> dict[str, str]:
    """A copy of the environment with all collectors off; `hub` leaves the hub reachable, for a download that was asked for."""
    environment = {**(os.environ if base is None else base), **_SILENT}
    if hub:
        environment["HF_HUB_OFFLINE"] = "0"
    return environment


def be_quiet(*, hub: bool = False) -> None:
    """The same for this process. Call it before anything heavy is imported."""
    os.environ.update(quiet_environment({}, hub=hub))
