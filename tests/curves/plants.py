"""What was planted: for each recorded curve the cause, the model, the rows and the recipe that made it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.training.recipe import Recipe
from tests.curves import data

_USUAL: dict[str, dict[str, Any]] = {
    "small": {"learning_rate": 3e-3, "per_device_train_batch_size": 16},
    "starter": {"learning_rate": 1e-3, "per_device_train_batch_size": 16},
}


@dataclass(frozen=True)
class Plant:
    """`maker` is a function of tests/curves/data.py; of what it draws the first `train` rows are learned from, the next `validation` are asked."""

    cause: str
    title: str
    model: str
    seed: int
    maker: str
    train: int
    validation: int
    changes: Mapping[str, Any]
    making: Mapping[str, Any] = field(default_factory=dict)
    copies: int = 1
    task: str = "classification"

    @property
    def name(self) -> str:
        return f"{self.cause}-{self.title}-{self.seed}"

    @property
    def data(self) -> str:
        named = "".join(f", {name}={value}" for name, value in self.making.items())
        copied = f", the training rows {self.copies} times" if self.copies > 1 else ""
        return f"tests.curves.data.{self.maker}({self.train + self.validation}, {self.seed}{named}): {self.train} to learn from{copied}, {self.validation} to check"

    def rows(self) -> list[dict[str, Any]]:
        drawn = getattr(data, self.maker)(self.train + self.validation, self.seed, **self.making)
        return data.parts(data.repeated(drawn[: self.train], self.copies), drawn[self.train :])

    def recipe(self) -> Recipe:
        values = {"task": self.task, "base_model": self.model, "max_length": 256, "evaluations": 16, "early_stopping_patience": 8, "seed": self.seed}
        return Recipe(**{**values, **_USUAL[self.model], **self.changes})


def _seeds(count: int, cause: str, title: str, model: str, maker: str, train: int, validation: int, *, making: Mapping[str, Any] | None = None,
           copies: int = 1, task: str = "classification", **changes: Any) -> list[Plant]:  # fmt: skip
    return [Plant(cause, title, model, seed, maker, train, validation, changes, making or {}, copies, task) for seed in range(1, count + 1)]


_LORA = {"method": "lora", "method_options": {"r": 16, "lora_alpha": 32}, "learning_rate": 2e-3}
_FLOOR = {"method": "lora", "method_options": {"r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]}, "learning_rate": 2e-3}
_WILD = {"method": "lora", "method_options": {"r": 4, "lora_alpha": 2048}, "learning_rate": 0.03, "lr_scheduler_type": "constant_with_warmup",
         "warmup_ratio": 0.3, "max_grad_norm": 100.0}  # fmt: skip

PLANTS: tuple[Plant, ...] = (
    *_seeds(2, "learning", "words-small", "small", "words", 800, 200, num_train_epochs=10),
    *_seeds(2, "learning", "bank-starter", "starter", "bank", 600, 100, evaluations=12, num_train_epochs=2),
    *_seeds(2, "learning", "desk-starter", "starter", "desk", 320, 80, evaluations=12, num_train_epochs=2.5),
    *_seeds(2, "learning", "orders-small", "small", "orders", 1200, 150, task="generation", num_train_epochs=10),
    *_seeds(2, "learning", "bank-lora", "starter", "bank", 240, 60, evaluations=12, num_train_epochs=6, **_LORA),
    *_seeds(2, "overfitting", "bank-starter", "starter", "bank", 48, 60, making={"kinds": 12}, evaluations=12, num_train_epochs=24),
    *_seeds(2, "overfitting", "bank-small", "small", "bank", 100, 150, num_train_epochs=40),
    *_seeds(2, "overfitting", "noise-starter", "starter", "desk", 100, 60, making={"noise": 0.3}, num_train_epochs=16),
    *_seeds(2, "overfitting", "orders-small", "small", "orders", 80, 100, task="generation", num_train_epochs=60),
    *_seeds(2, "not_learning", "words-small", "small", "words", 1200, 200, making={"noise": 1.0}, num_train_epochs=4),
    *_seeds(2, "not_learning", "bank-starter", "starter", "bank", 300, 60, making={"noise": 1.0}, evaluations=12, num_train_epochs=3),
    *_seeds(2, "not_learning", "bank-lora", "starter", "bank", 300, 60, making={"noise": 1.0}, evaluations=12, num_train_epochs=4, **_LORA),
    *_seeds(2, "rate_high", "words-small", "small", "words", 800, 200, num_train_epochs=8, learning_rate=0.1),
    *_seeds(2, "rate_high", "bank-starter", "starter", "bank", 240, 60, evaluations=12, num_train_epochs=5, learning_rate=0.01),
    *_seeds(2, "rate_high", "orders-small", "small", "orders", 800, 150, task="generation", num_train_epochs=8, learning_rate=0.1),
    *_seeds(1, "rate_high", "bank-lora", "starter", "bank", 240, 60, evaluations=12, num_train_epochs=5, **{**_LORA, "learning_rate": 0.05}),
    *_seeds(2, "rate_low", "words-small", "small", "words", 800, 200, num_train_epochs=8, learning_rate=3e-5),
    *_seeds(2, "rate_low", "bank-starter", "starter", "bank", 240, 60, evaluations=12, num_train_epochs=5, learning_rate=1e-5),
    *_seeds(2, "rate_low", "orders-small", "small", "orders", 800, 150, task="generation", num_train_epochs=8, learning_rate=5e-5),
    *_seeds(1, "rate_low", "bank-lora", "starter", "bank", 240, 60, evaluations=12, num_train_epochs=5, **{**_LORA, "learning_rate": 2e-5}),
    *_seeds(2, "diverging", "words-small", "small", "words", 800, 200, num_train_epochs=6, **_WILD),
    *_seeds(
        2,
        "diverging",
        "bank-starter",
        "starter",
        "bank",
        240,
        60,
        evaluations=12,
        num_train_epochs=3,
        **{**_WILD, "learning_rate": 0.1, "method": "full", "method_options": {}},
    ),
    *_seeds(2, "diverging", "orders-small", "small", "orders", 800, 150, task="generation", num_train_epochs=6, **_WILD),
    *_seeds(2, "noisy_validation", "words-small", "small", "words", 600, 8, making={"noise": 0.2}, num_train_epochs=10),
    *_seeds(2, "noisy_validation", "bank-starter", "starter", "bank", 240, 8, making={"kinds": 16}, evaluations=12, num_train_epochs=6),
    *_seeds(2, "noisy_validation", "desk-lora", "starter", "desk", 200, 6, evaluations=12, num_train_epochs=6, **_LORA),
    *_seeds(2, "plateau", "halves-small", "small", "halves", 2000, 200, num_train_epochs=12, early_stopping_patience=16),
    *_seeds(2, "plateau", "orders-thin", "small", "orders", 1500, 150, task="generation", num_train_epochs=16, early_stopping_patience=16, **_FLOOR),
    *_seeds(2, "plateau", "words-thin", "small", "words", 1500, 200, num_train_epochs=16, early_stopping_patience=16, **_FLOOR),
    *_seeds(2, "undertrained", "words-small", "small", "words", 800, 200, num_train_epochs=1.5),
    *_seeds(2, "undertrained", "bank-starter", "starter", "bank", 240, 60, making={"kinds": 16}, num_train_epochs=1),
    *_seeds(2, "undertrained", "orders-small", "small", "orders", 1200, 150, task="generation", num_train_epochs=1.5),
    *_seeds(1, "undertrained", "bank-lora", "starter", "bank", 240, 60, num_train_epochs=1, **_LORA),
    *_seeds(2, "duplicates", "bank-starter", "starter", "bank", 40, 60, copies=10, evaluations=12, num_train_epochs=3),
    *_seeds(2, "duplicates", "words-small", "small", "words", 60, 150, copies=15, num_train_epochs=4),
    *_seeds(2, "duplicates", "orders-small", "small", "orders", 80, 120, copies=15, task="generation", num_train_epochs=5),
    *_seeds(2, "collapse", "words-small", "small", "words", 600, 200, making={"common": 0.94}, num_train_epochs=4),
    *_seeds(2, "collapse", "bank-starter", "starter", "bank", 110, 50, making={"kinds": 12, "common": 0.9}, evaluations=12, num_train_epochs=3),
    *_seeds(2, "collapse", "words-short", "small", "words", 300, 120, making={"common": 0.85, "kinds": 4}, num_train_epochs=3),
)


def held_out() -> frozenset[str]:
    """A third of each cause's curves, those whose names have the lowest hashes: chosen before any rule was written, and not looked at since."""
    by_cause: dict[str, list[str]] = {}
    for plant in PLANTS:
        by_cause.setdefault(plant.cause, []).append(plant.name)
    chosen: set[str] = set()
    for names in by_cause.values():
        chosen.update(sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[: round(len(names) / 3)])
    return frozenset(chosen)
