"""What a training says while it works: points of its curves (at most a few a second), progress with the time left, what it uses."""

import time
from collections.abc import Callable

from core.jobs.awake import SleepWatch
from core.jobs.events import Advice, MetricPoint, Resource
from core.jobs.handle import ChildJob
from core.sentence import Sentence
from core.training.eventfile import EventFile

_POINT_EVERY_S = 0.25
_RESOURCE_EVERY_S = 1.0


class Telling:
    """One a training. `step` is called at each optimiser step; losses between two points are averaged, so that no step is lost."""

    def __init__(self, job: ChildJob, *, clock: Callable[[], float] = time.monotonic, watch: SleepWatch | None = None) -> None:
        self._job, self._clock = job, clock
        self._started: float | None = None
        self._first_step = 0
        self._said_at = self._sampled_at = float("-inf")
        self._loss_sum = self._loss_tokens = 0.0
        self._tokens = 0
        self._busy_s = 0.0
        self._spent: tuple[float, float] | None = None  # when, and the processor seconds until then
        self._used: dict[str, float] = {}  # of the last sample, until a point has told it
        self._file: EventFile | None = None
        self._watch, self._last_step = watch or SleepWatch(), 0

    def point(self, step: int, name: str, value: float) -> None:
        """A value of a curve: said to the server, and written beside for TensorBoard."""
        self._job.emit(MetricPoint(step, name, value))
        if self._file is None:
            self._file = EventFile(self._job.folder)
        self._file.scalar(name, step, value)

    def stage(self, key: str, english: str, share: float | None = None) -> None:
        """What is being done before the first step, or after the last."""
        self._job.progress(share, key, english)
        self.sample()

    def sentence(self, step: int, said: Sentence) -> None:
        self._job.emit(Advice(step, said.key, said.english, said.facts))

    def begin(self, step: int) -> None:
        """The first step of this attempt comes next."""
        self._started, self._first_step = self._clock(), step

    def batch(self, *, loss_sum: float, learned: int, tokens: int, seconds: float) -> None:
        """A batch was learned from: the sum of its token losses, its learned and all its real tokens, and how long it took."""
        self._loss_sum += loss_sum
        self._loss_tokens += learned
        self._tokens += tokens
        self._busy_s += seconds

    def step(self, step: int, steps: int, *, learning_rate: float, grad_norm: float | None, last: bool = False) -> None:
        now, self._last_step = self._clock(), step
        self.sample()
        if now - self._said_at < _POINT_EVERY_S and not last:
            return
        self._said_at = now
        values = {"learning_rate": learning_rate, "grad_norm": grad_norm, **self._used}
        self._used = {}
        if self._loss_tokens:
            values["loss"] = self._loss_sum / self._loss_tokens
        if self._busy_s > 0:
            values["tokens_per_second"] = self._tokens / self._busy_s
        for name, value in values.items():
            if value is not None:
                self.point(step, name, value)
        self._job.progress(step / steps, "training", "Training", self._seconds_left(step, steps, now))
        self._loss_sum = self._loss_tokens = self._busy_s = 0.0
        self._tokens = 0

    def sample(self) -> None:
        """Memory and processor time, about once a second."""
        now = self._clock()
        if now - self._sampled_at < _RESOURCE_EVERY_S:
            return
        self._sampled_at = now
        import psutil

        slept_s = self._watch.slept_s()
        if slept_s:
            english = "The computer slept for {minutes:,.0f} minutes; the training went on afterwards where it was. Nothing was lost."
            self.sentence(self._last_step, Sentence("training.slept", english, {"minutes": slept_s / 60}))
        process = psutil.Process()
        times, memory = process.cpu_times(), process.memory_info().rss
        spent = times.user + times.system
        self._used = {"memory_bytes": float(memory), **_gpu_memory()}
        if self._spent is not None and now > self._spent[0]:
            self._used["processors"] = (spent - self._spent[1]) / (now - self._spent[0])
        self._spent = now, spent
        self._job.emit(Resource(memory, spent))

    def _seconds_left(self, step: int, steps: int, now: float) -> float | None:
        done = step - self._first_step
        if self._started is None or done <= 0:
            return None
        return (now - self._started) / done * (steps - step)


def _gpu_memory() -> dict[str, float]:
    """Where torch is loaded and works on a GPU: importing it for this would cost what a sample must not."""
    import sys

    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return {}
    return {"gpu_memory_bytes": float(torch.cuda.memory_allocated())}
