"""What names a model everywhere: a folder, and for a tuned one how it was made from its base."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

REFERENCE_FILE = "bottega.json"
HEAD_FILE = "head.json"


class Backend(StrEnum):
    """What runs it."""

    TRANSFORMERS = "transformers"
    GENAI = "onnxruntime-genai"


class ModelReference(BaseModel):
    """`folder` holds the weights: a whole model, or an adapter when `base` is set (then `method` says how the two are put together).

    A reference is made by the server or by a job, never taken from a request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    folder: Path
    base: Path | None = None
    method: str = "full"
    backend: Backend = Backend.TRANSFORMERS

    @property
    def has_head(self) -> bool:
        """Whether it names categories by a head of its own (core/models/head.py) and writes no words."""
        return (self.folder / HEAD_FILE).is_file()

    def save(self) -> None:
        (self.folder / REFERENCE_FILE).write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def of(cls, folder: Path) -> "ModelReference":
        """Read what `save` wrote; the folder is where it lies now, since homes move."""
        stored = cls.model_validate_json((folder / REFERENCE_FILE).read_text(encoding="utf-8"))
        return stored.model_copy(update={"folder": folder})
