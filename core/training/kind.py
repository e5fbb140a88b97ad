"""The jobs of training as the server sees them: a training, its probe, and the download of a model to train."""

from core.jobs.spec import Kind
from core.models.hub import DOWNLOAD_KIND

_BEFOREHAND = "core.training.beforehand:main"
TRAIN_KIND = Kind("train", "core.training.job:main", stop_grace_s=60.0, pauses=True, beforehand=_BEFOREHAND)
PROBE_KIND = Kind("probe", "core.training.probe:main", beforehand=_BEFOREHAND)
KINDS: tuple[Kind, ...] = (TRAIN_KIND, PROBE_KIND, DOWNLOAD_KIND)
