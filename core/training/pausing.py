"""Keeping the place of a training at once, wherever it is, so that it goes on as if nothing had been. Heavy: children only."""

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
import torch

if TYPE_CHECKING:
    from core.training.trainer import OurTrainer


@dataclass(frozen=True)
class Draws:
    """Where the random numbers stood. A step that is called off has drawn some already (dropout), and will draw the same ones again."""

    of_python: Any
    of_numpy: Any
    of_torch: torch.Tensor
    of_cuda: tuple[torch.Tensor, ...]

    @classmethod
    def now(cls) -> "Draws":
        cuda = tuple(torch.cuda.get_rng_state_all()) if torch.cuda.is_available() else ()
        return cls(random.getstate(), numpy.random.get_state(), torch.get_rng_state(), cuda)

    def restore(self) -> None:
        random.setstate(self.of_python)
        numpy.random.set_state(self.of_numpy)
        torch.set_rng_state(self.of_torch)
        if self.of_cuda:
            torch.cuda.set_rng_state_all(list(self.of_cuda))


def keep_place(trainer: "OurTrainer") -> None:
    """Write a checkpoint of the last whole step. An evaluation that was called off is made up for by whoever goes on. Raises OSError (disk full …)."""
    step, started = trainer.state.global_step, time.monotonic()
    if step == 0:
        return
    trainer.draws.restore()
    model: Any = trainer.model
    trainer._save_checkpoint(model, None)
    trainer.sides.keeper.finish_checkpoint(step, started, unasked=trainer.is_asking)
