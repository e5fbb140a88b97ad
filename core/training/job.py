"""The training job, from the rows in its run folder to the best weights in model/. Runs in a child process only."""

import os
import random
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.layout import wear
from core.jobs.handle import ChildJob, JobPaused, JobStopped
from core.methods.base import method
from core.models.load import check_folder, load_base, load_tokenizer
from core.models.reference import ModelReference
from core.sentence import Sentence
from core.tasks.base import task
from core.training.encoding import EncodedRows, Learned, check_rows, encode_rows, read_rows
from core.training.estimate import rounds_of
from core.training.head import has_head, labels_of
from core.training.keeping import Keeper, last_checkpoint, state_of
from core.training.options import options_of
from core.training.recipe import Recipe
from core.training.settings import ROWS_FILE, START_FOLDER, TrainSettings
from core.training.starting import go_on_from
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
    """Ends normally when the training came to its own end (all steps, or no more progress); raises JobStopped or JobPaused when it was asked to."""
    settings = TrainSettings.model_validate(job.spec.settings)
    telling = Telling(job)
    prepared = prepare(job, telling, settings.recipe, settings.base)
    from core.training import trainer as training
    from core.training.pausing import keep_place

    keeper = Keeper(
        job.folder, settings.name, method(settings.recipe.method), settings.base.folder, prepared.tokenizer,
        budget_bytes=settings.checkpoint_bytes,
    )  # fmt: skip
    checkpoint = _checkpoint(job, telling)
    if checkpoint is not None:
        keeper.best = state_of(checkpoint)
    elif settings.goes_on_from is not None:
        go_on_from(prepared.model, keeper.method, job.folder / START_FOLDER)
        telling.sentence(0, Sentence("training.goes_on", "It goes on from the weights that '{run}' kept.", {"run": settings.goes_on_from}))
    ask_first = keeper.best.unasked if checkpoint is not None else settings.goes_on_from is not None
    rows = prepared.rows
    validation = bounded_validation(rows, settings.recipe, telling)
    pinning = training.Pinning(job, settings.recipe, prepared.tokenizer)
    sides = training.Sides(job, settings.recipe, telling, keeper, rows.train, validation, prepared.is_flat, pinning, ask_first)
    job.check_stop()
    trainer = training.OurTrainer(prepared.model, sides)
    try:
        training.run(trainer, checkpoint)
    except training.Interrupted:
        _keep_on_stop(trainer, telling, says=job.stop_requested())
        if job.stop_requested():
            raise JobStopped from None
        telling.stage("pausing", "Keeping its place", trainer.state.global_step / max(1, trainer.state.max_steps))
        keep_place(trainer)
        raise JobPaused from None
    telling.stage("saving", "Saving", 1.0)
    keeper.clean_up()


def prepare(job: ChildJob, telling: Telling, recipe: Recipe, base: ModelReference) -> Prepared:
    """The rows; then the model, and how its batches are laid out."""
    encoded, tokenizer = prepare_rows(job, telling, recipe, base)
    telling.stage("loading", "Loading the model")
    model, is_flat = load_ready(base, recipe, encoded, telling)
    return Prepared(encoded, tokenizer, model, is_flat)


def prepare_rows(job: ChildJob, telling: Telling, recipe: Recipe, base: ModelReference) -> "tuple[EncodedRows, PreTrainedTokenizerBase]":
    """Read, check and encode the rows while the heavy libraries are imported beside."""
    wait_quietly()
    config = check_folder(base.folder, base.name)
    telling.stage("reading", "Reading the rows")
    importing = threading.Thread(target=import_heavy, args=(recipe.method,))
    rows = check_rows(read_rows(job.folder / ROWS_FILE), recipe.task)
    _use_threads(job.spec.threads)
    tokenizer = load_tokenizer(base.folder)
    wear(tokenizer, recipe.layout)  # the run's model is kept with this tokenizer, so that whoever asks it asks as it learned
    importing.start()
    encoded = encoded_rows(job, telling, rows, recipe, tokenizer, context_of(config))
    importing.join()
    job.check_stop()
    return encoded, tokenizer


def encoded_rows(job: ChildJob, telling: Telling, rows: Any, recipe: Recipe, tokenizer: Any, context: int) -> EncodedRows:
    """Tells how far it is, and what had to be cut."""

    def told(done: int, total: int) -> None:
        job.check_stop()
        telling.stage("encoding", "Preparing the rows", done / total)

    answers = [row.answer for row in rows if row.part is Part.TRAIN]
    knowing = task(recipe.task).knowing(answers)
    labels = labels_of(knowing, answers, len(tokenizer)) if has_head(recipe) else ()
    encoded = encode_rows(rows, knowing, tokenizer, min(recipe.max_length, context), told, recipe.layout, labels)
    if (said := encoded.told()) is not None:
        telling.sentence(0, said)
    return encoded


def load_ready(base: ModelReference, recipe: Recipe, rows: EncodedRows, telling: Telling, plain: Any = None) -> tuple[Any, bool]:
    """The model with the recipe's method applied, and whether it takes flat batches. `plain` is the base where it is loaded already."""
    import torch

    from core.models.head import put_head
    from core.training import precision
    from core.training.batches import flat, padded, shortest
    from core.training.layout import choose

    torch.manual_seed(recipe.seed)  # an adapter starts from random numbers
    chosen = method(recipe.method)
    options = options_of(recipe)
    if plain is None:
        plain = load_base(base.folder, quantization=chosen.quantization(options))
    model = chosen.apply(plain, options)
    if rows.labels:
        put_head(model, rows.labels)
    if torch.cuda.is_available():  # both looks below are then at what the GPU computes
        model.to("cuda")
    device = next(model.parameters()).device
    layout = choose(model, rows.train, device)
    few = (flat if layout.is_flat else padded)(shortest(rows.train)).to(device)
    for said in (layout.told(), precision.choose(model, few).told()):
        if said is not None:
            telling.sentence(0, said)
    if recipe.activation_checkpointing:
        model.activation_checkpointing_enable()
    model.train()
    return model, layout.is_flat


def context_of(config: dict[str, Any]) -> int:
    """How many tokens the model reads at once, by its config."""
    stated = config.get("max_position_embeddings") or config.get("text_config", {}).get("max_position_embeddings")
    return int(stated) if stated else 2048


def _keep_on_stop(trainer: "OurTrainer", telling: Telling, *, says: bool) -> None:
    """The best weights are on the disk already; where no evaluation came yet, the newest are kept and that is said."""
    sides, step = trainer.sides, trainer.state.global_step
    if sides.keeper.best.step is None and step > 0:
        sides.keeper.keep_model(trainer.model)
        if not says:
            return
        english = "Stopped before the first check on validation rows: the weights of step {step:,} are kept as they are."
        telling.sentence(step, Sentence("training.kept_unchecked", english, {"step": step}))


def bounded_validation(rows: EncodedRows, recipe: Recipe, telling: Telling) -> tuple[Learned, ...]:
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


def wait_quietly() -> None:
    """Before torch is imported: its threads are to wait for each other briefly and then sleep. Spinning as long as they do by default, a
    training on a busy machine took ten times as long (measured: 2 threads on 2 cores with other programs at work)."""
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")


def import_heavy(method_name: str) -> None:
    from transformers.utils.logging import disable_progress_bar

    import core.training.trainer  # noqa: F401  # Trainer alone takes seconds

    disable_progress_bar()  # nobody looks at the log's bars

    if method_name != "full":
        import peft  # noqa: F401


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
