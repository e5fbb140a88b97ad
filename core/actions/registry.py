"""The one list of what a person can do. An action is a function of (context, request), declared once; every door reads this list."""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import BadValue, NotAllowed, UserError
from core.reasons import why_not
from core.sentence import Sentence
from storage.rows import Change, OwnerId, Split

if TYPE_CHECKING:
    from core.workshop import Workshop


class Request(BaseModel):
    """What a door sends: one frozen model an action. Ids are plain strings; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(StrEnum):
    """What a credential may do."""

    READ = "read"
    WRITE = "write"
    PROGRAM = "program"  # bring in code that runs as the owner: the owner's own command line only


PERSON = frozenset({Scope.READ, Scope.WRITE})  # of every door, unless it says otherwise


@dataclass(frozen=True)
class Context:
    """Who asks, through which door, in which language. Each door makes it from its own credential, never from a form."""

    workshop: "Workshop"
    actor: OwnerId
    language: str = "en"
    scopes: frozenset[Scope] = PERSON


@dataclass(frozen=True)
class Plan:
    """What a costly or destructive action is going to do. `seconds` and `disk_bytes` are None where nothing was measured ("not measured")."""

    what: Sentence
    seconds: float | None = None
    disk_bytes: int | None = None
    undo: Sentence | None = None  # None: it cannot be undone
    goes: tuple[str | Sentence, ...] = ()  # what a deletion removes
    remains: tuple[str | Sentence, ...] = ()
    preview: tuple[tuple[str, str], ...] = ()  # before and after, of the first few


@dataclass(frozen=True)
class RowsChanged:
    """What an action returns that changed rows and has more to tell than the Change."""

    dataset: str


@dataclass(frozen=True)
class Action:
    """A declaration. `verb` is the command's name ('import', 'train'); `sentence` says what it does; `example` is a valid request for tests and help."""

    verb: str
    group: str
    sentence: str
    undo: str
    request: type[Request]
    run: Callable[[Context, Any], Any]
    scope: Scope
    costs: bool
    destroys: bool
    plan: Callable[[Context, Any], Plan] | None
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asks_first(self) -> bool:
        return self.costs or self.destroys


class NeedsApproval(UserError):
    """Not a fault: the door shows the plan and calls again with its token. The token is bound to the actor, the action and the exact values."""

    sentence = "{what} Say yes to go on."
    status = 409

    def __init__(self, *, action: str, plan: Plan, token: str) -> None:
        super().__init__(what=str(plan.what))
        self.action, self.plan, self.token = action, plan, token


class UnknownAction(UserError):
    """The name is not in the registry; the sentence lists those that are."""

    sentence = "There is no action '{name}'. There are: {known}."
    status = 404

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


_LARGEST = (1 << 63) - 1
_declared: dict[str, Action] = {}  # filled by the decorator while core.actions' modules are imported, read-only afterwards


def action(
    verb: str,
    *,
    request: type[Request],
    sentence: str,
    undo: str = "",
    scope: Scope = Scope.WRITE,
    costs: bool = False,
    destroys: bool = False,
    plan: Callable[[Context, Any], Plan] | None = None,
    example: Mapping[str, Any] | None = None,
) -> Callable[[Callable[[Context, Any], Any]], Callable[[Context, Any], Any]]:
    """Declare a function of core/actions as something a person can do. Its module is its group. One that costs or destroys needs a `plan`."""
    if (costs or destroys) and plan is None:
        raise TypeError(f"{verb} costs or destroys and declares no plan")

    def declare(function: Callable[[Context, Any], Any]) -> Callable[[Context, Any], Any]:
        group = function.__module__.rsplit(".", 1)[-1]
        _declared[verb] = Action(verb, group, sentence, undo, request, function, scope, costs, destroys, plan, example or {})
        return function

    return declare


@cache
def actions() -> Mapping[str, Action]:
    """All actions by verb. Imports every module of core.actions, once."""
    package = importlib.import_module("core.actions")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"core.actions.{module.name}")
    return MappingProxyType(dict(sorted(_declared.items())))


def find(verb: str) -> Action:
    """Raises UnknownAction."""
    known = actions()
    if verb not in known:
        raise UnknownAction(name=verb, known=", ".join(known))
    return known[verb]


def request_for(chosen: Action, values: Mapping[str, Any] | Request) -> Request:
    """Check what a door was given. Raises BadValue for the first field that is wrong."""
    if isinstance(values, Request):
        return values
    try:
        request = chosen.request.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or chosen.verb
        raise BadValue(field=place, value=repr(first.get("input"))[:80], why=why_not(first)) from error
    for name, value in request.model_dump().items():
        if _is_too_large(value):
            raise BadValue(
                field=name, value=repr(value)[:80], why=Sentence("bad.too_large", "no number here is larger than {limit:,}", {"limit": _LARGEST})
            )
    return request


def _is_too_large(value: object) -> bool:
    """Holds a whole number that the store cannot."""
    if isinstance(value, dict | list | tuple | set | frozenset):
        return any(_is_too_large(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) > _LARGEST


def approval_token(context: Context, chosen: Action, request: Request) -> str:
    """What a person's yes is bound to: this actor, this action, these values."""
    text = json.dumps([context.actor, chosen.verb, request.model_dump(mode="json")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def perform(context: Context, verb: str, values: Mapping[str, Any] | Request, *, approval: str | None = None) -> Any:
    """Do it, for any door. Raises NeedsApproval when it costs or destroys and `approval` is not this plan's token, and any other UserError."""
    chosen = find(verb)
    if chosen.scope not in context.scopes:
        raise NotAllowed(what=chosen.verb)
    request = request_for(chosen, values)
    token = approval_token(context, chosen, request)
    if chosen.asks_first and approval != token:
        assert chosen.plan is not None
        raise NeedsApproval(action=verb, plan=chosen.plan(context, request), token=token)
    done = chosen.run(context, request)
    if isinstance(done, Change | RowsChanged | Split):
        _look_again(context, getattr(request, "dataset", "") if isinstance(done, Split) else done.dataset)
    return done


def _look_again(context: Context, dataset: str) -> None:
    """Rows were changed, or dealt out anew: the doctor looks through them again. Answers (`label`) come every few seconds; after them somebody asks.
    The change is told at once: writing all rows for the doctor takes a second for 150,000."""
    context.workshop.behind(importlib.import_module("core.actions.doctor").ensure_checkup, context, dataset)
