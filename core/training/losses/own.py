"""A loss of your own: a Python file, for a trusted installation of one's own only (settings.toml: `trusted_losses = true`; never on a hosted server).

The file defines one `torch.nn.Module` (or several, of which `class_name` names one). Its `forward` takes either
- `(logits, targets)`: float32 [tokens, vocabulary], normalised to log-probabilities, and int [tokens]; it gives back [tokens], or their mean; or
- `(output1, output2, label)`: a loss on pairs, as `CustomContrastiveLoss(margin)(output1, output2, label)`. It gets the inner states of pairs of texts
  [pairs, hidden] and a label for each pair; it gives back [pairs], or their mean, which is added to cross-entropy with `weight`.

Which label means 'equal answers' is found by asking: at distance 0 it is the one with the lower loss. Labels come as [pairs] or [pairs, 1], whichever
gives a batch the mean of its pairs. Before a training starts the module is tried on small random tensors: its result must have one of these shapes, be
finite, and have a gradient that reaches what it was given.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from core.errors import UserError
from core.jobs.failures import told
from core.training.losses.base import Loss, Need, Options, Seen

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

OWN = "own"
OWN_FILE = "own_loss.py"  # in the run folder
_PAIR, _TOKEN = 3, 2  # what forward takes
_MOST_PAIRS = 1024
_FAULTS = (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError, TypeError, ValueError)


class OwnLossFault(UserError):
    """The file breaks the contract that stands in core/training/losses/own.py."""

    sentence = "The loss in '{file}' cannot be used: {why}. Correct the file and bring it in again; what it must do stands in core/training/losses/own.py. Nothing was started."
    status = 422

    def __init__(self, *, file: str, why: str) -> None:
        super().__init__(file=file, why=why)


class OwnOptions(Options):
    file: str = Field(min_length=1, max_length=120, description="Which of the files that were brought in.")
    class_name: str = Field("", max_length=120, description="Which class of it; needed only where it has several.")
    arguments: dict[str, float | int | str | bool] = Field(default_factory=dict, description="What the class is made with, such as margin = 1.0.")
    weight: float = Field(0.5, ge=0, le=100, description="How much a loss on pairs counts beside the usual loss.")
    pooling: Literal["end", "mean"] = Field("end", description="What stands for a text in a pair: its last word's inner state, or the mean of all.")


class Own(Loss):
    """Calls the file's module. Made anew for each run."""

    name: ClassVar[str] = OWN
    label: ClassVar[str] = "Your own"
    explanation: ClassVar[str] = "A Python file of yours decides. For your own computer only, since such a file can do anything you can."
    needs: ClassVar[frozenset[Need]] = frozenset({Need.POOLED})
    Options: ClassVar[type[Options]] = OwnOptions

    def __init__(self) -> None:
        self._pairs: PairLoss | None = None
        self._tokens: Module | None = None

    def ready(self, options: Any, folder: Path) -> "Loss":
        module, takes = loaded(folder / OWN_FILE, options.file, options.class_name, options.arguments)
        mine = Own()
        if takes == _PAIR:
            mine._pairs = PairLoss(module, options.file)
        else:
            _check_tokens(module, options.file)
            mine._tokens = module
        return mine

    def token_losses(self, log_probabilities: "Tensor", targets: "Tensor", options: Any, smoothing: float) -> "Tensor":
        if self._tokens is None:
            return super().token_losses(log_probabilities, targets, options, smoothing)
        given: Tensor = _called(self._tokens, options.file, log_probabilities, targets)
        return given.expand(len(targets)) if given.dim() == 0 else given.reshape(len(targets))

    def added(self, seen: Seen, options: Any) -> "Tensor | None":
        if self._pairs is None:
            return None
        assert seen.pooled is not None
        assert seen.answers is not None
        chosen = chosen_pairs(seen.answers.tolist())
        if not chosen:
            return None
        first, second = ([pair[side] for pair in chosen] for side in (0, 1))
        term = self._pairs(seen.pooled[first], seen.pooled[second], seen.answers[first] == seen.answers[second])
        return options.weight * len(seen.targets) * term


class PairLoss:
    """A module on pairs, called with labels as it wants them. Raises OwnLossFault when it breaks the contract."""

    def __init__(self, module: "Module", file: str) -> None:
        import torch

        self._module, self._file = module, file
        random = torch.Generator().manual_seed(0)
        one, other = (torch.randn(6, 8, generator=random, requires_grad=True) for _ in range(2))
        with torch.no_grad():
            costs = [float(self._once(one[:1], one[:1], label)) for label in (0.0, 1.0)]
        self._equal = 1.0 if costs[1] < costs[0] else 0.0
        labels = torch.tensor([self._equal, 1 - self._equal] * 3)
        self._column = self._wants_column(one, other, labels)
        result = self._mean(one, other, labels)
        _check_finite(file, result)
        result.backward()
        _check_gradient(file, one.grad, other.grad)

    def __call__(self, one: "Tensor", other: "Tensor", equal: "Tensor") -> "Tensor":
        """The mean over pairs; `equal`: bool [pairs]."""
        labels = equal.to(one.dtype)
        return self._mean(one, other, labels if self._equal else 1 - labels)

    def _wants_column(self, one: "Tensor", other: "Tensor", labels: "Tensor") -> bool:
        """A distance of shape [pairs, 1] against labels [pairs] would be spread over all pairs by all labels, in silence."""
        import torch

        with torch.no_grad():
            single = [float(self._once(one[i : i + 1], other[i : i + 1], float(labels[i]))) for i in range(len(labels))]
            expected = sum(single) / len(single)
            for is_column in (False, True):
                self._column = is_column
                if abs(float(self._mean(one, other, labels)) - expected) <= 1e-4 * (1 + abs(expected)):
                    return is_column
        return False  # a loss over the batch as a whole: no mean of its pairs in either way

    def _once(self, one: "Tensor", other: "Tensor", label: float) -> "Tensor":
        import torch

        self._column = False
        return self._mean(one, other, torch.tensor([label]))

    def _mean(self, one: "Tensor", other: "Tensor", labels: "Tensor") -> "Tensor":
        given: Tensor = _called(self._module, self._file, one, other, labels[:, None] if self._column else labels)
        if given.dim() > 0 and given.numel() != len(labels):
            raise OwnLossFault(
                file=self._file, why=f"for {len(labels)} pairs it gave back the shape {tuple(given.shape)}, not one number a pair or their mean"
            )
        return given.float().mean()


def chosen_pairs(answers: list[int]) -> list[tuple[int, int]]:
    """Of all pairs of a batch those with equal answers and as many with different ones (at least one an example), evenly drawn, at most a thousand."""
    pairs = [(i, j) for i in range(len(answers)) for j in range(i + 1, min(len(answers), i + 129))]
    equal, different = ([pair for pair in pairs if (answers[pair[0]] == answers[pair[1]]) is same] for same in (True, False))
    equal = _spread(equal, _MOST_PAIRS // 2)
    return equal + _spread(different, min(_MOST_PAIRS // 2, max(len(equal), len(answers))))


def loaded(path: Path, file: str, class_name: str, arguments: Mapping[str, Any]) -> tuple["Module", int]:
    """Run the file and make its module; and how many values its `forward` takes (2 or 3). Raises OwnLossFault."""
    import torch

    space = ModuleType("own_loss")
    try:
        exec(compile(path.read_text(encoding="utf-8"), file, "exec"), vars(space))  # the file's keeper said yes to its text
    except (SyntaxError, *_FAULTS) as error:
        raise OwnLossFault(file=file, why=f"{type(error).__name__} while it was read: {error}") from error
    known = {
        name: value
        for name, value in vars(space).items()
        if isinstance(value, type) and issubclass(value, torch.nn.Module) and value.__module__ == space.__name__
    }
    if class_name and class_name not in known:
        raise OwnLossFault(file=file, why=f"it has no torch.nn.Module called '{class_name}', only {', '.join(known) or 'none'}")
    if not class_name and len(known) != 1:
        raise OwnLossFault(file=file, why=f"it must define one torch.nn.Module, and defines {len(known)} ({', '.join(known)}); class_name chooses")
    kind = known[class_name] if class_name else next(iter(known.values()))
    try:
        module = kind(**arguments)
        takes = len([one for one in inspect.signature(module.forward).parameters.values() if one.default is one.empty])
    except _FAULTS as error:
        raise OwnLossFault(file=file, why=f"'{kind.__name__}' cannot be made with the arguments {dict(arguments)}: {error}") from error
    if takes not in (_TOKEN, _PAIR):
        raise OwnLossFault(file=file, why=f"forward takes {takes} values; it must take (logits, targets) or (output1, output2, label)")
    if list(module.parameters()):
        raise OwnLossFault(file=file, why="it has weights of its own, which nothing would train or keep")
    return module, takes


def _check_tokens(module: "Module", file: str) -> None:
    import torch

    random = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 11, generator=random, requires_grad=True)
    given = _called(module, file, logits.log_softmax(dim=-1), torch.randint(0, 11, (5,), generator=random))
    _check_finite(file, given)
    if given.dim() > 0 and given.numel() != 5:
        raise OwnLossFault(file=file, why=f"for 5 tokens it gave back the shape {tuple(given.shape)}, not one number a token or their mean")
    given.sum().backward()
    _check_gradient(file, logits.grad)


def _called(module: "Module", file: str, *values: "Tensor") -> "Tensor":
    import torch

    try:
        given = module(*values)
    except _FAULTS as error:
        if told(error, place=Path()) is not None:  # no memory, or a full disk: not the file's fault
            raise
        raise OwnLossFault(file=file, why=f"{type(error).__name__} when it was called: {error}") from error
    if not isinstance(given, torch.Tensor):
        raise OwnLossFault(file=file, why=f"it gave back a {type(given).__name__}, not a tensor")
    if torch.is_grad_enabled() and any(value.requires_grad for value in values) and not given.requires_grad:
        raise OwnLossFault(file=file, why="no gradient flows through it: its result does not hang together with what it was given")
    return given


def _check_finite(file: str, given: "Tensor") -> None:
    """Before the training only: in it, a rate that is too high makes any loss infinite."""
    import torch

    if not bool(torch.isfinite(given).all()):
        raise OwnLossFault(file=file, why="it gave back infinity or no number")


def _check_gradient(file: str, *gradients: "Tensor | None") -> None:
    import torch

    for gradient in gradients:
        if gradient is None or not bool(torch.isfinite(gradient).all()) or not bool(gradient.abs().sum() > 0):
            raise OwnLossFault(file=file, why="its gradient is empty, infinite or no number, so nothing could be learned from it")


def _spread(pairs: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    return pairs if len(pairs) <= most else [pairs[number * len(pairs) // most] for number in range(most)]
