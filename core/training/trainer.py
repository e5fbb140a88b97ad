"""transformers.Trainer with our batches, our loss, our evaluation and our stop. Heavy: imported by children only."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.utils import SAFE_WEIGHTS_NAME

from core.errors import UserError
from core.jobs.events import Best as BestEvent
from core.jobs.events import MetricPoint
from core.jobs.handle import ChildJob
from core.training.batches import Batch, by_tokens, flat, padded, shortest
from core.training.encoding import Learned
from core.training.keeping import Keeper
from core.training.loss import logits_of, token_losses
from core.training.objective import Objective
from core.training.recipe import Recipe
from core.training.telling import Telling
from core.training.watching import Answers, facts

_EVALUATION_TOKENS = 4096


class Interrupted(Exception):
    """A stop was asked for; the weights are those of the last whole step."""


class LossNotFinite(UserError):
    """The loss or its gradient became infinite or no number."""

    sentence = (
        "The training was stopped at step {step}: its loss became {value}, so the corrections were too big to learn from. {kept} "
        "Try again with a third of the learning rate ({learning_rate:.1e} instead of {was:.1e}), or look for damaged rows in the data."
    )
    status = 422

    def __init__(self, *, step: int, value: str, kept: str, learning_rate: float, was: float) -> None:
        super().__init__(step=step, value=value, kept=kept, learning_rate=learning_rate, was=was)


@dataclass(frozen=True)
class Sides:
    """What a training works with besides its model. `is_flat` says how batches are laid out."""

    job: ChildJob
    recipe: Recipe
    telling: Telling
    keeper: Keeper
    train: Sequence[Learned]
    validation: Sequence[Learned]
    is_flat: bool


class OurTrainer(Trainer):
    """One forward a batch, logits on learned tokens only; a step's loss is the mean over its learned tokens, also with accumulation."""

    loss_is_scaled_for_ga = True

    def __init__(self, model: Any, sides: Sides) -> None:
        self.sides = sides
        self._plain_sum = 0.0
        self._answers = Answers()
        self._layout: Callable[[Sequence[Learned]], Batch] = flat if sides.is_flat else padded
        super().__init__(model=model, args=arguments(sides), train_dataset=list(sides.train), data_collator=self._collate, callbacks=[_Steps(self)])
        self.remove_callback(PrinterCallback)
        sample = self._layout(shortest(sides.train)).to(self.args.device)
        self._objective = Objective(model, sides.recipe, sides.job.folder, sample)
        if (said := self._objective.told()) is not None:
            sides.telling.sentence(0, said)
        _listen_between_layers(model, self._heed_stop)

    def _heed_stop(self) -> None:
        if self.sides.job.stop_requested():
            raise Interrupted

    def _collate(self, examples: list[Learned]) -> dict[str, Any]:
        return {"batch": self._layout(examples)}

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device) -> tuple[list[Any], Any]:
        samples, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        return samples, sum(len(sample["batch"].targets) for sample in samples)

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        batch: Batch = inputs["batch"]
        learned, plain = self._objective(model, batch)
        self._plain_sum = float(plain)
        return learned / (num_items_in_batch or len(batch.targets))

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        self._heed_stop()
        started = time.monotonic()
        batch: Batch = inputs["batch"]
        loss = super().training_step(model, inputs, num_items_in_batch)
        if not math.isfinite(float(loss)):
            raise self._not_finite(float(loss))
        self.sides.telling.batch(loss_sum=self._plain_sum, learned=len(batch.targets), tokens=batch.tokens, seconds=time.monotonic() - started)
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
        step = self.state.global_step
        loss = self.validation_loss() if self.sides.validation else None
        if loss is not None:
            if not math.isfinite(loss):
                raise self._not_finite(loss)
            self.sides.job.emit(MetricPoint(step, "eval_loss", loss))
            for point in self._answers.points(step):
                self.sides.job.emit(point)
        self._keep_if_better(step, loss)
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
                if self.sides.recipe.task == "classification":
                    self._answers.add(logits, batch)
                count += len(batch.targets)
                self.sides.telling.sample()
        return total / count

    def _keep_if_better(self, step: int, loss: float | None) -> None:
        """Without validation rows the newest weights are the best that is known."""
        best = self.sides.keeper.best
        if loss is not None and loss >= best.loss:
            best.since += 1
            return
        self.sides.keeper.keep_model(self.model)
        best.step, best.since = step, 0
        if loss is not None:
            best.loss = loss
            self.sides.job.emit(BestEvent(step, "eval_loss", loss))

    def _not_finite(self, value: float) -> LossNotFinite:
        best, rate = self.sides.keeper.best, self.sides.recipe.learning_rate
        kept = f"The weights of step {best.step} are kept." if best.step is not None else "Nothing was kept, since no evaluation had come yet."
        return LossNotFinite(step=self.state.global_step + 1, value=f"{value}", kept=kept, learning_rate=rate / 3, was=rate)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """A checkpoint of passages added to a frozen model holds the passages only; peft's own models see to that themselves."""
        model: Any = self.model
        learned = {name: weight.detach().contiguous() for name, weight in model.named_parameters() if weight.requires_grad}
        if isinstance(model, PreTrainedModel) and len(learned) < len(list(model.parameters())):
            Path(str(output_dir)).mkdir(parents=True, exist_ok=True)
            save_file(learned, Path(str(output_dir)) / SAFE_WEIGHTS_NAME, metadata={"format": "pt"})
            return
        super()._save(output_dir, state_dict)
        self.sides.keeper.method.write_state(model, Path(str(output_dir)))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.sides.keeper.method.read_state(self.model, Path(resume_from_checkpoint))

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


class _Steps(TrainerCallback):
    """When to evaluate, when to write a checkpoint, when it is enough."""

    def __init__(self, trainer: OurTrainer) -> None:
        self.trainer = trainer
        self.saving_since = 0.0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        sides, model = self.trainer.sides, others["model"]
        for fact in facts(sides.recipe, sides.train, len(sides.validation), parameters=model.num_parameters(), steps=state.max_steps):
            sides.job.emit(fact)
        sides.keeper.method.begin(self.trainer.model, state.max_steps)

    def on_pre_optimizer_step(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self.trainer.sides.keeper.method.before_step(self.trainer.model)

    def on_optimizer_step(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self.trainer.sides.keeper.method.after_step(self.trainer.model, state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> TrainerControl:
        every = max(1, math.ceil(state.max_steps / self.trainer.sides.recipe.evaluations))
        control.should_evaluate = state.global_step % every == 0 or state.global_step == state.max_steps
        return control

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> TrainerControl:
        keeper, last = self.trainer.sides.keeper, state.global_step >= state.max_steps
        control.should_training_stop = last or keeper.best.since >= self.trainer.sides.recipe.early_stopping_patience
        control.should_save = not control.should_training_stop and keeper.wants_checkpoint()
        self.saving_since = time.monotonic()
        return control

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self.trainer.sides.keeper.finish_checkpoint(state.global_step, self.saving_since)


def arguments(sides: Sides) -> TrainingArguments:
    """The recipe in the Trainer's words. Logging is ours, evaluation and saving are asked for by `_Steps`."""
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
    )


def run(trainer: OurTrainer, resume_from: Path | None) -> None:
    """Train to the end. Raises Interrupted, LossNotFinite."""
    trainer.sides.telling.begin(int(resume_from.name.rsplit("-", 1)[-1]) if resume_from else 0)
    trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
