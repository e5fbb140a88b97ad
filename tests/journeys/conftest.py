"""A real server on a free port with a home of its own, and a real browser that was let in by its one-time link."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from core.quiet import quiet_environment

CHROMIUM = os.environ.get("BOTTEGA_CHROMIUM", "/usr/bin/chromium")
ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-gpu"]
START_S = 90


@dataclass
class Server:
    """The product as people start it: `python -m ui.cli serve`."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    first_link: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self) -> str:
        """A new one-time link, as `bottega open` prints it."""
        command = [sys.executable, "-m", "ui.cli", "--home", str(self.home), "open"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=quiet_environment()).stdout.strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def start_server(home: Path) -> Server:
    """Returns once it has printed its link: that is when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui.cli", "serve", "--home", str(home), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=(home.parent / "server.err").open("w"), text=True, env=quiet_environment())
    assert process.stdout is not None
    for line in process.stdout:
        if "http://" in line:
            return Server(home, port, process, line[line.index("http://") :].split()[0])
    raise AssertionError((home.parent / "server.err").read_text())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tmp_path_factory.mktemp("journey") / "home")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()


@dataclass
class Visitor:
    """A person at the browser. `faults` collects what a person would never see but must not be: script errors, requests to elsewhere."""

    page: Page
    server: Server
    faults: list[str] = field(default_factory=list)

    def lead(self, *parts: str, seconds: float = 60) -> str:
        """Wait until the screen's first sentence holds one of `parts`; returns it."""
        script = "parts => [...document.querySelectorAll('h1')].some(h => h.offsetParent && parts.some(p => h.textContent.includes(p)))"
        self.page.wait_for_function(script, arg=list(parts), timeout=seconds * 1000)
        return self.page.locator("h1:visible").first.inner_text()

    def press(self, name: str, within: str = "#work", seconds: float = 60) -> None:
        self.page.locator(within).get_by_role("button", name=name, exact=True).click(timeout=seconds * 1000)

    def step(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).first.click()

    def agree(self) -> None:
        """Say yes to the plan card of the open page."""
        self.page.locator("#work .plan [data-act=approve]:visible").click(timeout=60_000)

    def upload(self, path: Path) -> None:
        self.page.locator("#panel-data .drop:not(.small) input[type=file]").set_input_files(path)

    def shorten(self, **fields: str) -> None:
        """From the Data page to Method: a recipe that takes seconds."""
        self.press("Choose what it should learn")
        self.lead("What should the model learn")
        form = self.page.locator("#panel-method form[data-act=recipe]")
        form.locator("xpath=ancestor::details[1]").locator("summary").first.click()
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button[type=submit]").click()
        script = "says => document.querySelector('#panel-method textarea[name=text]').value.includes(says)"
        self.page.wait_for_function(script, arg=f"num_train_epochs = {float(fields['num_train_epochs'])}", timeout=30_000)

    def new_project(self, name: str) -> None:
        self.page.locator("#top summary").click()
        form = self.page.locator("#top .form").first
        form.locator("input").fill(name)
        form.get_by_role("button").click()
        self.page.locator("#top summary", has_text=name).wait_for(timeout=30_000)


@pytest.fixture
def visit(server: Server, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open the product as somebody: `visit(width=390, locale='it-IT')`. At the end nobody may have met a fault."""
    opened: list[Visitor] = []

    def come(**options: Any) -> Visitor:
        width, height = options.pop("width", 1440), options.pop("height", 900)
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **options)
        visitor = Visitor(context.new_page(), server)
        visitor.page.on("pageerror", lambda error: visitor.faults.append(f"script: {error}"))
        visitor.page.on("console", lambda message: visitor.faults.append(f"console: {message.text}") if message.type == "error" else None)
        visitor.page.on("request", lambda request: visitor.faults.append(f"asks {request.url}") if not _is_ours(request.url, server) else None)
        visitor.page.goto(server.link())
        visitor.page.wait_for_selector("h1", timeout=30_000)
        opened.append(visitor)
        return visitor

    yield come
    for visitor in opened:
        visitor.page.context.close()
        assert visitor.faults == []


def _is_ours(url: str, server: Server) -> bool:
    return url.startswith((server.address, "data:", "blob:"))
