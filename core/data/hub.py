"""Rows from a dataset on the Hugging Face hub: which of its files hold them, and fetching these in the child of an import. No code of it is run."""

import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from core.data.containers.packing import bare
from core.data.limits import Limits
from core.data.source import FileTooLarge, in_words
from core.errors import UserError
from core.sentence import Sentence

if TYPE_CHECKING:
    from core.jobs.handle import ChildJob

TOKEN_NAME = "HF_TOKEN"
UPLOAD_NAME = "upload-hub"
HUB_ID = r"^[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?$"
_ROWS = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".arrow", ".txt", ".xlsx")
_BEST_FIRST = (
    ".parquet",
    ".arrow",
    ".jsonl",
    ".ndjson",
    ".csv",
    ".tsv",
    ".json",
    ".xlsx",
    ".txt",
)  # a hub's dataset often has its rows in two formats
_BESIDE = ("dataset_info", "state.json", "config.json", "metadata.json", "readme", "license", "requirements")
_PARTS = ("train", "training", "validation", "valid", "val", "dev", "test", "eval")
_CONVERTED = "refs/convert/parquet"  # where the hub keeps its own conversion of datasets that are made by a script


class HubNotReached(UserError):
    """No connection, or the hub answered with a fault of its own."""

    sentence = "The hub at {host} could not be reached ({why}). Look at the network and try again. Nothing was imported."
    status = 502

    def __init__(self, *, host: str, why: Sentence | str) -> None:
        super().__init__(host=host, why=why)


class NoSuchHubDataset(UserError):
    """The hub has no such dataset, or not for this token."""

    sentence = "The hub has no dataset '{name}', or this token may not see it. Look at its spelling (owner/name). Nothing was imported."
    status = 404

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class GatedDataset(UserError):
    """Its makers want their conditions accepted first, or it is private."""

    sentence = (
        "The dataset '{name}' is closed: open {page} with your Hugging Face account, accept its conditions, make a read token under Settings - Access "
        "Tokens, and give it here. Nothing was imported."
    )
    status = 403

    def __init__(self, *, name: str, page: str) -> None:
        super().__init__(name=name, page=page)


class NoRowsOnHub(UserError):
    """Pictures, sounds or a script, and no table."""

    sentence = "The dataset '{name}' has no table of rows{part} that can be read; it may be made of pictures, of sounds or by a script. Nothing was imported."

    def __init__(self, *, name: str, part: Sentence | str) -> None:
        super().__init__(name=name, part=part)


class HubDataset(BaseModel):
    """`part` is a split of the dataset, as the hub's page calls it. A token never stands here: it goes through the child's environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=HUB_ID)
    part: str = Field("train", pattern=r"^[\w.-]{1,60}$")


def fetch(job: "ChildJob", wanted: HubDataset, target: Path, limits: Limits) -> str:
    """Download the files with the rows into `target` as one zip, and say what it is called. Raises this module's errors, FileTooLarge."""
    from huggingface_hub import hf_hub_download

    job.progress(None, "asking_hub", "Asking the hub what there is")
    revision, files = _listed(wanted)
    whole = sum(files.values())
    if whole > limits.file_bytes:
        raise FileTooLarge(file=wanted.id, limit=in_words(limits.file_bytes))
    come = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, size in files.items():
            job.check_stop()
            with _told(wanted.id):
                got = Path(
                    hf_hub_download(wanted.id, name, repo_type="dataset", revision=revision, local_dir=job.folder / "hub", token=_token() or False)
                )
            archive.write(got, name)
            got.unlink()
            come += size
            job.progress(come / max(whole, 1), "downloading", "Downloading")
    return f"{wanted.id.rpartition('/')[2]}.zip"


def rows_files(files: Mapping[str, int], part: str) -> dict[str, int]:
    """Of a dataset's files those that hold the rows of one part, in one format and in the order of their names."""
    tables = {name: size for name, size in files.items() if bare(name).endswith(_ROWS) and not name.rpartition("/")[2].lower().startswith(_BESIDE)}
    named = {name: size for name, size in tables.items() if part in _words(name)}
    if not named and part == "train":  # a dataset of one part does not say so in its names
        named = {name: size for name, size in tables.items() if not set(_PARTS) & _words(name)}
    for suffix in _BEST_FIRST:
        if found := {name: size for name, size in sorted(named.items()) if bare(name).endswith(suffix)}:
            return found
    return {}


def _listed(wanted: HubDataset) -> tuple[str, dict[str, int]]:
    """The commit, and the files with rows with their sizes in bytes."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionNotFoundError

    api = HfApi(token=_token() or False)
    for revision in (None, _CONVERTED):
        try:
            with _told(wanted.id):
                info = api.dataset_info(wanted.id, revision=revision, files_metadata=True)
        except RevisionNotFoundError:
            break
        files = {file.rfilename: int(file.size or 0) for file in info.siblings or []}
        if found := rows_files(files, wanted.part):
            return info.sha or "main", found
    raise NoRowsOnHub(name=wanted.id, part="" if wanted.part == "train" else Sentence("hub.part", " called '{part}'", {"part": wanted.part}))


def _words(name: str) -> set[str]:
    return set(re.split(r"[/_.\-]+", name.lower()))


def _token() -> str | None:
    return os.environ.get(TOKEN_NAME) or None


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What the hub's client raises, in sentences. Never with a URL that could carry a signature."""
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        FileMetadataError,
        GatedRepoError,
        HfHubHTTPError,
        HTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    host = constants.ENDPOINT
    try:
        yield
    except RevisionNotFoundError:
        raise
    except GatedRepoError as error:
        raise GatedDataset(name=name, page=f"{host}/datasets/{name}") from error
    except RepositoryNotFoundError as error:
        raise NoSuchHubDataset(name=name) from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status in (401, 403):
            raise GatedDataset(name=name, page=f"{host}/datasets/{name}") from error
        raise HubNotReached(host=host, why=Sentence("hub.answered", "it answered {status}", {"status": status})) from error
    except (HTTPError, FileMetadataError, LocalEntryNotFoundError, OfflineModeIsEnabled, ConnectionError, TimeoutError) as error:
        raise HubNotReached(host=host, why=type(error).__name__) from error
