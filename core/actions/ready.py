"""Ready: what a training needs is loaded while a person still chooses, so that it begins at once."""

from dataclasses import dataclass

from core.actions.registry import Context, Request, Scope, action
from core.training.kind import TRAIN_KIND


class GetReadyRequest(Request):
    """It takes no settings."""


@dataclass(frozen=True)
class Readiness:
    """`ready` is false while the machine is at work: the memory is then its own."""

    ready: bool


@action("get-ready", request=GetReadyRequest, sentence="Load beforehand what a training needs, so that it begins at once.", scope=Scope.READ,
        undo="It is given up after five idle minutes.", example={})  # fmt: skip
def get_ready(context: Context, request: GetReadyRequest) -> Readiness:
    return Readiness(context.workshop.supervisor.stand_by(TRAIN_KIND.name))
