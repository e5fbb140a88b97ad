"""A person exports a version with one action, downloads the file through the door, and brings it back."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from core.actions.export_data import ExportNotReady, NoSuchColumns, SplitOfAnother, WhichVersion
from core.actions.registry import Context, perform
from core.data.export.kind import KINDS as EXPORTS
from core.data.kind import KINDS
from core.errors import NotFound
from core.home import Home
from core.workshop import Workshop
from storage.bulk import versions
from storage.rows import DatasetId, Job, JobState, OwnerId, VersionId
from tests.unit.data_files import written
from ui.api import router

_FORMATS = ("jsonl", "alpaca", "csv", "parquet", "datasets")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=(*KINDS, *EXPORTS)) as workshop:
        yield Context(workshop, OwnerId("anna"))


@pytest.fixture(scope="module")
def labelled(context: Context, tmp_path_factory: pytest.TempPathFactory) -> str:
    """60 rows in 3 categories, some of which look like formulas or wait for an answer."""
    lines = [
        "text,label,customer",
        *(f"{'=' * (n % 5 == 0)}Message {n}, topic {n % 3},k{n % 3},c{n // 4}".replace(", topic", "; topic") for n in range(60)),
    ]
    return _brought(
        context, written(tmp_path_factory.mktemp("files"), "\n".join([*lines, "open,,c"]), "labelled.csv").read_bytes(), "labelled.csv"
    ).subject


def _brought(context: Context, data: bytes, name: str) -> Job:
    project = perform(context, "create-project", {"name": name}).id
    upload = context.workshop.take_upload(context.actor, name, iter([data]))
    return context.workshop.supervisor.wait(perform(context, "import", {"upload": upload.id, "project": project, "unanswered": True}).id, 60)


def _door(context: Context, owner: str = "anna") -> TestClient:
    app = FastAPI()
    app.include_router(router(context.workshop))

    async def signed_in(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["owner"] = OwnerId(owner)
        await app(scope, receive, send)

    return TestClient(signed_in)


@pytest.mark.parametrize("kind", _FORMATS)
def test_a_version_is_exported_downloaded_and_brought_back_with_equal_hashes(context: Context, labelled: str, kind: str) -> None:
    job = context.workshop.supervisor.wait(perform(context, "export-version", {"dataset": labelled, "format": kind, "columns": ["customer"]}).id, 120)
    assert job.state is JobState.DONE, job.error
    assert perform(context, "export-version", {"version": job.subject, "format": kind}).kind == "export-data"
    reply = _door(context).get(f"/api/exports/{job.id}/download")
    assert reply.status_code == 200
    assert f'filename="labelled-v1-{kind}.zip"' in reply.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        card = archive.read("README.md").decode()
        name = next(found for found in archive.namelist() if found.startswith("rows") and not found.endswith(".json") or found == "rows.json")
        data = archive.read(name)
    version = versions.get_version(context.workshop.store, context.actor, VersionId(job.subject))
    assert version is not None
    assert version.content_hash in card
    back = _brought(context, data, Path(name).name)
    assert back.state is JobState.DONE, back.error
    assert versions.freeze_version(context.workshop.store, DatasetId(back.subject)).content_hash == version.content_hash
    assert "customer" in perform(context, "facts", {"dataset": back.subject}).dataset.columns
    whole = _brought(context, reply.content, f"whole-{kind}.zip")
    assert whole.state is JobState.DONE, whole.error
    assert versions.freeze_version(context.workshop.store, DatasetId(whole.subject)).content_hash == version.content_hash


def test_what_cannot_be_exported_is_told_before_a_job_starts(context: Context, labelled: str) -> None:
    with pytest.raises(WhichVersion):
        perform(context, "export-version", {})
    with pytest.raises(NoSuchColumns, match="text, label, customer"):
        perform(context, "export-version", {"dataset": labelled, "columns": ["phone"]})
    split = perform(context, "split", {"dataset": labelled}).id
    other = _brought(context, b"text,label\na,x\nb,y\nc,x\n", "other.csv").subject
    with pytest.raises(SplitOfAnother):
        perform(context, "export-version", {"dataset": other, "split": split})
    job = perform(context, "jobs", {"project": perform(context, "facts", {"dataset": other}).dataset.project})[0]
    with pytest.raises(ExportNotReady):
        perform(context, "download-export", {"job": job.id})


def test_a_strangers_export_answers_as_if_it_did_not_exist(context: Context, labelled: str) -> None:
    job = context.workshop.supervisor.wait(perform(context, "export-version", {"dataset": labelled}).id, 60)
    stranger = Context(context.workshop, OwnerId("mallory"))
    with pytest.raises(NotFound):
        perform(stranger, "export-version", {"version": job.subject})
    with pytest.raises(NotFound):
        perform(stranger, "export-version", {"dataset": labelled})
    assert _door(context, "mallory").get(f"/api/exports/{job.id}/download").status_code == 404


def test_the_formats_are_listed(context: Context) -> None:
    assert sorted(card.name for card in perform(context, "data-formats", {})) == sorted(_FORMATS)
    assert json.dumps([card.label for card in perform(context, "data-formats", {})])
