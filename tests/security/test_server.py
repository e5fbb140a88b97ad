"""A real server process: one a home, private files, one-time links, and a database that does not open."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.quiet import quiet_environment

ROOT = Path(__file__).parents[2]
START_S = 120


class Running:
    """A server started as a person starts it."""

    def __init__(self, home: Path, *more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = home
        command = [sys.executable, "-m", "ui.cli", "serve", "--home", str(home), "--port", str(self.port), "--no-browser", *more]
        self.process = subprocess.Popen(command, cwd=ROOT, env=quiet_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "is ready" in line:
                break
        self.link = self.said.split("is ready: ")[-1].split()[0] if "is ready" in self.said else ""

    def client(self) -> httpx.Client:
        """Signed in by the one-time link."""
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", follow_redirects=False, trust_env=False, timeout=30)
        _answering(client, self.link)
        return client

    def client_by_secret(self) -> httpx.Client:
        """As the command line: with the secret of server.json."""
        known = json.loads((self.home / "server.json").read_text(encoding="utf-8"))
        return httpx.Client(base_url=known["address"], headers={"authorization": f"Bearer {known['secret']}"}, trust_env=False, timeout=60)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        self.process.wait(30)


def _answering(client: httpx.Client, link: str) -> httpx.Response:
    until = time.monotonic() + START_S
    while True:
        try:
            return client.get(link)
        except httpx.TransportError:
            if time.monotonic() > until:
                raise


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("server") / "home")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def signed_in(server: Running) -> Iterator[httpx.Client]:
    client = server.client()
    yield client
    client.close()


def test_the_link_works_once(server: Running, signed_in: httpx.Client) -> None:
    assert httpx.get(server.link, trust_env=False).status_code == 401
    assert signed_in.get("/").status_code == 200


def test_without_the_link_every_page_and_gradio_route_answers_401(server: Running) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as stranger:
        for path in ("/", "/config", "/gradio_api/info", "/gradio_api/heartbeat/x", "/api/actions", "/theme.css", "/api/packages/x/download"):
            assert stranger.get(path).status_code == 401, path


def test_a_second_server_on_the_same_home_leaves_at_once_and_names_the_first(server: Running) -> None:
    started = time.monotonic()
    command = [sys.executable, "-m", "ui.cli", "serve", "--home", str(server.home), "--port", "1", "--no-browser"]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=quiet_environment(), timeout=60, check=False)
    assert second.returncode != 0
    assert str(server.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert time.monotonic() - started < 10  # a deadline: five times the two seconds that are aimed at


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_is_secret_can_be_read_by_its_owner_only(server: Running) -> None:
    for name in ("server.json", "secret"):
        assert stat.S_IMODE((server.home / name).stat().st_mode) == 0o600
    assert json.loads((server.home / "server.json").read_text())["pid"] == server.process.pid


def test_the_command_line_talks_to_the_running_server(server: Running) -> None:
    command = [sys.executable, "-m", "ui.cli", "--home", str(server.home), "create-project", "--name", "By command", "--json"]
    made = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=quiet_environment(), check=True, timeout=60).stdout)
    with server.client_by_secret() as client:
        listed = client.post("/api/actions/projects", json={}).json()["result"]
    assert made["id"] in [project["project"] for project in listed]


def test_a_backup_is_made_while_the_server_runs(server: Running) -> None:
    command = [sys.executable, "-m", "ui.cli", "--home", str(server.home), "backup", "--json"]
    made = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=quiet_environment(), check=True, timeout=60).stdout)
    assert Path(made["path"]).stat().st_size == made["size_bytes"] > 0


def test_an_upload_keeps_only_its_name(server: Running) -> None:
    with server.client_by_secret() as client:
        for name in ("../../evil.csv", "a/b\\c.csv", "..", "x\x00y.csv"):
            reply = client.post("/api/uploads", params={"name": name}, content=b"a,b\n1,2\n")
            if reply.status_code == 200:
                assert not set("/\\\x00") & set(reply.json()["result"]["name"])
    assert {path.parent.parent for path in server.home.rglob("*.csv")} <= {server.home / "uploads"}


def test_an_action_that_fails_says_one_sentence_without_a_trace(signed_in: httpx.Client, server: Running) -> None:
    headers = {"origin": f"http://127.0.0.1:{server.port}"}
    reply = signed_in.post("/api/actions/delete-project", json={"values": {"project": "nowhere"}}, headers=headers)
    assert reply.status_code == 404
    assert "nowhere" in reply.json()["sentence"]
    assert "Traceback" not in reply.text
    for body in (b"{", b"[]", b'{"values": 3}', b""):
        reply = signed_in.post("/api/actions/create-project", content=body, headers=headers)
        assert 400 <= reply.status_code < 500, body
        assert "sentence" in reply.json()


def test_nothing_costly_happens_over_http_without_its_plan(signed_in: httpx.Client, server: Running) -> None:
    headers = {"origin": f"http://127.0.0.1:{server.port}"}
    project = signed_in.post("/api/actions/create-project", json={"values": {"name": "Kept"}}, headers=headers).json()["result"]["id"]
    asked = signed_in.post("/api/actions/delete-project", json={"values": {"project": project}}, headers=headers)
    assert asked.status_code == 409
    wrong = signed_in.post("/api/actions/delete-project", json={"values": {"project": project}, "approval": "0" * 32}, headers=headers)
    assert wrong.status_code == 409
    right = {"values": {"project": project}, "approval": asked.json()["token"]}
    assert signed_in.post("/api/actions/delete-project", json=right, headers=headers).status_code == 200


def test_a_damaged_database_starts_a_page_that_brings_back_what_can_be_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "bottega.duckdb").write_bytes(os.urandom(1 << 16))
    running = Running(home)
    try:
        with contextlib.closing(running.client()) as client:
            page = client.get("/")
            assert page.status_code == 503
            assert "does not open" in page.text
            assert client.post("/recover").status_code == 403
            mended = client.post("/recover", headers={"origin": f"http://127.0.0.1:{running.port}"})
            assert mended.status_code == 200
            assert list((home / "backups").iterdir())
            assert _until(client, 200)
    finally:
        running.stop()


def _until(client: httpx.Client, status: int) -> bool:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if _answering(client, "/").status_code == status:
            return True
    return False
