"""The jobs of training as the server sees them: a training, its probe, and the download of a model to train."""

from core.jobs.spec import Kind
from core.models.hub import DOWNLOAD_KIND

TRAIN_KIND = Kind("train", "core.training.job:main", stop_grace_s=60.0)
PROBE_KIND = Kind("probe", "core.training.probe:main")
KINDS: tuple[Kind, ...] = (TRAIN_KIND, PROBE_KIND, DOWNLOAD_KIND)
