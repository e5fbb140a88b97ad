"""What a training says while it works: points of its curves (at most a few a second), progress with the time left, what it uses."""

import time
from collections.abc import Callable

from core.jobs.events import Advice, MetricPoint, Resource
from core.jobs.handle import ChildJob
from core.sentence import Sentence

_POINT_EVERY_S = 0.25
_RESOURCE_EVERY_S = 1.0


class Telling:
    """One a training. `step` is called at each optimiser step; losses between two points are averaged, so that no step is lost."""

    def __init__(self, job: ChildJob, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._job, self._clock = job, clock
        self._started: float | None = None
        self._first_step = 0
        self._said_at = self._sampled_at = float("-inf")
        self._loss_sum = self._loss_tokens = 0.0
        self._tokens = 0
        self._busy_s = 0.0

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
        now = self._clock()
        self.sample()
        if now - self._said_at < _POINT_EVERY_S and not last:
            return
        self._said_at = now
        values = {"learning_rate": learning_rate, "grad_norm": grad_norm}
        if self._loss_tokens:
            values["loss"] = self._loss_sum / self._loss_tokens
        if self._busy_s > 0:
            values["tokens_per_second"] = self._tokens / self._busy_s
        for name, value in values.items():
            if value is not None:
                self._job.emit(MetricPoint(step, name, value))
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

        process = psutil.Process()
        spent = process.cpu_times()
        self._job.emit(Resource(process.memory_info().rss, spent.user + spent.system))

    def _seconds_left(self, step: int, steps: int, now: float) -> float | None:
        done = step - self._first_step
        if self._started is None or done <= 0:
            return None
        return (now - self._started) / done * (steps - step)
