"""A dataset of the hub, against a server on this machine that speaks the hub's protocol."""

import hashlib
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pyarrow import parquet as parquet_files

from core.actions.hub_data import _id
from core.actions.models import TOKEN_FILE, kept_token
from core.actions.registry import Context, perform
from core.data.hub import TOKEN_NAME, UPLOAD_NAME, HubDataset, rows_files
from core.data.job import ROWS_FILE, SUMMARY_FILE, ImportSettings
from core.data.mapping import Mapping
from core.home import Home
from core.jobs.events import Failure, State
from core.jobs.launch import child_environment
from core.jobs.spec import JobSpec
from core.models.hub import keep_token
from core.workshop import Workshop
from storage.rows import OwnerId
from tests.unit.office_files import LABELLED_ROWS, parquet
from tests.unit.training_bench import said

SHA = "0123456789abcdef0123456789abcdef01234567"
SECRET = "hf_verysecrettoken"


class Hub(ThreadingHTTPServer):
    """Serves files as the dataset 'maker/tickets'; `private` wants the token."""

    def __init__(self, files: dict[str, bytes], *, private: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.private = files, private
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path, base = self.path.split("?")[0], f"/datasets/maker/tickets/resolve/{SHA}/"
        if self.server.private and self.headers.get("Authorization") != f"Bearer {SECRET}":
            return self._send(401, b"{}", body, {"X-Error-Code": "GatedRepo", "X-Error-Message": "restricted"})
        if path.startswith("/api/datasets/maker/tickets"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in self.server.files.items()]
            return self._send(200, json.dumps({"id": "maker/tickets", "sha": SHA, "siblings": siblings}).encode(), body)
        if path.startswith(base) and (data := self.server.files.get(path.removeprefix(base))) is not None:
            return self._send(200, data, body, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": SHA})
        return self._send(404, b"{}", body, {"X-Error-Code": "RepoNotFound"})

    def _send(self, status: int, data: bytes, body: bool, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *values: object) -> None:
        pass


def fetched(tmp_path: Path, address: str, *, name: str = "maker/tickets", token: str = "", mapping: Mapping | None = None) -> Path:
    """Run the job's child to its end; the run folder."""
    folder = tmp_path / "run"
    folder.mkdir(parents=True)
    settings = ImportSettings(
        upload=UPLOAD_NAME, file=name, mapping=mapping or Mapping(shape=""), dataset="d", name="n", new=True, hub=HubDataset(id=name)
    )
    JobSpec(id="j", kind="import", main="core.data.job:main", settings=settings.model_dump(mode="json")).save(folder)
    extra = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_ENDPOINT": address, TOKEN_NAME: token, "HF_HOME": str(tmp_path / "cache"),
             "HOME": str(tmp_path)}  # fmt: skip
    with (folder / "log.txt").open("wb") as log:
        subprocess.run([sys.executable, "-m", "core.jobs.child", str(folder), "1"], env=child_environment(threads=1, extra=extra), stdout=log,
                       stderr=log, check=False, timeout=120)  # fmt: skip
    return folder


def failure(folder: Path) -> Failure:
    return next(event for event in said(folder) if isinstance(event, Failure))


def test_the_rows_of_a_hub_dataset_come_with_their_files_and_a_guessed_meaning(tmp_path: Path) -> None:
    first, second = parquet(LABELLED_ROWS[:3]), parquet(LABELLED_ROWS[3:])
    files = {
        "data/train-00000-of-00002.parquet": first,
        "data/train-00001-of-00002.parquet": second,
        "data/test-0.parquet": first,
        "evil.py": b"raise SystemExit",
        "README.md": b"#",
    }
    folder = fetched(tmp_path, Hub(files).address)
    assert [event for event in said(folder) if isinstance(event, State)][-1].state == "done", (folder / "log.txt").read_text()
    rows = parquet_files.read_table(folder / ROWS_FILE).to_pylist()
    assert [row["question"] for row in rows] == [row["text"] for row in LABELLED_ROWS]
    assert [row["source"] for row in rows] == ["data/train-00000-of-00002.parquet"] * 3 + ["data/train-00001-of-00002.parquet"] * 3
    assert json.loads((folder / SUMMARY_FILE).read_text())["mapping"]["shape"] == "text_label"


def test_a_private_dataset_says_what_to_do_and_opens_with_a_token_that_stands_in_no_file(tmp_path: Path) -> None:
    hub = Hub({"train.parquet": parquet(LABELLED_ROWS)}, private=True)
    assert failure(fetched(tmp_path / "without", hub.address)).error == "GatedDataset"
    folder = fetched(tmp_path / "with", hub.address, token=SECRET)
    assert (folder / ROWS_FILE).is_file()
    assert not [file for file in (tmp_path / "with").rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


@pytest.mark.parametrize(("name", "files", "error"), [
    ("maker/none", {}, "NoSuchHubDataset"), ("maker/tickets", {"a.png": b"x"}, "NoRowsOnHub"),
    ("maker/tickets", {"train.parquet": parquet([{"x1": 1, "x2": 2}, {"x1": 3, "x2": 4}])}, "NotGuessed"),
])  # fmt: skip
def test_a_dataset_that_is_not_there_or_has_no_rows_is_said(name: str, files: dict[str, bytes], error: str, tmp_path: Path) -> None:
    folder = fetched(tmp_path, Hub(files).address, name=name)
    assert failure(folder).error == error
    assert not (folder / ROWS_FILE).exists()


def test_without_a_network_one_sentence_says_so(tmp_path: Path) -> None:
    assert failure(fetched(tmp_path, "http://127.0.0.1:9")).error == "HubNotReached"


def test_the_files_with_rows_are_told_from_what_lies_beside_them() -> None:
    sizes = dict.fromkeys(["README.md", "dataset_infos.json", "data/train-0.parquet", "data/train-0.csv", "data/test.csv"], 1)
    assert list(rows_files(sizes, "train")) == ["data/train-0.parquet"]
    assert list(rows_files(sizes, "test")) == ["data/test.csv"]
    assert list(rows_files({"rows.jsonl": 1, "test.jsonl": 1}, "train")) == ["rows.jsonl"]


def test_an_address_of_the_hubs_page_is_its_id() -> None:
    assert {_id(text) for text in ("a/b", " https://huggingface.co/datasets/a/b/viewer?x=1", "hf.co/datasets/a/b#x")} == {"a/b"}


@pytest.mark.parametrize(("hosted", "given"), [(False, SECRET), (True, None)])
def test_a_token_that_was_kept_opens_nothing_for_the_visitors_of_a_shared_server(tmp_path: Path, hosted: bool, given: str | None) -> None:
    with Workshop.open(Home(tmp_path / "home"), kinds=(), hosted=hosted) as workshop:
        keep_token(workshop.home.root / TOKEN_FILE, SECRET)
        visitor = Context(workshop, OwnerId("visitor"))
        assert kept_token(visitor) == given
        assert perform(visitor, "forget-token", {}) is not hosted
