"""What an export is told: the model, where it is to run, and what its card says about its data and its base."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from core.data.layout import Layout
from core.models.reference import ModelReference

ROWS_FILE = "rows.parquet"


class Origin(BaseModel):
    """Where a package comes from, for its card; texts are as a person wrote them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    run_name: str
    base_model: str
    base_license: str = ""
    base_license_words: str = ""
    dataset: str
    dataset_version: int
    dataset_hash: str
    split_seed: int
    train_rows: int
    test_rows: int
    made_on: str  # a date


class ExportSettings(BaseModel):
    """`model` is the tuned one; `max_rows` caps the test rows of the check (None: as `rows_to_check` says); `recipe` is TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    model: ModelReference
    task: str
    target: str = "cpu"
    precision: str = "int4"
    max_rows: int | None = Field(None, ge=1)
    seed: int = 0
    recipe: str
    origin: Origin
    layout: Layout | None = None  # as the model was trained; its tokenizer wears it

    @property
    def weights(self) -> Path:
        """The folder of a whole model: the base of an adapter, or the tuned model itself."""
        return self.model.base or self.model.folder


def rows_to_check(task: str, test_rows: int, max_rows: int | None) -> int:
    """All test rows of a classification up to 5,000, otherwise 200: answers of many words take long."""
    most = max_rows if max_rows is not None else 5000 if task == "classification" else 200
    return min(most, test_rows)
