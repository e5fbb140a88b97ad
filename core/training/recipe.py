"""The recipe: one typed, versioned description of a training, with the field's own names. It is TOML on the screen and on disk."""

import tomllib
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.data.layout import Layout
from core.errors import UserError
from core.reasons import why_no_toml, why_not
from core.sentence import Sentence


class BadRecipe(UserError):
    """The TOML or one of its fields is wrong."""

    sentence = "The recipe has a fault at '{field}': {why}. Nothing was started."

    def __init__(self, *, field: Sentence | str, why: Sentence | str) -> None:
        super().__init__(field=field, why=why)


class Recipe(BaseModel):
    """Steps are optimiser steps; shares are from 0 to 1; a length is in tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe_version: Literal[1] = 1
    task: str
    preset: str = "quick"
    base_model: str = "starter"
    method: str = "full"
    method_options: dict[str, Any] = Field(default_factory=dict)
    learning_rate: float = Field(1e-3, gt=0, le=0.1, description="How big each correction is.")
    num_train_epochs: float = Field(8, gt=0, le=200, description="How often the rows are gone through.")
    per_device_train_batch_size: int = Field(64, ge=1, le=4096, description="Rows learned from at once.")
    gradient_accumulation_steps: int = Field(1, ge=1, le=1024, description="Batches added up before a correction.")
    warmup_ratio: float = Field(0.06, ge=0, le=0.5, description="The share of the training in which the corrections grow to full size.")
    lr_scheduler_type: Literal["cosine", "linear", "constant_with_warmup"] = "cosine"
    weight_decay: float = Field(0.01, ge=0, le=1, description="A pull towards small weights.")
    max_grad_norm: float = Field(1.0, gt=0, le=100, description="The longest single correction that is let through.")
    head: Literal["none", "classification"] = Field("none", description="How a category is named: written as words, or by a head of its own.")
    loss: str = Field("cross_entropy", max_length=60, description="How wrong answers are counted.")
    loss_options: dict[str, Any] = Field(default_factory=dict)
    label_smoothing_factor: float = Field(0.0, ge=0, lt=1, description="How much certainty is held back.")
    max_steps: int | None = Field(None, ge=1, le=10_000_000, description="Corrections in all, in place of how often the rows are gone through.")
    activation_checkpointing: bool = Field(False, description="Work intermediate results out twice, to need less memory.")
    max_length: int = Field(512, ge=16, le=131072, description="The longest example, in tokens; what is longer is cut and counted.")
    evaluations: int = Field(20, ge=1, le=1000, description="How often the validation rows are asked during the training.")
    early_stopping_patience: int = Field(5, ge=1, le=1000, description="Evaluations without a better one before it stops.")
    metric_for_best_model: Literal["eval_loss", "eval_accuracy", "eval_token_accuracy"] = Field(
        "eval_loss", description="What decides which weights are kept: the validation loss, whole answers that are right, or right word pieces."
    )
    seed: int = Field(0, ge=0, le=2**31 - 1)
    layout: Layout | None = Field(None, description="How a row is put to the model; the model's own chat template if left out.")

    def to_toml(self) -> str:
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def changes_from(self, before: "Recipe") -> dict[str, Any]:
        """The fields in which this one differs, as edit-recipe takes them."""
        was = before.model_dump(mode="json")
        return {name: value for name, value in self.model_dump(mode="json").items() if value != was[name]}

    @classmethod
    def from_toml(cls, text: str) -> "Recipe":
        """Raises BadRecipe."""
        try:
            return cls.of(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise BadRecipe(field=Sentence("bad.the_text", "the text"), why=why_no_toml(error)) from error

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Recipe":
        """From field names and values. Raises BadRecipe for the first that is wrong."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise BadRecipe(field=".".join(str(part) for part in first["loc"]), why=why_not(first)) from error
