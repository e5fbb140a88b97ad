"""What a split is to be: its kind, shares, seed, what stays together. Drawing it is storage's."""

from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from core.errors import BadValue
from core.sentence import Sentence
from storage.rows import Part

if TYPE_CHECKING:
    from storage.bulk.drawing import Draw
    from storage.rows import DatasetId, Split
    from storage.store import Store

# What people call the parts in a column of their own, in lower case.
PART_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "learn", "learning", "fit", "addestramento", "apprendimento"), Part.TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "eval", "tuning", "validazione", "convalida"), Part.VALIDATION),
    **dict.fromkeys(("test", "testing", "exam", "holdout", "hold-out", "held-out", "prova", "esame", "verifica"), Part.TEST),
}


class SplitKind(StrEnum):
    """How rows are dealt out. Whatever the kind, equal rows and rows that are nearly so stay on one side."""

    RANDOM = "random"
    STRATIFIED = "stratified"
    GROUPED = "grouped"
    TIME = "time"
    COLUMN = "column"


class SplitPlan(BaseModel):
    """Shares are of the rows that may be drawn; where a dataset has sealed rows these are the test part and `test_share` is not used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: SplitKind | None = Field(None, description="How: random, stratified, grouped, time or column; as the other choices say, if left empty.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same number draws the same rows.")
    validation_share: float = Field(0.1, ge=0.02, le=0.4, description="How much is kept aside to watch the training.")
    test_share: float = Field(0.1, ge=0.02, le=0.4, description="How much is kept aside for the final exam.")
    keep_together: str | None = Field(None, description="A column whose equal rows stay on one side, such as patient.")
    stratify: bool = Field(True, description="Keep each category's share the same on all sides.")
    stratify_by: tuple[str, ...] = Field(
        (), max_length=5, description="Columns whose values keep their share on all sides; the answer if left empty."
    )
    time_column: str | None = Field(None, description="A column of dates: train on the past, test on the newest.")
    day_first: bool = Field(True, description="3/4/2024 is the third of April.")
    part_column: str | None = Field(None, description="A column that says train, validation or test for each row.")
    part_values: dict[str, Part] = Field({}, max_length=50, description="What the values of that column mean, where they are other words.")
    near_together: bool = Field(True, description="Keep rows that the check-up found nearly equal on one side.")

    @property
    def way(self) -> SplitKind:
        """The kind, worked out from the other choices where it was not said."""
        if self.kind is not None:
            return self.kind
        if self.part_column is not None:
            return SplitKind.COLUMN
        if self.time_column is not None:
            return SplitKind.TIME
        if self.keep_together is not None:
            return SplitKind.GROUPED
        return SplitKind.STRATIFIED if self.stratify else SplitKind.RANDOM

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns that are named, by the field that names them."""
        single = {"keep_together": self.keep_together, "time_column": self.time_column, "part_column": self.part_column}
        return {"stratify_by": self.stratify_by, **{name: (column,) for name, column in single.items() if column is not None}}

    @property
    def named(self) -> dict[str, Part]:
        """What the values of `part_column` mean, in lower case."""
        return {**PART_NAMES, **{name.strip().lower(): part for name, part in self.part_values.items()}}

    def draw(self, *, sealed_test: bool) -> "Draw":
        """For storage. Raises BadValue when the kind lacks its column."""
        from storage.bulk.drawing import Draw

        needed = {SplitKind.GROUPED: "keep_together", SplitKind.TIME: "time_column", SplitKind.COLUMN: "part_column"}.get(self.way)
        if needed is not None and getattr(self, needed) is None:
            raise BadValue(
                field=needed, value=Sentence("bad.empty", "empty"), why=Sentence("bad.needs_column", "this way of splitting needs a column")
            )
        return Draw(
            seed=self.seed, validation_share=self.validation_share, test_share=self.test_share,
            stratify=self.stratify and self.way is not SplitKind.RANDOM, stratify_by=self.stratify_by, group_by=self.keep_together,
            time_column=self.time_column if self.way is SplitKind.TIME else None, day_first=self.day_first,
            part_column=self.part_column if self.way is SplitKind.COLUMN else None, part_values=self.named,
            near_together=self.near_together, sealed_test=sealed_test,
        )  # fmt: skip


def freeze(store: "Store", dataset: "DatasetId", plan: SplitPlan, *, sealed_test: bool) -> "Split":
    """The dataset as it stands becomes a version, and the plan a split of it."""
    from storage.bulk import splitting, versions

    version = versions.freeze_version(store, dataset)
    return splitting.draw_split(store, version.id, plan.model_dump_json(), plan.draw(sealed_test=sealed_test))


def frozen_as_last(store: "Store", dataset: "DatasetId", *, sealed_test: bool) -> "Split":
    """The latest split if the rows are still those that it dealt out, however it was drawn; else they are dealt out as it said, or by the default plan."""
    from storage.bulk import splitting, versions

    version, latest = versions.freeze_version(store, dataset), splitting.latest_split(store, dataset)
    if latest is not None and latest.version == version.id:
        return latest
    plan = SplitPlan.model_validate_json(latest.plan) if latest is not None else SplitPlan()
    return splitting.draw_split(store, version.id, plan.model_dump_json(), plan.draw(sealed_test=sealed_test))
