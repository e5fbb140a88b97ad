"""How sure a model is of a category that it names."""

from pydantic import BaseModel, ConfigDict, Field


class Chance(BaseModel):
    """`label` as the model writes it; `share` is its probability among all categories."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    share: float = Field(ge=0, le=1)
