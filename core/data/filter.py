"""Which rows: the filter that every door speaks. It is also what a saved view keeps."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from storage.rows import OwnerId, Part, Review, RowFilter, SplitId

_FAR = 10**9


class RowFilterModel(BaseModel):
    """All conditions hold together; the default is every row. `part` is of the latest split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    search: str = Field("", max_length=200, description="Only rows that hold this text.")
    label: str | None = Field(None, max_length=10_000, description="Only rows with this answer.")
    part: Part | None = Field(None, description="Only rows of this part of the latest split.")
    least_chars: int | None = Field(None, ge=0, le=_FAR, description="Only rows with at least this many characters.")
    most_chars: int | None = Field(None, ge=0, le=_FAR, description="Only rows with at most this many characters.")
    check: str | None = Field(None, max_length=80, description="Only rows in which this check found something.")
    bundle: int | None = Field(None, description="Only the rows of this one finding of the check.")
    tag: str | None = Field(None, max_length=80, description="Only rows with this tag.")
    review: Review | None = Field(None, description="Only rows that were approved, or rejected.")
    unreviewed: bool = Field(False, description="Only rows that nobody approved or rejected.")
    reviewer: str | None = Field(None, max_length=64, description="Only rows that this person approved or rejected.")
    edited: bool | None = Field(None, description="Only rows that were changed since their import, or only those that were not.")
    answered: bool | None = Field(None, description="Only rows with an answer, or only those without.")
    source: str | None = Field(None, max_length=1_000, description="Only rows of this file.")
    positions: tuple[int, ...] | None = Field(None, max_length=100_000, description="Only these rows, by their number.")

    def to_rows(self, split: SplitId | None = None) -> RowFilter:
        """As storage takes it. `split` is the one whose parts are meant."""
        values: dict[str, Any] = {name: getattr(self, name) for name in RowFilterModel.model_fields}
        return RowFilter(**{**values, "reviewer": OwnerId(self.reviewer) if self.reviewer else None, "split": split})
