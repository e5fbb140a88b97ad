"""Cross-entropy on the answers: the usual loss."""

from typing import ClassVar

from core.training.losses.base import Loss, Options


class CrossEntropyOptions(Options):
    """Nothing to set; the recipe's label_smoothing_factor counts."""


class CrossEntropy(Loss):
    """Minus the log-probability of each token of the answer."""

    name: ClassVar[str] = "cross_entropy"
    label: ClassVar[str] = "Usual"
    explanation: ClassVar[str] = "Each word of the answer counts alike. The right one unless you know why not."
    Options: ClassVar[type[Options]] = CrossEntropyOptions
