"""transformers.Trainer with our batches, our loss, our evaluation and our stop. Heavy: imported by children only."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainingArguments
from transformers.utils import SAFE_WEIGHTS_NAME

from core.errors import UserError
from core.jobs.events import Best as BestEvent
from core.jobs.handle import ChildJob
from core.models.head import plain_output
from core.training.batches import Batch, by_tokens, flat, padded, piece_tokens, pieces, shortest
from core.training.encoding import Learned
from core.training.keeping import Keeper
from core.training.loss import logits_of, token_losses
from core.training.objective import Objective
from core.training.pausing import Draws
from core.training.pinning import Pinning
from core.training.recipe import Recipe
from core.training.steps import Steps
from core.training.telling import Telling
from core.training.watching import Answers, counts_answers

_EVALUATION_TOKENS = 4096


class Interrupted(Exception):
    """A stop or a pause was asked for; the weights are those of the last whole step."""


class _Enough(Exception):
    """The evaluation that was made up for at the start was the last one."""


class LossNotFinite(UserError):
    """The loss or its gradient became infinite or no number."""

    sentence = (
        "The training was stopped at step {step}: its loss became {value}, so the corrections were too big to learn from. {kept} "
        "Try again with a third of the learning rate ({learning_rate:exact} instead of {was:exact}), or look for damaged rows in the data."
    )
    status = 422

    def __init__(self, *, step: int, value: str, kept: str, learning_rate: float, was: float) -> None:
        super().__init__(step=step, value=value, kept=kept, learning_rate=learning_rate, was=was)


@dataclass(frozen=True)
class Sides:
    """What a training works with besides its model. `is_flat` says how batches are laid out; `pinning` asks a few questions at each evaluation."""

    job: ChildJob
    recipe: Recipe
    telling: Telling
    keeper: Keeper
    train: Sequence[Learned]
    validation: Sequence[Learned]
    is_flat: bool
    pinning: Pinning | None = None
    ask_first: bool = False  # the validation rows, before the first step


class OurTrainer(Trainer):
    """Logits on learned tokens only; a step's loss is the mean over its learned tokens, however it is cut into pieces or accumulated."""

    loss_is_scaled_for_ga = True

    def __init__(self, model: Any, sides: Sides) -> None:
        self.sides = sides
        self._plain_sum = 0.0
        self._answers = Answers()
        self.draws, self.is_asking = Draws.now(), False
        self._layout: Callable[[Sequence[Learned]], Batch] = flat if sides.is_flat else padded
        super().__init__(model=model, args=arguments(sides), train_dataset=list(sides.train), data_collator=self._collate, callbacks=[Steps(self)])
        self.remove_callback(PrinterCallback)
        sample = self._layout(shortest(sides.train)).to(self.args.device)
        self._objective = Objective(model, sides.recipe, sides.job.folder, sample)
        if (said := self._objective.told()) is not None:
            sides.telling.sentence(0, said)
        _listen_between_layers(model, self._heed_stop)

    def _heed_stop(self) -> None:
        if self.sides.job.end_requested():
            raise Interrupted

    def _collate(self, examples: list[Learned]) -> dict[str, Any]:
        """A step goes through the model piece by piece: what stands in memory for the way back is one piece's, and near the processor."""
        budget = piece_tokens(self.args.device.type) if self._objective.takes_pieces else None
        return {"pieces": pieces(examples, budget, is_flat=self.sides.is_flat)}

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device) -> tuple[list[Any], Any]:
        samples, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        return samples, sum(len(piece.targets) for sample in samples for piece in sample["pieces"])

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        batch: Batch = inputs["batch"]
        learned, plain = self._objective(model, batch)
        self._plain_sum += float(plain)
        return learned / (num_items_in_batch or len(batch.targets))

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        if self.control.should_training_stop:
            raise _Enough
        started = time.monotonic()
        parts: list[Batch] = inputs["pieces"]
        learned = sum(len(piece.targets) for piece in parts)
        loss, self._plain_sum = torch.zeros((), device=self.args.device), 0.0
        for piece in parts:
            self._heed_stop()
            loss += super().training_step(model, {"batch": piece}, num_items_in_batch or learned)
        if not math.isfinite(float(loss)):
            raise self._not_finite(float(loss))
        tokens = sum(piece.tokens for piece in parts)
        self.sides.telling.batch(loss_sum=self._plain_sum, learned=learned, tokens=tokens, seconds=time.monotonic() - started)
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Called after each step with its loss, gradient norm and learning rate."""
        if "loss" not in logs:
            return
        if not math.isfinite(logs.get("grad_norm", 0.0)):
            raise self._not_finite(logs["grad_norm"])
        step, steps = self.state.global_step, self.state.max_steps
        self.sides.telling.step(step, steps, learning_rate=logs["learning_rate"], grad_norm=logs.get("grad_norm"), last=step == steps)

    def evaluate(self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval") -> dict[str, float]:
        """The mean token loss over the validation rows, without smoothing; keeps the weights when it is the best until now."""
        step, self.is_asking = self.state.global_step, True
        loss = self.validation_loss() if self.sides.validation else None
        if loss is not None:
            if not math.isfinite(loss):
                raise self._not_finite(loss)
            self.sides.telling.point(step, "eval_loss", loss)
            for point in self._answers.points(step, self.sides.recipe):
                self.sides.telling.point(point.step, point.name, point.value)
        self._keep_if_better(step, loss)
        self.is_asking = False
        if self.sides.pinning is not None:
            self.sides.pinning.ask(self.model, step, is_flat=self.sides.is_flat, last=step == self.state.max_steps)
        metrics = {} if loss is None else {"eval_loss": loss}
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def validation_loss(self) -> float:
        total, count, self._answers = 0.0, 0, Answers()
        model: Any = self.model
        model.eval()
        with torch.no_grad():
            for examples in by_tokens(self.sides.validation, _EVALUATION_TOKENS):
                self._heed_stop()
                batch = self._layout(examples).to(self.args.device)
                logits = logits_of(model, batch)
                total += float(token_losses(logits, batch.targets)[1])
                if counts_answers(self.sides.recipe):
                    self._answers.add(logits, batch)
                count += len(batch.targets)
                self.sides.telling.sample()
        return total / count

    def _keep_if_better(self, step: int, loss: float | None) -> None:
        """Without validation rows the newest weights are the best that is known."""
        best = self.sides.keeper.best
        score = self._answers.score(self.sides.recipe)
        if loss is not None and not best.is_beaten_by(loss, score):
            best.since += 1
            return
        self.sides.keeper.keep_model(self.model)
        best.step, best.since, best.score = step, 0, score
        if loss is not None:
            best.loss = loss
            self.sides.job.emit(BestEvent(step, "eval_loss", loss))

    def _not_finite(self, value: float) -> LossNotFinite:
        best, rate = self.sides.keeper.best, self.sides.recipe.learning_rate
        kept = f"The weights of step {best.step} are kept." if best.step is not None else "Nothing was kept, since no evaluation had come yet."
        return LossNotFinite(step=self.state.global_step + 1, value=f"{value}", kept=kept, learning_rate=rate / 3, was=rate)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """A head for categories lies beside what would be written without it."""
        folder = Path(str(output_dir))
        with plain_output(self.model) as head:
            self._save_plain(folder, state_dict)
        if head is not None:
            head.save(folder)

    def _save_plain(self, folder: Path, state_dict: Any) -> None:
        """A checkpoint of passages added to a frozen model holds the passages only; peft's own models see to that themselves."""
        model: Any = self.model
        learned = {name: weight.detach().contiguous() for name, weight in model.named_parameters() if weight.requires_grad}
        if isinstance(model, PreTrainedModel) and len(learned) < len(list(model.parameters())):
            folder.mkdir(parents=True, exist_ok=True)
            save_file(learned, folder / SAFE_WEIGHTS_NAME, metadata={"format": "pt"})
            return
        super()._save(str(folder), state_dict)
        self.sides.keeper.method.write_state(model, folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        folder = Path(resume_from_checkpoint)
        with plain_output(self.model) as head:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            self.sides.keeper.method.read_state(self.model, folder)
        if head is not None:
            head.restore(folder)

    def floating_point_ops(self, inputs: Any) -> int:
        return 0  # nobody reads it, and the estimate wants inputs under other names


def _listen_between_layers(model: Any, heed_stop: Callable[[], None]) -> None:
    """A step of a large model takes many seconds: a stop is heard between its layers too, forwards and backwards. The weights are then still
    those of the last whole step."""

    def after(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        heed_stop()
        if isinstance(output, torch.Tensor) and output.requires_grad:
            output.register_hook(before)

    def before(gradient: torch.Tensor) -> None:
        heed_stop()

    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList):
            for layer in module:
                layer.register_forward_hook(after)


def arguments(sides: Sides) -> TrainingArguments:
    """The recipe in the Trainer's words. Logging is ours, evaluation and saving are asked for by `Steps`."""
    recipe = sides.recipe
    accumulated = min(recipe.gradient_accumulation_steps, max(1, math.ceil(len(sides.train) / recipe.per_device_train_batch_size)))
    return TrainingArguments(
        output_dir=str(sides.keeper.writing_folder),
        learning_rate=recipe.learning_rate,
        num_train_epochs=recipe.num_train_epochs,
        max_steps=recipe.max_steps or -1,
        per_device_train_batch_size=recipe.per_device_train_batch_size,
        gradient_accumulation_steps=accumulated,
        warmup_steps=recipe.warmup_ratio,
        lr_scheduler_type=recipe.lr_scheduler_type,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        seed=recipe.seed,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        use_cpu=not torch.cuda.is_available(),
        bf16=False,
        eval_on_start=sides.ask_first,
    )


def run(trainer: OurTrainer, resume_from: Path | None) -> None:
    """Train to the end. Raises Interrupted, LossNotFinite."""
    trainer.sides.telling.begin(int(resume_from.name.rsplit("-", 1)[-1]) if resume_from else 0)
    with contextlib.suppress(_Enough):
        trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
