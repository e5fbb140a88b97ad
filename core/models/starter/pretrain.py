"""The training loop: bf16 arithmetic, 32-bit master weights, a rate that follows the clock, resumable at any step."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from core.models.starter.muon import Muon
from core.models.starter.network import Network, Size, mean_loss
from core.models.starter.shelf import Batch, Drawer, Shelf

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How to train. Times in seconds; `decay_share` is the last part of the time, in which the rate falls to nothing."""

    budget_s: float
    batch_tokens: int = 4096
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    warm_up_steps: int = 100
    decay_share: float = 0.4
    late_share: float = 0.4
    save_every_s: float = 300.0
    log_every: int = 20
    threads: int = 2
    seed: int = 0
    max_steps: int | None = None  # for tiny models: the rate then follows the steps, so that a run repeats
    pause_file: Path | None = None
    ends_on_clock: bool = False  # then the budget counts from the start of this run and pauses take from it; else it is the whole training's


@dataclasses.dataclass
class Progress:
    """Where a training stands."""

    step: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    loss: float = float("nan")


def rate(share: float, step: int, plan: Plan) -> float:
    """The learning rate's factor, 0 to 1, after `share` of the time: warm-up by steps, a plateau, a straight fall (warm-up, stable, decay)."""
    rise = min(1.0, (step + 1) / plan.warm_up_steps)
    fall = min(1.0, max(0.0, (1.0 - share) / plan.decay_share))
    return min(rise, fall)


class _Optimizer:
    """Muon for the matrices between embedding and head, AdamW for the rest; both on the 32-bit weights."""

    def __init__(self, master: Network, plan: Plan) -> None:
        inner = [w for name, w in master.named_parameters() if w.dim() == 2 and "embed_tokens" not in name]
        norms = [w for w in master.parameters() if w.dim() == 1]
        self.parts: list[torch.optim.Optimizer] = [
            Muon(inner, lr=plan.learning_rate, weight_decay=plan.weight_decay),
            torch.optim.AdamW(
                [{"params": [master.head], "weight_decay": plan.weight_decay}, {"params": norms, "weight_decay": 0.0}],
                lr=plan.learning_rate,
                betas=(0.9, 0.95),
                fused=True,
            ),
        ]
        self.plan = plan

    def step(self, factor: float) -> None:
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = self.plan.learning_rate * factor
            part.step()

    @property
    def state(self) -> list[dict[str, Any]]:
        return [part.state_dict() for part in self.parts]

    def resume(self, state: list[dict[str, Any]]) -> None:
        for part, saved in zip(self.parts, state, strict=True):
            part.load_state_dict(saved)


def _loss_of_part(network: Network, part: Batch, known: int) -> float:
    loss = mean_loss(network, part.ids, part.targets, part.mask, known)
    loss.backward()
    return float(loss.detach())


class Pretraining:
    """A network in training. `folder` keeps checkpoint.pt; when it stands there already, the training goes on from it."""

    def __init__(self, size: Size, shelf: Shelf, folder: Path, plan: Plan) -> None:
        self.plan, self.checkpoint = plan, folder / "checkpoint.pt"
        self.master = Network(size, plan.seed)
        self.replicas = [Network(size, plan.seed).to(torch.bfloat16) for _ in range(plan.threads)]
        self.optimizer = _Optimizer(self.master, plan)
        self.drawer = Drawer(shelf, plan.batch_tokens, plan.seed)
        self.progress = Progress()
        self.stop_asked = False  # a command sets it when it is told to end; the checkpoint is then written between two steps
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.is_file():
            self._resume()
        self._hand_down()
        self.budget_s = plan.budget_s + (self.progress.elapsed_s if plan.ends_on_clock else 0.0)

    def run(self, told: Callable[[Progress], None] | None = None) -> Network:
        """Train until the budget is used and give the 32-bit network. `told` hears of every `log_every`th step."""
        threads_before = torch.get_num_threads()
        torch.set_num_threads(1)  # threads take parts of the batch, not of each product: see _gradients
        try:
            with ThreadPoolExecutor(self.plan.threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                self._train(pool, told)
        finally:
            torch.set_num_threads(threads_before)
        self.save()
        return self.master

    def _train(self, pool: ThreadPoolExecutor, told: Callable[[Progress], None] | None) -> None:
        clock = saved = time.monotonic()
        while not self.stop_asked and self.progress.elapsed_s < self.budget_s and self.progress.step != self.plan.max_steps:
            if self._waited() and not self.plan.ends_on_clock:
                clock = time.monotonic()
            self._step(pool)
            now = time.monotonic()
            self.progress.elapsed_s += now - clock
            clock = now
            if self.progress.step % self.plan.log_every == 0 and told is not None:
                told(self.progress)
            if now - saved > self.plan.save_every_s:
                self.save()
                saved = now

    def _step(self, pool: ThreadPoolExecutor) -> None:
        share = self.progress.elapsed_s / self.budget_s
        if self.plan.max_steps is not None:
            share = self.progress.step / self.plan.max_steps
        batch = self.drawer.batch(late=share > 1.0 - self.plan.late_share)
        value = self._gradients(batch, pool)
        torch.nn.utils.clip_grad_norm_(self.master.parameters(), 1.0)
        self.optimizer.step(rate(share, self.progress.step, self.plan))
        self._hand_down()
        self.progress.loss = value if self.progress.step == 0 else 0.95 * self.progress.loss + 0.05 * value
        self.progress.step += 1
        self.progress.tokens += batch.tokens

    def _gradients(self, batch: Batch, pool: ThreadPoolExecutor) -> float:
        """Leave the batch's gradient in the master weights; the mean loss. Each thread takes some rows through a replica of its own:
        when other programs want the cores, threads that meet once a step lose little, threads that meet in every product lose most."""
        known = int((batch.targets >= 0).sum())
        parts = [batch.rows(start, self.plan.threads) for start in range(self.plan.threads)]
        losses = list(pool.map(_loss_of_part, self.replicas, parts, [known] * len(parts)))
        for master, *narrow in zip(self.master.parameters(), *(replica.parameters() for replica in self.replicas), strict=True):
            master.grad = torch.stack([weight.grad.float() for weight in narrow if weight.grad is not None]).sum(0)
            for weight in narrow:
                weight.grad = None
        return sum(losses)

    @torch.no_grad()
    def _hand_down(self) -> None:
        for replica in self.replicas:
            torch._foreach_copy_(list(replica.parameters()), list(self.master.parameters()))

    def _waited(self) -> bool:
        """Wait while the pause file is there; whether there was any waiting."""
        waited = False
        while self.plan.pause_file is not None and self.plan.pause_file.exists() and not self.stop_asked:
            waited = True
            time.sleep(1.0)  # another program owns the switch: there is no event to wait for
        return waited

    def save(self) -> None:
        """Write checkpoint.pt whole or not at all."""
        state = {
            "weights": self.master.state_dict(),
            "optimizer": self.optimizer.state,
            "drawer": self.drawer.state,
            "progress": dataclasses.asdict(self.progress),
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)
        log.info("kept step %d in %s", self.progress.step, self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.master.load_state_dict(state["weights"])
        self.optimizer.resume(state["optimizer"])
        self.drawer.resume(state["drawer"])
        self.progress = Progress(**state["progress"])
