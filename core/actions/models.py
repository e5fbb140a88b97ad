"""Models: what is here, what can be had, and how it comes here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from core.actions.project import project_of
from core.actions.registry import Context, Plan, Request, Scope, action
from core.errors import NotAllowed, NotFound
from core.models import hub, installed
from core.models.advice import Advice, advise_model
from core.models.catalogue import Entry, catalogue, entry
from core.models.fit import memory_of_entry
from core.models.installed import Shape
from core.models.load import ModelIncomplete, NoSafetensors
from core.sentence import Sentence
from core.tasks.base import task
from storage.rows import Job

_EXAMPLE_ID = "abcdefghijklm"
TOKEN_FILE = "hub-token"  # in the home, 0600, only when a person asked for it


@dataclass(frozen=True)
class InstalledCard:
    """A model that is here. `fault` says why it cannot be used, None for a good one."""

    name: str
    shape: Shape | None
    size_bytes: int
    fault: str | None


@dataclass(frozen=True)
class CatalogueCard:
    """A model that can be had: its facts, whether it is here, and the memory that training it takes (by formula, not measured)."""

    entry: Entry
    is_here: bool
    lora_memory_bytes: int
    full_memory_bytes: int
    fits_lora: bool
    fits_full: bool


@dataclass(frozen=True)
class ModelsCard:
    """All models. `as_of` says of which day the catalogue's facts are."""

    here: tuple[InstalledCard, ...]
    catalogue: tuple[CatalogueCard, ...]
    as_of: str
    token_kept: bool


class ModelsRequest(Request):
    pass


class AdviseRequest(Request):
    task: str = Field(description="What is to be learned.")
    base_model: str = Field(installed.STARTER, description="The model that is to learn it.")


class DownloadRequest(Request):
    project: str = Field(description="The project that wants the model.")
    model: str = Field(description="A name of the catalogue, or owner/name on the hub.", max_length=200)
    token: SecretStr | None = Field(None, description="A read token, for a gated model. It is not stored unless you say so.")
    keep_token: bool = Field(False, description="Keep the token in a file that only you can read, for the next time.")


class AddModelRequest(Request):
    folder: str = Field(description="A model's folder on this computer: config.json, tokenizer, *.safetensors.", max_length=4096)
    name: str | None = Field(None, description="What it is called here; without it, as its folder.", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")


@action("models", request=ModelsRequest, sentence="List the models that are here and those that can be had.", scope=Scope.READ, example={})
def list_models(context: Context, request: ModelsRequest) -> ModelsCard:
    import psutil

    home, known = context.workshop.home, catalogue()
    there = psutil.virtual_memory().total
    names = set(installed.names(home))
    here = tuple(_installed(context, name) for name in installed.names(home))
    cards = tuple(_card(one, _short(one.name) in names, there) for one in known.model)
    return ModelsCard(here, cards, known.as_of, (home.root / TOKEN_FILE).is_file())


@action("advise-model", request=AdviseRequest, sentence="Say whether a model can learn a task, and which smallest one can.", scope=Scope.READ,
        example={"task": "generation"})  # fmt: skip
def advise(context: Context, request: AdviseRequest) -> Advice:
    found = installed.find(request.base_model, context.workshop.home)
    return advise_model(task(request.task).name, installed.shape_of(found))


def plan_download(context: Context, request: DownloadRequest) -> Plan:
    project_of(context, request.project)
    known = _entry(request.model)
    facts = {"model": request.model, "licence": known.licence if known else "see its page", "gb": known.download_bytes / 1e9 if known else None}
    if known is None:
        return Plan(
            Sentence("download_unknown", "Download '{model}' from the hub. It is not in our catalogue: read its licence on its page first.", facts)
        )
    what = Sentence("download", "Download '{model}' ({gb:.1f} GB) from the hub. Licence: {licence}.", facts)
    return Plan(what, disk_bytes=known.download_bytes, undo=Sentence("download_undo", "Delete the model's folder in the data folder's models/."))


@action("download-model", request=DownloadRequest, sentence="Download a model from the hub.", undo="Delete its folder in models/.", costs=True, plan=plan_download,
        example={"project": _EXAMPLE_ID, "model": "SmolLM2-135M-Instruct"})  # fmt: skip
def download_model(context: Context, request: DownloadRequest) -> Job:
    """The token goes into the child's environment, and nowhere else unless it is to be kept."""
    project, home = project_of(context, request.project), context.workshop.home
    known = _entry(request.model)
    hub_id = known.hub_id if known else request.model
    if "/" not in hub_id:
        raise NotFound(thing="model", id=request.model)
    name = hub_id.split("/")[-1]
    if name in installed.names(home):
        raise installed.ModelHereAlready(name=name)
    token = request.token.get_secret_value() if request.token else kept_token(context)
    if request.token and request.keep_token and not context.workshop.hosted:
        hub.keep_token(home.root / TOKEN_FILE, request.token.get_secret_value())
    settings = hub.DownloadSettings(hub_id=hub_id, name=name, models=home.models, token_given=token is not None)
    return context.workshop.supervisor.submit(
        hub.DOWNLOAD_KIND.name, settings, owner=context.actor, project=project.id, subject=name, environment=_environment(token)
    )


def kept_token(context: Context) -> str | None:
    """The hub token that a person had kept. On a hosted server it would be another's than who asks, and opens what is private."""
    return None if context.workshop.hosted else hub.kept_token(context.workshop.home.root / TOKEN_FILE)


@action("forget-token", request=ModelsRequest, sentence="Delete the kept hub token.", example={})
def forget_token(context: Context, request: ModelsRequest) -> bool:
    """Whether there was one."""
    place = context.workshop.home.root / TOKEN_FILE
    if context.workshop.hosted:  # it is not the visitor's
        return False
    was_there = place.is_file()
    place.unlink(missing_ok=True)
    return was_there


@action("add-model", request=AddModelRequest, sentence="Copy a model's folder from this computer into Bottega.", undo="Delete its folder in models/.",
        example={"folder": "/path/to/model"})  # fmt: skip
def add_model(context: Context, request: AddModelRequest) -> InstalledCard:
    """Only where the server is the person's own: a hosted one opens no path that a visitor names."""
    if context.workshop.hosted:
        raise NotAllowed(what="name a folder of the server")
    found = installed.add(Path(request.folder).expanduser(), context.workshop.home, request.name)
    return _installed(context, found.name)


def _installed(context: Context, name: str) -> InstalledCard:
    try:
        found = installed.find(name, context.workshop.home)
        return InstalledCard(name, installed.shape_of(found), installed.size_of(found), None)
    except (NoSafetensors, ModelIncomplete) as fault:
        return InstalledCard(name, None, 0, str(fault))


def _card(one: Entry, is_here: bool, memory_there: int) -> CatalogueCard:
    lora, full = memory_of_entry(one, "lora"), memory_of_entry(one, "full")
    return CatalogueCard(one, is_here, lora, full, lora <= memory_there, full <= memory_there)


def _entry(name: str) -> Entry | None:
    return next((one for one in catalogue().model if name in (one.name, one.hub_id)), None) if "/" in name else entry(name)


def _short(name: str) -> str:
    return name.split("/")[-1]


def _environment(token: str | None) -> Mapping[str, str]:
    import os

    told: dict[str, Any] = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    for name in ("HF_ENDPOINT", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        if os.environ.get(name):
            told[name] = os.environ[name]
    return {**told, hub.TOKEN_NAME: token or ""}
