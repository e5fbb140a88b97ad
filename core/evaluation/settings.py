"""What an evaluation is asked for: the kind's own part of a job's spec."""

from pydantic import BaseModel, ConfigDict, Field

from core.data.layout import Layout
from core.models.reference import ModelReference

ROWS_FILE = "rows.parquet"
ANSWERS_FILE = "answers.parquet"
VERDICT_FILE = "verdict.json"
FREE_TEXT_ROWS = 300  # written answers take seconds each; categories take milliseconds and are all asked


class EvaluateSettings(BaseModel):
    """`max_rows` None asks all test rows. `opened` counts the looks at the test rows, this one included; `sealed` says that they came as a file
    of their own. `base_name` is how the base model is called on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    run: str
    tuned: ModelReference
    base: ModelReference
    max_rows: int | None = Field(None, ge=1)
    seed: int = 0
    opened: int = 1
    sealed: bool = False
    layout: Layout | None = None  # as the tuned model was trained
