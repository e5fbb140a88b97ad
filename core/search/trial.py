"""One trial: a training like any other, on what all trials share, which keeps no weights and says nothing of its own. Heavy: children only."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.jobs.events import Event, MetricPoint, Progress
from core.jobs.failures import OutOfMemory
from core.jobs.failures import told as sentence_of
from core.jobs.handle import ChildJob, JobStopped
from core.methods.base import Merge, MethodCannotTakeModel, method
from core.models.load import load_base
from core.models.reference import ModelReference
from core.search.halving import goes_on, rung_between
from core.search.ranges import recipe_with
from core.search.record import Ending, SearchSettings, Trial
from core.training import trainer as training
from core.training.encoding import EncodedRows, Learned
from core.training.job import load_ready
from core.training.keeping import Keeper
from core.training.options import options_of
from core.training.recipe import BadRecipe, Recipe
from core.training.telling import Telling

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_EVAL_LOSS = "eval_loss"


class Enough(Exception):
    """The trial is not among those that go on, or the time is up and there is a better one."""


@dataclass(frozen=True)
class Shared:
    """What trials have in common: read, encoded and loaded once. `validation` are the same rows for all, so that their losses compare."""

    job: ChildJob
    settings: SearchSettings
    rows: EncodedRows
    validation: Sequence[Learned]
    tokenizer: "PreTrainedTokenizerBase"
    base: "Base"


class Base:
    """The base's weights. As long as no method touches them, each trial gets a model of its own around the same ones."""

    def __init__(self, reference: ModelReference) -> None:
        self.reference = reference
        self._plain: Any = None
        self._marks: list[tuple[int, int]] = []

    def fresh(self, recipe: Recipe) -> Any:
        """A plain model, as it lies in its folder."""
        chosen = method(recipe.method)
        if chosen.merge is Merge.WHOLE:  # its weights are what learns
            return load_base(self.reference.folder)
        if self._plain is None or self._marks != _marks(self._plain):
            self._plain = load_base(self.reference.folder, quantization=chosen.quantization(options_of(recipe)))
            self._marks = _marks(self._plain)
        weights = (*self._plain.parameters(), *self._plain.buffers())
        return deepcopy(self._plain, {id(weight): weight for weight in weights})


@dataclass
class _Way:
    """How far a trial is."""

    tokens: int = 0
    shares: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class _Voice(ChildJob):
    """What a trial's training says goes to the search, not into the run folder's events; a stop is the search's. It is never paused: a trial keeps no
    place."""

    def __init__(self, job: ChildJob, heard: Callable[[Event], None]) -> None:
        self.folder, self.spec, self._job, self._heard = job.folder, job.spec, job, heard

    def emit(self, event: Event) -> None:
        self._heard(event)

    def stop_requested(self) -> bool:
        return self._job.stop_requested()

    def pause_requested(self) -> bool:
        return False


class _Counting(Telling):
    """Counts what is learned from."""

    def __init__(self, job: ChildJob, way: _Way) -> None:
        super().__init__(job)
        self._way = way

    def point(self, step: int, name: str, value: float) -> None:
        """Nothing is written beside."""
        self._job.emit(MetricPoint(step, name, value))

    def batch(self, *, loss_sum: float, learned: int, tokens: int, seconds: float) -> None:
        self._way.tokens += tokens
        super().batch(loss_sum=loss_sum, learned=learned, tokens=tokens, seconds=seconds)


class _KeepsNothing(Keeper):
    """The winner is trained anew: a search needs no room for weights."""

    def keep_model(self, model: Any) -> None:
        return

    def wants_checkpoint(self) -> bool:
        return False


def run_trial(shared: Shared, number: int, values: Mapping[str, float], past: Sequence[Trial], told: Callable[[Trial, float], None]) -> Trial:
    """Train to the end, or until others of `past` were better. `told` hears how it stands and which share of its way it has gone. Raises JobStopped."""
    began, way = time.monotonic(), _Way()

    def as_it_stands(ending: Ending = Ending.AT_WORK) -> Trial:
        return Trial(
            number=number, values=dict(values), ending=ending, losses=tuple(way.losses), shares=tuple(way.shares), tokens=way.tokens,
            seconds=time.monotonic() - began,
        )  # fmt: skip

    try:
        recipe = recipe_with(shared.settings.recipe, shared.settings.ranges, values)
        _train(shared, recipe, way, past, lambda share: told(as_it_stands(), share))
        ending = Ending.WHOLE
    except training.Interrupted:
        shared.job.check_stop()
        raise JobStopped from None
    except Enough:
        ending = Ending.EARLY
    except training.LossNotFinite:
        ending = Ending.DIVERGED
    except (BadRecipe, MethodCannotTakeModel):
        ending = Ending.IMPOSSIBLE
    except (RuntimeError, MemoryError) as error:
        if not isinstance(sentence_of(error, place=shared.job.folder), OutOfMemory):
            raise
        ending = Ending.IMPOSSIBLE
    gc.collect()  # a trainer and its model hold each other
    return as_it_stands(ending)


def _train(shared: Shared, recipe: Recipe, way: _Way, past: Sequence[Trial], told: Callable[[float], None]) -> None:
    """Raises what ends a trial before its own end."""
    trainer: training.OurTrainer | None = None
    began, before = time.monotonic(), sum(one.seconds for one in past)

    def heard(event: Event) -> None:
        if isinstance(event, Progress) and trainer is not None and event.share is not None:
            told(event.share)
        if not isinstance(event, MetricPoint) or event.name != _EVAL_LOSS or trainer is None:
            return
        last, now = (way.shares or [0.0])[-1], event.step / trainer.state.max_steps
        way.shares.append(now)
        way.losses.append(event.value)
        told(now)
        rung = rung_between(last, now) if shared.settings.halving else None
        if rung is not None and not goes_on(event.value, [loss for one in past if (loss := one.loss_at(rung)) is not None]):
            raise Enough
        minutes = shared.settings.minutes
        if minutes is not None and before + time.monotonic() - began > 60 * minutes and any(one.ending is Ending.WHOLE for one in past):
            raise Enough

    voice = _Voice(shared.job, heard)
    telling = _Counting(voice, way)
    model, is_flat = load_ready(shared.base.reference, recipe, shared.rows, telling, shared.base.fresh(recipe))
    keeper = _KeepsNothing(shared.job.folder, "", method(recipe.method), shared.base.reference.folder, shared.tokenizer)
    trainer = training.OurTrainer(model, training.Sides(voice, recipe, telling, keeper, shared.rows.train, shared.validation, is_flat))
    training.run(trainer, None)


def _marks(model: Any) -> list[tuple[int, int]]:
    """Where each weight lies and how often it was written to: PiSSA, for one, takes a part out of it."""
    return [(weight.data_ptr(), weight._version) for weight in model.parameters()]
