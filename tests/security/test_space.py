"""The Space: its folder builds, it starts from that folder alone, and each visitor has things of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.quiet import quiet_environment

ROOT = Path(__file__).parents[2]
NAME = "someone-bottega.hf.space"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `python -m ui.space build` writes."""
    target = tmp_path_factory.mktemp("space")
    command = [sys.executable, "-m", "ui.space", "build", str(target), "--source", str(ROOT)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return target


@pytest.fixture(scope="module")
def space(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Space started in its own folder, on the installed wheel alone."""
    site = tmp_path_factory.mktemp("site")
    wheel = next(folder.glob("*.whl"))
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)], check=True, timeout=300)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = quiet_environment() | {
        "SPACE_ID": "someone/bottega",
        "SPACE_HOST": NAME,
        "PORT": str(port),
        "BOTTEGA_HOME": str(tmp_path_factory.mktemp("data")),
        "PYTHONPATH": str(site),
    }
    process = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "is ready" in line:
            break
    else:
        pytest.fail(said)
    yield port
    process.terminate()
    process.wait(30)


def _get(port: int, path: str = "/", **headers: str) -> httpx.Response:
    until = time.monotonic() + 60
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", headers={"host": NAME, **headers}, trust_env=False, timeout=60)
        except httpx.TransportError:
            if time.monotonic() > until:
                raise


def test_the_folder_has_its_front_matter_its_app_and_what_it_needs(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= {"app.py", "README.md", "requirements.txt"}
    front = (folder / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert "sdk: gradio" in front
    assert f"sdk_version: {_gradio()}" in front
    needed = (folder / "requirements.txt").read_text(encoding="utf-8").strip()
    assert (folder / needed).is_file()


def test_the_space_answers_and_lets_the_hub_frame_it(space: int) -> None:
    first = _get(space)
    assert first.status_code == 303
    cookie = first.headers["set-cookie"]
    assert all(part in cookie for part in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"))
    page = _get(space, "/?came=1", cookie=cookie.split(";")[0])
    assert page.status_code == 200
    assert "https://huggingface.co" in page.headers["content-security-policy"].split("frame-ancestors")[1]


def test_a_visitor_sees_nothing_of_another(space: int) -> None:
    cookies = [_get(space).headers["set-cookie"].split(";")[0] for _ in range(2)]
    address, origin = f"http://127.0.0.1:{space}/api/actions", {"host": NAME, "origin": f"https://{NAME}"}
    made = httpx.post(f"{address}/create-project", json={"values": {"name": "Mine"}}, headers={**origin, "cookie": cookies[0]}, trust_env=False)
    assert made.status_code == 200
    theirs = httpx.post(f"{address}/projects", json={}, headers={**origin, "cookie": cookies[1]}, trust_env=False)
    assert theirs.json()["result"] == []
    values = {"values": {"project": made.json()["result"]["id"]}}
    assert httpx.post(f"{address}/datasets", json=values, headers={**origin, "cookie": cookies[1]}, trust_env=False).status_code == 404


def test_without_cookies_a_tab_of_its_own_is_offered(space: int) -> None:
    page = _get(space, "/?came=1", accept="text/html")
    assert page.status_code == 401
    assert 'target="_blank"' in page.text


def test_our_folder_does_not_shadow_the_package_named_spaces() -> None:
    command = [sys.executable, "-c", "import spaces; print(spaces.__file__); print(spaces.GPU)"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert "site-packages" in ran.stdout.splitlines()[0]


def _gradio() -> str:
    from importlib.metadata import version

    return version("gradio")
