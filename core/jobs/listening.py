"""Who wants to hear that a job changed: a browser's event stream, a command that waits, a test."""

import threading
from collections.abc import Callable

from storage.rows import JobId


class Subscription:
    """Tells one listener that a job changed. A context manager; `wait` for threads, `on_change` for loops of their own."""

    def __init__(self, job_id: JobId, forget: "Callable[[Subscription], None]", on_change: Callable[[], None] | None) -> None:
        self.job_id, self._forget, self._on_change = job_id, forget, on_change
        self._changed = threading.Event()

    def wait(self, timeout_s: float | None = None) -> bool:
        """True once something changed since the last call; False when the time is up."""
        changed = self._changed.wait(timeout_s)
        self._changed.clear()
        return changed

    def notify(self) -> None:
        self._changed.set()
        if self._on_change is not None:
            self._on_change()

    def close(self) -> None:
        self._forget(self)

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Listeners:
    """All subscriptions of a supervisor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Subscription] = []

    def subscribe(self, job_id: JobId, on_change: Callable[[], None] | None) -> Subscription:
        subscription = Subscription(job_id, self._forget, on_change)
        with self._lock:
            self._all.append(subscription)
        return subscription

    def tell(self, job_id: JobId) -> None:
        with self._lock:
            chosen = [listener for listener in self._all if listener.job_id == job_id]
        for listener in chosen:
            listener.notify()

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._all:
                self._all.remove(subscription)
