"""What is done between the steps of a training: when to evaluate, when to write a checkpoint, when it is enough. Heavy: children only."""

import math
import time
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core.sentence import Sentence
from core.training.pausing import Draws
from core.training.watching import facts

if TYPE_CHECKING:
    from core.training.trainer import OurTrainer


class Steps(TrainerCallback):
    """When to evaluate, when to write a checkpoint, when it is enough."""

    def __init__(self, trainer: "OurTrainer") -> None:
        self.trainer = trainer
        self.saving_since, self.told_no_room = 0.0, False

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> TrainerControl:
        sides, model = self.trainer.sides, others["model"]
        for fact in facts(sides.recipe, sides.train, len(sides.validation), parameters=model.num_parameters(), steps=state.max_steps):
            sides.job.emit(fact)
        sides.keeper.method.begin(self.trainer.model, state.max_steps)
        self.trainer.draws = Draws.now()
        control.should_training_stop = sides.keeper.best.since >= sides.recipe.early_stopping_patience
        return control

    def on_pre_optimizer_step(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self.trainer.sides.keeper.method.before_step(self.trainer.model)

    def on_optimizer_step(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self.trainer.sides.keeper.method.after_step(self.trainer.model, state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> TrainerControl:
        self.trainer.draws = Draws.now()
        every = max(1, math.ceil(state.max_steps / self.trainer.sides.recipe.evaluations))
        control.should_evaluate = state.global_step % every == 0 or state.global_step == state.max_steps
        return control

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> TrainerControl:
        keeper, last = self.trainer.sides.keeper, state.global_step >= state.max_steps
        control.should_training_stop = last or keeper.best.since >= self.trainer.sides.recipe.early_stopping_patience
        control.should_save = not control.should_training_stop and keeper.wants_checkpoint() and self._has_room(state.global_step)
        self.saving_since = time.monotonic()
        return control

    def _has_room(self, step: int) -> bool:
        """A checkpoint is about the weights that learn and two numbers of the optimiser for each."""
        model: Any = self.trainer.model
        needed = 3 * sum(weight.numel() * weight.element_size() for weight in model.parameters() if weight.requires_grad)
        room = self.trainer.sides.keeper.has_room(needed)
        if not room and not self.told_no_room:
            self.told_no_room = True
            english = (
                "From step {step:,} on no checkpoint is written: it would take about {needed_mb:,.0f} MB, more than the disk or the limit for checkpoints leaves. "
                "The best weights are kept all the same; a training that is interrupted goes on from its last checkpoint."
            )
            self.trainer.sides.telling.sentence(step, Sentence("training.no_checkpoint", english, {"step": step, "needed_mb": needed / 1e6}))
        return room

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        self.trainer.sides.keeper.finish_checkpoint(state.global_step, self.saving_since)
