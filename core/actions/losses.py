"""Losses: the list, and a Python file of one's own, on one's own computer only."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from core.actions.data import upload_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.errors import BadValue, NotFound, UserError
from core.sentence import Sentence
from core.training.losses.base import losses
from core.training.losses.own import OWN
from core.training.recipe import Recipe
from storage.files import write_atomically

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}\.py")
_MOST_BYTES = 100_000


class OwnLossNotAllowed(UserError):
    """A file of one's own would run as code, and this installation does not say that it may."""

    sentence = (
        "A loss of your own is a program that can do whatever you can do, so it runs only on your own computer, and only after you have written "
        "trusted_losses = true into settings.toml in Bottega's data folder and started Bottega again. Nothing was started."
    )
    status = 403


@dataclass(frozen=True)
class LossCard:
    """A loss, for a form: `options` is the JSON schema of its own settings; no `tasks` means any."""

    name: str
    label: str
    explanation: str
    tasks: tuple[str, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class OwnLossFile:
    """A file that was brought in. A recipe names it: loss = "own", loss_options = {file = …}."""

    name: str
    sha256: str


class LossesRequest(Request):
    pass


class TakeLossRequest(Request):
    upload: str = Field(max_length=64, description="The Python file, already uploaded.")
    name: str | None = Field(None, max_length=100, description="What it is called then; its own name if left out.")
    sha256: str | None = Field(None, max_length=64, description="Take it only if these are its bytes: those that were shown.")


@action(
    "losses",
    request=LossesRequest,
    sentence="List the ways in which wrong answers can be counted, with their settings.",
    scope=Scope.READ,
    example={},
)
def list_losses(context: Context, request: LossesRequest) -> tuple[LossCard, ...]:
    known = (one for one in losses().values() if one.name != OWN or _is_trusted(context))
    return tuple(LossCard(one.name, one.label, one.explanation, one.tasks, one.Options.model_json_schema()) for one in known)


def plan_take_loss(context: Context, request: TakeLossRequest) -> Plan:
    """Shows the whole text: it is read before it may run."""
    name, data = _asked(context, request)
    facts = {"file": name, "lines": data.count(b"\n") + 1, "sha": hashlib.sha256(data).hexdigest()[:12]}
    english = (
        "Let trainings run the program in {file} ({lines:,} lines, SHA-256 {sha}…). It can do whatever you can do on this computer: read it first."
    )
    return Plan(Sentence("take_loss", english, facts), undo=Sentence("take_loss_undo", "Delete the file from the folder 'losses' in the data folder."),
                preview=(("", data.decode("utf-8")),))  # fmt: skip


@action("take-loss", request=TakeLossRequest, sentence="Bring in a Python file with a loss of your own.", undo="Delete the file.", scope=Scope.PROGRAM, costs=True,
        plan=plan_take_loss, example={"upload": "abcdefghijklm"})  # fmt: skip
def take_loss(context: Context, request: TakeLossRequest) -> OwnLossFile:
    """Raises OwnLossNotAllowed, NotFound, BadValue (not a Python file, too long, no UTF-8, other bytes than were shown)."""
    name, data = _asked(context, request)
    folder = context.workshop.home.losses
    folder.mkdir(mode=0o700, exist_ok=True)
    write_atomically(folder / name, data)
    return OwnLossFile(name, hashlib.sha256(data).hexdigest())


def own_loss_file(context: Context, recipe: Recipe) -> Path | None:
    """The file that a recipe runs; None for a loss of the product. Raises OwnLossNotAllowed, NotFound."""
    if recipe.loss != OWN:
        return None
    _check_trusted(context)
    name = str(recipe.loss_options.get("file", ""))
    path = context.workshop.home.losses / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound(thing="loss", id=name)
    return path


def _asked(context: Context, request: TakeLossRequest) -> tuple[str, bytes]:
    _check_trusted(context)
    upload, path = upload_of(context, request.upload)
    name = request.name or upload.name
    if not _NAME.fullmatch(name):
        raise BadValue(field="name", value=name, why=Sentence("bad.py_name", "it must be a file name that ends in .py"))
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadValue(field="upload", value=name, why=Sentence("bad.too_long", "it is longer than {limit:,} bytes", {"limit": _MOST_BYTES}))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadValue(field="upload", value=name, why=Sentence("bad.utf8", "it is no text in UTF-8")) from error
    if request.sha256 is not None and request.sha256 != hashlib.sha256(data).hexdigest():
        raise BadValue(field="sha256", value=request.sha256, why=Sentence("bad.changed_since", "the file was changed since it was shown"))
    return name, data


def _is_trusted(context: Context) -> bool:
    return context.workshop.settings.trusted_losses and not context.workshop.hosted


def _check_trusted(context: Context) -> None:
    if not _is_trusted(context):
        raise OwnLossNotAllowed
