"""What the job that splits long texts into pieces is told, what it leaves, and why it may have nothing to do."""

from pydantic import BaseModel, ConfigDict

from core.data.showing.protocol import Wear
from core.errors import UserError

ROWS_FILE, PIECES_FILE, REPORT_FILE = "rows.parquet", "pieces.parquet", "pieces.json"


class CutSettings(BaseModel):
    """Rows are cut so that each piece fits as `wear` writes it. `asked` are the facts by which a change says what was asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    wear: Wear
    overlap: int
    asked: dict[str, str] = {}


class CutReport(BaseModel):
    """`unplaced` values stand in no piece of their text as they are written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: int
    pieces: int
    unplaced: int


class NothingTooLong(UserError):
    """Every row fits."""

    sentence = "Every row fits into what is read at once ({max_length:,} word pieces), so there is nothing to split. Nothing was changed."
    status = 409

    def __init__(self, *, max_length: int) -> None:
        super().__init__(max_length=max_length)


class LongTextsChanged(UserError):
    """None of the long rows says any more what it said when the job began."""

    sentence = "The long texts were changed or taken out while they were being split. Split them again. Nothing was changed."
    status = 409
