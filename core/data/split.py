"""What a split is to be: shares, seed, what stays together. Drawing it is storage's."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from storage.rows import DatasetId, Split
    from storage.store import Store


class SplitPlan(BaseModel):
    """Shares are of the rows that may be drawn; where a dataset has sealed rows these are the test part and `test_share` is not used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same number draws the same rows.")
    validation_share: float = Field(0.1, ge=0.02, le=0.4, description="How much is kept aside to watch the training.")
    test_share: float = Field(0.1, ge=0.02, le=0.4, description="How much is kept aside for the final exam.")
    keep_together: str | None = Field(None, description="A column whose equal rows stay on one side, such as patient.")
    stratify: bool = Field(True, description="Keep each category's share the same on all sides.")


def freeze(store: "Store", dataset: "DatasetId", plan: SplitPlan, *, sealed_test: bool) -> "Split":
    """The dataset as it stands becomes a version, and the plan a split of it."""
    from storage.bulk import splitting, versions

    version = versions.freeze_version(store, dataset)
    return splitting.freeze_split(
        store, version.id, plan.model_dump_json(), seed=plan.seed, validation_share=plan.validation_share, test_share=plan.test_share,
        stratify=plan.stratify, group_by=plan.keep_together, sealed_test=sealed_test,
    )  # fmt: skip
