"""Fetching a model from the hub into the home, in a child process: weights, config and tokenizer only, with a hash of every byte."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.errors import UserError
from core.jobs.handle import ChildJob
from core.jobs.spec import Kind
from core.models.installed import NoRoomForModel
from core.models.load import NoSafetensors, check_folder
from storage.files import Manifest, free_bytes

TOKEN_NAME = "HF_TOKEN"
_WANTED = re.compile(r"[^/]+\.(safetensors|json|txt|model|jinja)|LICEN[CS]E[^/]*|README\.md|NOTICE[^/]*")
_TELL_EVERY_BYTES = 4_000_000


class HubUnreachable(UserError):
    """No connection, or the hub answered with a fault of its own."""

    sentence = (
        "The hub at {host} could not be reached ({why}). Look at the network and try again; what was downloaded is kept and goes on from there."
    )
    status = 502

    def __init__(self, *, host: str, why: str) -> None:
        super().__init__(host=host, why=why)


class GatedModel(UserError):
    """Its makers want their conditions accepted first."""

    sentence = (
        "The model '{name}' is gated: its makers want you to accept their conditions. Open {page} with your Hugging Face account, accept, make a "
        "read token under Settings - Access Tokens, and give it here. Nothing was downloaded."
    )
    status = 403

    def __init__(self, *, name: str, page: str) -> None:
        super().__init__(name=name, page=page)


class NoSuchHubModel(UserError):
    """The hub has no such model, or not for this token."""

    sentence = "The hub has no model '{name}', or this token may not see it. Look at the name's spelling (owner/model). Nothing was downloaded."
    status = 404

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class DownloadSettings(BaseModel):
    """`token_given` only says that the child's environment holds one; the token itself never stands in a file of a job."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub_id: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
    models: Path
    token_given: bool = False


def main(job: ChildJob) -> None:
    """Into a hidden folder beside the models; its name is given last, when every file is whole."""
    settings = DownloadSettings.model_validate(job.spec.settings)
    writing = settings.models / f".{settings.name}.download"
    writing.mkdir(parents=True, exist_ok=True)
    job.progress(None, "asking_hub", "Asking the hub what there is")
    revision, files = _listed(settings)
    if not any(name.endswith(".safetensors") for name in files):
        shutil.rmtree(writing, ignore_errors=True)
        raise NoSafetensors(name=settings.hub_id, instead="")
    _check_room(settings, writing, sum(files.values()))
    _fetch(job, settings, writing, revision, files)
    job.progress(1.0, "checking", "Checking what was downloaded")
    check_folder(writing, settings.name)
    shutil.rmtree(writing / ".cache", ignore_errors=True)  # where the hub's client kept half-finished files
    Manifest.write(writing)
    target = settings.models / settings.name
    shutil.rmtree(target, ignore_errors=True)
    writing.rename(target)


def keep_token(place: Path, token: str) -> None:
    """Only when asked for: a file that its owner alone can read, outside database, logs and job files."""
    place.unlink(missing_ok=True)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token)


def kept_token(place: Path) -> str | None:
    return place.read_text(encoding="ascii").strip() or None if place.is_file() else None


def _listed(settings: DownloadSettings) -> tuple[str, dict[str, int]]:
    """The commit, and the wanted files with their sizes in bytes."""
    from huggingface_hub import HfApi

    with _told(settings):
        info = HfApi(token=_token()).model_info(settings.hub_id, files_metadata=True)
    files = {file.rfilename: int(file.size or 0) for file in info.siblings or [] if _WANTED.fullmatch(file.rfilename)}
    return info.sha or "main", files


def _fetch(job: ChildJob, settings: DownloadSettings, writing: Path, revision: str, files: dict[str, int]) -> None:
    from huggingface_hub import hf_hub_download

    counter = _Counter(job, sum(files.values()))
    for name, size in sorted(files.items(), key=lambda item: item[1]):
        job.check_stop()
        with _told(settings):
            hf_hub_download(
                settings.hub_id, name, revision=revision, local_dir=writing, token=_token() or False, tqdm_class=counter.bar()
            )  # fmt: skip
        counter.finished(size)


class _Counter:
    """Bytes that have come, told every few megabytes."""

    def __init__(self, job: ChildJob, total: int) -> None:
        self.job, self.total = job, max(1, total)
        self._finished = self._running = 0
        self._told_at = 0

    def bar(self) -> type[Any]:
        """What the hub's client calls instead of its own progress bar."""
        from huggingface_hub.utils import tqdm

        counter = self

        class Silent(tqdm):
            def __init__(self, *values: Any, **options: Any) -> None:
                super().__init__(*values, **{**options, "disable": True})

            def update(self, n: float | None = 1) -> None:
                counter.came(int(n or 0))

        return Silent

    def came(self, count: int) -> None:
        self.job.check_stop()
        self._running += count
        self._tell()

    def finished(self, size: int) -> None:
        self._finished, self._running = self._finished + size, 0
        self._tell(always=True)

    def _tell(self, *, always: bool = False) -> None:
        have = min(self._finished + self._running, self.total)
        if always or have - self._told_at >= _TELL_EVERY_BYTES:
            self._told_at = have
            self.job.progress(have / self.total, "downloading", "Downloading")


def _check_room(settings: DownloadSettings, writing: Path, needed: int) -> None:
    have = sum(file.stat().st_size for file in writing.rglob("*") if file.is_file())
    free = free_bytes(writing)
    if needed - have > free:
        raise NoRoomForModel(name=settings.name, needed_gb=(needed - have) / 1e9, free_gb=free / 1e9)


def _token() -> str | None:
    return os.environ.get(TOKEN_NAME) or None


@contextmanager
def _told(settings: DownloadSettings) -> Iterator[None]:
    """What the hub's client raises, in sentences. Never with a URL that could carry a signature."""
    from huggingface_hub import constants
    from huggingface_hub.errors import FileMetadataError, GatedRepoError, HfHubHTTPError, HTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    host = constants.ENDPOINT
    try:
        yield
    except GatedRepoError as error:
        raise GatedModel(name=settings.hub_id, page=f"{host}/{settings.hub_id}") from error
    except RepositoryNotFoundError as error:
        raise NoSuchHubModel(name=settings.hub_id) from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status in (401, 403):
            raise GatedModel(name=settings.hub_id, page=f"{host}/{settings.hub_id}") from error
        raise HubUnreachable(host=host, why=f"it answered {status}") from error
    except (HTTPError, FileMetadataError, LocalEntryNotFoundError, ConnectionError, TimeoutError) as error:
        raise HubUnreachable(host=host, why=type(error).__name__) from error


DOWNLOAD_KIND = Kind("download", "core.models.hub:main", exclusive=False)
