"""The training job, from the rows in its run folder to the best weights in model/. Runs in a child process only."""

import os
import random
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.layout import wear
from core.jobs.handle import ChildJob, JobStopped
from core.methods.base import method
from core.models.load import check_folder, load_base, load_tokenizer
from core.models.reference import ModelReference
from core.sentence import Sentence
from core.tasks.base import task
from core.training.encoding import EncodedRows, Learned, check_rows, encode_rows, read_rows
from core.training.estimate import rounds_of
from core.training.keeping import Keeper, last_checkpoint, state_of
from core.training.options import options_of
from core.training.recipe import Recipe
from core.training.settings import ROWS_FILE, TrainSettings
from core.training.telling import Telling
from storage.rows import Part

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.training.trainer import OurTrainer

_LEAST_VALIDATION_TOKENS = 30_000
_VALIDATION_SHARE = 0.5  # of the tokens learned from between two evaluations; looking at a token costs a third of learning from it


@dataclass(frozen=True)
class Prepared:
    """All that stands before the first step."""

    rows: EncodedRows
    tokenizer: "PreTrainedTokenizerBase"
    model: Any
    is_flat: bool


def main(job: ChildJob) -> None:
    """Ends normally when the training came to its own end (all steps, or no more progress); raises JobStopped when it was asked to stop."""
    settings = TrainSettings.model_validate(job.spec.settings)
    telling = Telling(job)
    prepared = prepare(job, telling, settings.recipe, settings.base)
    from core.training import trainer as training

    keeper = Keeper(job.folder, settings.name, method(settings.recipe.method), _base_folder(settings.base), prepared.tokenizer)
    checkpoint = _checkpoint(job, telling)
    if checkpoint is not None:
        keeper.best = state_of(checkpoint)
    rows = prepared.rows
    validation = _bounded(rows, settings.recipe, telling)
    sides = training.Sides(job, settings.recipe, telling, keeper, rows.train, validation, prepared.is_flat)
    job.check_stop()
    trainer = training.OurTrainer(prepared.model, sides)
    try:
        training.run(trainer, checkpoint)
    except training.Interrupted:
        _keep_on_stop(trainer, telling)
        raise JobStopped from None
    telling.stage("saving", "Saving", 1.0)
    keeper.clean_up()


def prepare(job: ChildJob, telling: Telling, recipe: Recipe, base: ModelReference) -> Prepared:
    """Read, check and encode the rows while the heavy libraries are imported beside; then the model, and how its batches are laid out."""
    _wait_quietly()
    folder = _base_folder(base)
    config = check_folder(folder, base.name)
    telling.stage("reading", "Reading the rows")
    importing = threading.Thread(target=_import_heavy, args=(recipe.method,))
    rows = check_rows(read_rows(job.folder / ROWS_FILE), recipe.task)
    _be_exact(job.spec.threads)
    tokenizer = load_tokenizer(folder)
    wear(tokenizer, recipe.layout)  # the run's model is kept with this tokenizer, so that whoever asks it asks as it learned
    importing.start()
    encoded = encoded_rows(job, telling, rows, recipe, tokenizer, context_of(config))
    importing.join()
    job.check_stop()
    telling.stage("loading", "Loading the model")
    model, is_flat = load_ready(base, recipe, encoded, telling)
    return Prepared(encoded, tokenizer, model, is_flat)


def encoded_rows(job: ChildJob, telling: Telling, rows: Any, recipe: Recipe, tokenizer: Any, context: int) -> EncodedRows:
    """Tells how far it is, and what had to be cut."""

    def told(done: int, total: int) -> None:
        job.check_stop()
        telling.stage("encoding", "Preparing the rows", done / total)

    answers = [row.answer for row in rows if row.part is Part.TRAIN]
    encoded = encode_rows(rows, task(recipe.task).knowing(answers), tokenizer, min(recipe.max_length, context), told, recipe.layout)
    if (said := encoded.told()) is not None:
        telling.sentence(0, said)
    return encoded


def load_ready(base: ModelReference, recipe: Recipe, rows: EncodedRows, telling: Telling) -> tuple[Any, bool]:
    """The model with the recipe's method applied, and whether it takes flat batches."""
    import torch

    from core.training.layout import choose

    torch.manual_seed(recipe.seed)  # an adapter starts from random numbers
    chosen = method(recipe.method)
    options = options_of(recipe)
    plain = load_base(_base_folder(base), quantization=chosen.quantization(options))
    model = chosen.apply(plain, options)
    layout = choose(model, rows.train, next(model.parameters()).device)
    if (said := layout.told()) is not None:
        telling.sentence(0, said)
    if recipe.activation_checkpointing:
        model.activation_checkpointing_enable()
    model.train()
    return model, layout.is_flat


def context_of(config: dict[str, Any]) -> int:
    """How many tokens the model reads at once, by its config."""
    stated = config.get("max_position_embeddings") or config.get("text_config", {}).get("max_position_embeddings")
    return int(stated) if stated else 2048


def _keep_on_stop(trainer: "OurTrainer", telling: Telling) -> None:
    """The best weights are on the disk already; where no evaluation came yet, the newest are kept and that is said."""
    sides, step = trainer.sides, trainer.state.global_step
    if sides.keeper.best.step is None and step > 0:
        sides.keeper.keep_model(trainer.model)
        english = "Stopped before the first check on validation rows: the weights of step {step:,} are kept as they are."
        telling.sentence(step, Sentence("training.kept_unchecked", english, {"step": step}))


def _bounded(rows: EncodedRows, recipe: Recipe, telling: Telling) -> tuple[Learned, ...]:
    """So many validation rows that asking them takes about a sixth of the time at most: the same ones each time, drawn with the recipe's seed."""
    budget = max(_LEAST_VALIDATION_TOKENS, int(_VALIDATION_SHARE * rows.tokens * rounds_of(recipe, len(rows.train)) / recipe.evaluations))
    drawn: list[Learned] = []
    tokens = 0
    for example in random.Random(recipe.seed).sample(rows.validation, len(rows.validation)):
        tokens += len(example.ids)
        if tokens > budget and drawn:
            english = "The validation loss is that of {used:,} of the {rows:,} validation rows, drawn at random, so that checking does not take longer than learning."
            telling.sentence(0, Sentence("training.validation_drawn", english, {"used": len(drawn), "rows": len(rows.validation)}))
            return tuple(drawn)
        drawn.append(example)
    return rows.validation


def _checkpoint(job: ChildJob, telling: Telling) -> Path | None:
    if not job.spec.resume:
        return None
    found = last_checkpoint(job.folder)
    if found is None:
        telling.sentence(0, Sentence("training.from_start", "No whole checkpoint was found, so the training starts again from its beginning."))
    return found


def _base_folder(base: ModelReference) -> Path:
    return base.folder


def _wait_quietly() -> None:
    """Before torch is imported: its threads are to wait for each other briefly and then sleep. Spinning as long as they do by default, a
    training on a busy machine took ten times as long (measured: 2 threads on 2 cores with other programs at work)."""
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")


def _import_heavy(method_name: str) -> None:
    from transformers.utils.logging import disable_progress_bar

    import core.training.trainer  # noqa: F401  # Trainer alone takes seconds

    disable_progress_bar()  # nobody looks at the log's bars

    if method_name != "full":
        import peft  # noqa: F401


def _be_exact(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
