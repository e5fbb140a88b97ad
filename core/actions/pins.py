"""The pinned questions of a run: what the model answers to a few validation rows while it learns, and how to see others."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.registry import Context, Request, Scope, action
from core.actions.run import run_of
from core.errors import UserError
from core.training.pinned import PINS, pinned, wish_others
from core.training.pinned import PinnedAnswer as PinnedAnswer
from core.training.pinned import PinnedQuestion as PinnedQuestion
from storage import jobs
from storage.rows import LIVE

_EXAMPLE_ID = "abcdefghijklm"


class NothingToPin(UserError):
    """The training has ended: nobody would answer other questions."""

    sentence = "The training '{run}' has ended, so it answers no other questions. Ask its model whatever you like on the Evaluate page."
    status = 409

    def __init__(self, *, run: str) -> None:
        super().__init__(run=run)


@dataclass(frozen=True)
class PinnedView:
    """`changeable`: the training goes on, so that other questions can be pinned."""

    run: str
    questions: tuple[PinnedQuestion, ...]
    changeable: bool


class PinnedRequest(Request):
    run: str = Field(description="The run.")


class PinRequest(Request):
    run: str = Field(description="The run.")
    instead_of: int | None = Field(None, ge=1, le=PINS, description="Which of the questions goes, counted from 1; without it, all of them.")


@action("pinned-answers", request=PinnedRequest, sentence="Show what a model answered to a few validation questions while it learned.", scope=Scope.READ,
        example={"run": _EXAMPLE_ID})  # fmt: skip
def pinned_answers(context: Context, request: PinnedRequest) -> PinnedView:
    run = run_of(context, request.run)
    job = jobs.find(context.workshop.store, run.job)
    return PinnedView(run.id, pinned(Path(job.folder)), job.state in LIVE)


@action("pin-others", request=PinRequest, sentence="Watch other validation questions while a model learns.", undo="What was answered until then is kept.",
        example={"run": _EXAMPLE_ID})  # fmt: skip
def pin_others(context: Context, request: PinRequest) -> PinnedView:
    """They are answered from the next evaluation on. Raises NothingToPin."""
    run = run_of(context, request.run)
    job = jobs.find(context.workshop.store, run.job)
    if job.state not in LIVE:
        raise NothingToPin(run=run.name)
    wish_others(Path(job.folder), None if request.instead_of is None else request.instead_of - 1)
    return PinnedView(run.id, pinned(Path(job.folder)), True)
