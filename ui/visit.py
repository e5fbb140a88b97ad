"""One request of one person: who they are (from the gate, never from a form), where they are on the screen, in which language."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gradio as gr

from core.actions.doctor import FindingsView
from core.actions.project import ProjectSummary
from core.actions.registry import Context, NeedsApproval, perform
from core.actions.rows import Facts
from core.actions.run import RunStatus, RunSummary
from core.errors import NotFound, UserError
from core.workshop import Workshop
from storage.rows import LIVE, Dataset, Job, OwnerId
from ui.client import STEPS
from ui.words import Words, language_of


class NoSession(UserError):
    """The gate let a request through without saying whose it is; nothing is shown rather than somebody else's things."""

    sentence = "Your session has ended. Open Bottega again from the command line with `bottega open`. Everything is kept."
    status = 401


class Asking(Exception):
    """An action asks first: its plan, with the values that a yes is for. The app shows the card where the wish was."""

    def __init__(self, asked: NeedsApproval, values: Mapping[str, Any]) -> None:
        super().__init__(asked.action)
        self.asked, self.values = asked, values


def actor_of(request: gr.Request) -> OwnerId:
    """The owner whom the server's gate wrote into the request's state. Raises NoSession."""
    inner = getattr(request, "request", None)
    state = inner.scope.get("state") if inner is not None else None
    owner = state.get("owner") if isinstance(state, Mapping) else getattr(state, "owner", None)
    if not isinstance(owner, str) or not owner:
        raise NoSession()
    return OwnerId(owner)


@dataclass(frozen=True)
class Place:
    """What the address says is open. Its ids come from the browser: an action checks whose they are."""

    step: str = "data"
    project: str | None = None
    view: str | None = None
    dataset: str | None = None
    run: str | None = None
    verdict: str | None = None
    package: str | None = None
    language: str = "en"

    @classmethod
    def of(cls, told: Any) -> "Place":
        """Whatever the browser told, taken for what it can be."""
        told = told if isinstance(told, Mapping) else {}
        ids = {
            name: text
            for name in ("project", "view", "dataset", "run", "verdict", "package")
            if isinstance(text := told.get(name), str) and 0 < len(text) <= 64
        }
        step = told.get("step")
        return cls(step=step if step in STEPS else "data", language=language_of(str(told.get("language", ""))), **ids)

    def to(self, **changes: Any) -> "Place":
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Visit:
    """What a page's handlers get."""

    context: Context
    place: Place
    hosted: bool = False

    @classmethod
    def of(cls, workshop: Workshop, request: gr.Request, told: Any, *, hosted: bool = False) -> "Visit":
        """Raises NoSession."""
        place = Place.of(told)
        return cls(Context(workshop, actor_of(request), place.language), place, hosted)

    @property
    def words(self) -> Words:
        return Words.of(self.place.language)

    def do(self, verb: str, approval: str | None = None, **values: Any) -> Any:
        """Perform an action; values that are None are left out, so that the request's own defaults hold. Raises Asking instead of NeedsApproval."""
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return perform(self.context, verb, given, approval=approval)
        except NeedsApproval as asked:
            raise Asking(asked, given) from asked

    def once(self, verb: str, **values: Any) -> Any:
        """What a reading action says, asked once however many parts of the screen show it."""
        key = (verb, tuple(sorted(values.items())))
        if key not in self._said:
            self._said[key] = self.do(verb, **values)
        return self._said[key]

    @cached_property
    def _said(self) -> dict[tuple[str, tuple[tuple[str, Any], ...]], Any]:
        return {}

    def at(self, **changes: Any) -> "Visit":
        return dataclasses.replace(self, place=self.place.to(**changes))

    @cached_property
    def projects(self) -> tuple[ProjectSummary, ...]:
        """The newest first."""
        return tuple(self.do("projects"))

    @cached_property
    def project(self) -> ProjectSummary | None:
        """The open project; the newest one when the address names none."""
        if self.place.project is None:
            return self.projects[0] if self.projects else None
        return next((known for known in self.projects if known.project == self.place.project), None)

    @cached_property
    def datasets(self) -> tuple[Dataset, ...]:
        """The open project's datasets, the newest first."""
        return tuple(self.do("datasets", project=self.project.project)) if self.project else ()

    @cached_property
    def dataset(self) -> Dataset | None:
        """The dataset that is worked on: the one that the address names, else the newest."""
        named = (known for known in self.datasets if known.id == self.place.dataset)
        return next(named, self.datasets[0] if self.datasets else None)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The open project's jobs, the newest first. Asked for at every tick: it does not go through the list of projects."""
        project = self.place.project or (self.project.project if self.project else None)
        try:
            return tuple(self.do("jobs", project=project)) if project else ()
        except NotFound:
            return ()

    @cached_property
    def runs(self) -> tuple[RunSummary, ...]:
        """The open project's trainings, the newest first."""
        project = self.place.project or (self.project.project if self.project else None)
        try:
            return tuple(self.do("runs", project=project)) if project else ()
        except NotFound:
            return ()

    @cached_property
    def run(self) -> RunStatus | None:
        """The open training: the one that the address names, else the newest. Raises NotFound for one that is nobody's here."""
        return self.do("run", run=self.place.run or self.runs[0].run.id) if self.runs else None

    @property
    def live(self) -> tuple[str, ...]:
        """The jobs that still go on or wait to."""
        return tuple(job.id for job in self.jobs if job.state in LIVE)

    @cached_property
    def facts(self) -> Facts | None:
        """What is known of the dataset that is worked on."""
        return self.do("facts", dataset=self.dataset.id) if self.dataset else None

    @cached_property
    def findings(self) -> FindingsView | None:
        """The newest check-up of the dataset that is worked on."""
        return self.do("findings", dataset=self.dataset.id) if self.dataset else None

    def job(self, *kinds: str) -> Job | None:
        """The newest job of these kinds."""
        return next((job for job in self.jobs if job.kind in kinds), None)

    def at_work(self, *kinds: str) -> Job | None:
        """The job of these kinds that runs or waits to."""
        return next((job for job in self.jobs if job.kind in kinds and job.state in LIVE), None)
