"""What the jobs of training are told: written by the server into spec.json, read by the child."""

from pydantic import BaseModel, ConfigDict

from core.models.reference import ModelReference
from core.training.recipe import Recipe

ROWS_FILE = "rows.parquet"
START_FOLDER = "start"  # in the run folder: what another run kept, to go on from


class TrainSettings(BaseModel):
    """`name` is what the tuned model is called; `base` is made by the server, never taken from a request. `goes_on_from` is the name of the run
    whose weights lie in START_FOLDER. `checkpoint_bytes` is what checkpoints may take on the disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    recipe: Recipe
    base: ModelReference
    goes_on_from: str | None = None
    checkpoint_bytes: int | None = None


class ProbeSettings(BaseModel):
    """A few steps on the real rows, to know how long all of them take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    base: ModelReference
    seconds: float = 6.0
