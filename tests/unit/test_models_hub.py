"""The download, against a server on this machine that speaks the hub's protocol."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.jobs.events import Failure, Progress, State
from core.jobs.launch import child_environment
from core.jobs.spec import JobSpec
from core.models.hub import TOKEN_NAME, DownloadSettings, keep_token, kept_token
from core.models.load import load_base
from storage.files import Manifest
from tests.unit.training_bench import said, tiny_model

SHA = "0123456789abcdef0123456789abcdef01234567"
SECRET = "hf_verysecrettoken"


class Hub(ThreadingHTTPServer):
    """Serves one folder as 'maker/tiny'; `gated` wants the token; `asked` are the paths of the requests."""

    def __init__(self, folder: Path, *, gated: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.gated, self.asked = folder, gated, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        path = self.path.split("?")[0]
        self.server.asked.append(path)
        if self.server.gated and self.headers.get("Authorization") != f"Bearer {SECRET}":
            return self._send(401, b'{"error": "gated"}', body, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to model is restricted"})
        if path.startswith("/api/models/maker/tiny"):
            siblings = [{"rfilename": file.name, "size": file.stat().st_size} for file in self.server.folder.iterdir()]
            return self._send(200, json.dumps({"id": "maker/tiny", "modelId": "maker/tiny", "sha": SHA, "siblings": siblings}).encode(), body)
        file = self.server.folder / path.rsplit("/", 1)[-1]
        if not path.startswith(f"/maker/tiny/resolve/{SHA}/") or not file.is_file():
            return self._send(404, b"{}", body, {"X-Error-Code": "RepoNotFound"})
        data = file.read_bytes()
        start = int(self.headers["Range"].split("=")[1].split("-")[0]) if "Range" in self.headers else 0
        told = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": SHA, "Accept-Ranges": "bytes"}
        if start:
            told["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return self._send(206 if start else 200, data[start:], body, told)

    def _send(self, status, data, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *values):
        pass


def download(tmp_path: Path, hub: Hub, *, name: str = "maker/tiny", token: str = "") -> tuple[Path, Path]:
    """Run the job's child to its end; the models folder and the run folder."""
    models, folder = tmp_path / "models", tmp_path / "run"
    models.mkdir(exist_ok=True)
    folder.mkdir()
    settings = DownloadSettings(hub_id=name, name=name.split("/")[-1], models=models, token_given=bool(token)).model_dump(mode="json")
    (folder / "spec.json").write_text(JobSpec(id="j", kind="download", main="core.models.hub:main", settings=settings).model_dump_json())
    extra = {
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_ENDPOINT": hub.address,
        TOKEN_NAME: token,
        "HF_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    with (folder / "log.txt").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", "core.jobs.child", str(folder), "1"],
            env=child_environment(threads=1, extra=extra),
            stdout=log,
            stderr=log,
            check=False,
            timeout=120,
        )
    return models, folder


@pytest.fixture
def shelf(tmp_path):
    folder = tiny_model(tmp_path / "shelf").folder
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "modeling_mine.py").write_text("raise SystemExit")
    (folder / "README.md").write_text("# Tiny")
    return folder


def test_a_model_comes_whole_and_without_code_or_pickles(tmp_path, shelf):
    hub = Hub(shelf)
    models, folder = download(tmp_path, hub)
    assert [event for event in said(folder) if isinstance(event, State)][-1].state == "done", (folder / "log.txt").read_text()
    names = {file.name for file in (models / "tiny").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names
    assert not names & {"pytorch_model.bin", "modeling_mine.py", ".cache"}
    assert Manifest.check(models / "tiny") == []
    load_base(models / "tiny")
    assert [event.share for event in said(folder) if isinstance(event, Progress) and event.share is not None][-1] == 1.0
    assert not [path for path in hub.asked if not path.startswith(("/api/models/maker/tiny", "/maker/tiny/"))], hub.asked


def test_a_gated_model_says_what_to_do_and_opens_with_a_token_that_stands_in_no_file(tmp_path, shelf):
    hub = Hub(shelf, gated=True)
    _, folder = download(tmp_path / "without", hub) if (tmp_path / "without").mkdir() is None else (None, None)
    failure = next(event for event in said(folder) if isinstance(event, Failure))
    assert failure.error == "GatedModel"
    assert f"{hub.address}/maker/tiny" in failure.sentence
    (tmp_path / "with").mkdir()
    models, folder = download(tmp_path / "with", hub, token=SECRET)
    assert (models / "tiny" / "model.safetensors").is_file()
    for file in (tmp_path / "with").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_a_hub_that_cannot_be_reached_and_a_model_that_is_none_are_told_apart(tmp_path, shelf):
    hub = Hub(shelf)
    (tmp_path / "a").mkdir()
    _, folder = download(tmp_path / "a", hub, name="maker/other")
    assert next(event for event in said(folder) if isinstance(event, Failure)).error == "NoSuchHubModel"
    hub.shutdown()
    hub.server_close()
    (tmp_path / "b").mkdir()
    _, folder = download(tmp_path / "b", hub)
    assert next(event for event in said(folder) if isinstance(event, Failure)).error == "HubUnreachable"


def test_a_kept_token_is_for_its_owner_only(tmp_path):
    place = tmp_path / "hub-token"
    assert kept_token(place) is None
    keep_token(place, SECRET)
    assert kept_token(place) == SECRET
    if os.name == "posix":
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
