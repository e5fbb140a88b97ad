"""Which models are loaded, for whom, and which is let go when room is needed. A question goes to the child that holds its model."""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from core.errors import UserError
from core.inference.chances import Chance
from core.inference.hosting import hosted
from core.inference.loaded import LoadedModel, ModelGone
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn

_ROOM_PATIENCE_S = 60.0


class ModelsBusy(UserError):
    """As many models as may be loaded are all answering."""

    sentence = "All {most} loaded models are answering at the moment. Wait for an answer to end, or stop one, and ask again."
    status = 503

    def __init__(self, *, most: int) -> None:
        super().__init__(most=most)


class Inference:
    """At most `max_models` models are loaded; one that nobody asked for `idle_s` seconds is let go, as is the least used when room is needed."""

    def __init__(self, max_models: int = 2, idle_s: float = 300.0, *, threads: int = 2, log: Path | None = None) -> None:
        self._max_models, self._idle_s, self._threads, self._log = max_models, idle_s, threads, log
        self._children: dict[str, LoadedModel] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._sweeper: threading.Thread | None = None

    def stream(
        self,
        model: ModelReference,
        messages: Sequence[Turn],
        *,
        max_new_tokens: int = 256,
        constraint: Constraint | None = None,
        seed: int = 0,
    ) -> Generator[str, None, tuple[Chance, ...]]:
        """Pieces of an answer as they are written. Close the iterator to stop. At its end it returns the likeliest categories where the model knows
        them. Raises ModelGone, ModelsBusy and what loading raises.

        Answers are greedy; `seed` is for later.
        """
        host, adapter = hosted(model)
        child = self._taken(host, adapters=adapter is not None)
        try:
            child.await_loaded()
            return (yield from child.ask(messages, max_new_tokens, constraint, seed, adapter))
        except UserError:
            if not child.usable():
                self._forget(child)
            raise
        finally:
            with self._changed:
                child.users, child.used_at = child.users - 1, time.monotonic()
                self._changed.notify_all()

    def answer(
        self,
        model: ModelReference,
        messages: Sequence[Turn],
        *,
        max_new_tokens: int = 256,
        constraint: Constraint | None = None,
        seed: int = 0,
    ) -> str:
        return "".join(self.stream(model, messages, max_new_tokens=max_new_tokens, constraint=constraint, seed=seed))

    def loaded(self) -> list[ModelReference]:
        with self._changed:
            return [child.reference for child in self._children.values()]

    def evict(self) -> None:
        """Let go of every model that is not answering just now: a trainer needs the memory."""
        self._evict(lambda child: child.users == 0)

    def close(self) -> None:
        """End all children; answers that are being written end with ModelGone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._evict(lambda child: True)
        if self._sweeper is not None:
            self._sweeper.join()

    def _taken(self, model: ModelReference, *, adapters: bool) -> LoadedModel:
        """The child of this model, with one user more; another is ended where there is no room."""
        key, patience = _key(model), time.monotonic() + _ROOM_PATIENCE_S
        while True:
            ended: list[LoadedModel] = []
            with self._changed:
                child = self._children.get(key)
                if child is not None and not child.is_alive():
                    ended.append(self._children.pop(key))
                    child = None
                if child is None:
                    child = self._room_for(key, model, ended, adapters=adapters)
                if child is not None:
                    child.users += 1
                elif not self._changed.wait(patience - time.monotonic()):
                    raise ModelsBusy(most=self._max_models)
            for old in ended:
                old.end()
            if child is not None:
                return child

    def _room_for(self, key: str, model: ModelReference, ended: list[LoadedModel], *, adapters: bool) -> LoadedModel | None:
        if self._closed:
            raise ModelGone(model=model.name)
        if len(self._children) >= self._max_models:
            idle = [(child.used_at, name) for name, child in self._children.items() if child.users == 0]
            if not idle:
                return None
            ended.append(self._children.pop(min(idle)[1]))
        self._children[key] = child = LoadedModel(model, self._threads, self._log, adapters=adapters)
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, name="inference-sweeper", daemon=True)
            self._sweeper.start()
        return child

    def _forget(self, child: LoadedModel) -> None:
        self._evict(lambda other: other is child)

    def _evict(self, which: Callable[[LoadedModel], bool]) -> None:
        with self._changed:
            chosen = [key for key, child in self._children.items() if which(child)]
            ended = [self._children.pop(key) for key in chosen]
            self._changed.notify_all()
        for child in ended:
            child.end()

    def _sweep(self) -> None:
        """Sleeps until the next model may be let go."""
        while True:
            with self._changed:
                if self._closed:
                    return
                times = [child.used_at for child in self._children.values() if child.users == 0]
                self._changed.wait(max(0.01, min(times) + self._idle_s - time.monotonic()) if times else None)
                if self._closed:
                    return
            old = time.monotonic() - self._idle_s
            self._evict(lambda child: child.users == 0 and child.used_at <= old)  # noqa: B023


def _key(model: ModelReference) -> str:
    """A run that was resumed writes its best model into the same folder: the folder's time tells the two apart."""
    changed = model.folder.stat().st_mtime_ns if model.folder.exists() else 0
    return f"{changed} {model.model_dump_json(exclude={'name'})}"
