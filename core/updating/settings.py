"""What the jobs of an update are told: their kinds' own part of a spec, and the files that they leave."""

from pydantic import BaseModel, ConfigDict

from core.data.layout import Layout
from core.data.replay import Deed
from core.models.reference import ModelReference

ROWS_FILE = "rows.parquet"
EDITS_FILE, NEAR_FILE, PREPARED_FILE = "edits.parquet", "near.parquet", "prepared.json"
JUDGED_FILE = "judged.json"


class PrepareSettings(BaseModel):
    """Do `deeds` in their order to the rows from position `first` on. `labelled`: answers are categories; `near`: say which rows are nearly the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    first: int
    deeds: tuple[Deed, ...]
    labelled: bool
    near: bool = False


class Prepared(BaseModel):
    """How many rows each deed touched, in their order; `edits` rows are another or gone in the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    touched: tuple[int, ...]
    edits: int


class JudgedModel(BaseModel):
    """A model with what its own training knew: the answers, and how rows were put to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelReference
    known: tuple[str, ...]
    layout: Layout | None = None


class JudgeSettings(BaseModel):
    """Exam rows from position `first` on are the new cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    first: int
    in_use: JudgedModel
    updated: JudgedModel
    max_rows: int | None = None
    seed: int = 0
