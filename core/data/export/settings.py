"""What an export of a version is told."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

EXPORT_FILE, CARD_FILE = "export.zip", "README.md"


class Parts(StrEnum):
    """How the parts of a split are told apart."""

    NONE = "none"
    COLUMN = "column"
    FILES = "files"


class ExportVersionSettings(BaseModel):
    """`file` is what the person's download is called. `split_seed` is None without a split. `rows` counts the version's rows, those that were erased
    since included; `made_on` is a date (UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    parts: Parts
    further: tuple[str, ...] = ()
    file: str
    dataset: str
    shape: str
    version: int
    version_name: str
    content_hash: str
    rows: int
    split_seed: int | None = None
    made_on: str
    made_with: str
