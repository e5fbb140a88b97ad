"""How much disk and time an export takes: measured at an earlier export of the same kind where there is one, else estimated from the model's size."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import DiskFull
from core.export.certificate import Certificate
from core.export.targets import Precision
from core.models.load import parameters_of
from storage.files import free_bytes

_FP32 = 4
_SPARE_BYTES = 700 << 20  # the check's numbers, the tokenizer, reports
_IMPORTS_S = 15.0  # torch, transformers and Olive are loaded twice
_BUILD_S_PER_PARAMETER = 1.2e-7
_CHECK_S_PER_ROW = 0.05  # both models, two threads
_CHECK_S_PER_ROW_AND_PARAMETER = 2e-9


@dataclass(frozen=True)
class Estimate:
    """`measured` says whether the seconds come from an earlier export. `package_bytes` is what stays, `peak_bytes` what is needed meanwhile."""

    seconds: float
    measured: bool
    package_bytes: int
    peak_bytes: int


def estimate(weights: Path, how: Precision, precision: str, rows: int, earlier: Iterable[Certificate]) -> Estimate:
    """`weights` is the folder of the whole model (an adapter's base)."""
    parameters = parameters_of(weights)
    package_bytes = int(parameters * how.bytes_per_weight)
    peak = parameters * _FP32 + 2 * package_bytes + _SPARE_BYTES
    same = next((one for one in earlier if one.precision == precision and one.took.parameters and one.checked_rows), None)
    if same is not None:
        size = parameters / same.took.parameters
        seconds = size * (same.took.merge_s + same.took.build_s) + size * same.took.check_s * max(1, rows) / same.checked_rows
    else:
        seconds = _IMPORTS_S + parameters * _BUILD_S_PER_PARAMETER + rows * (_CHECK_S_PER_ROW + parameters * _CHECK_S_PER_ROW_AND_PARAMETER)
    return Estimate(seconds, same is not None, package_bytes, peak)


def check_room(place: Path, needed_bytes: int) -> None:
    """Raises DiskFull before anything is written."""
    if (free := free_bytes(place)) < needed_bytes:
        raise DiskFull(needed=f"{needed_bytes / 1e6:,.0f} MB", free=f"{free / 1e6:,.0f} MB", place="the data folder")
