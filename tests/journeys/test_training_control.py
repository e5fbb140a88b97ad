"""A training is paused, the server is stopped and started anew, and the training goes on where it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.conftest import Server, Visitor, start_server


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its own: this server does not live through the test."""
    return tmp_path_factory.mktemp("control") / "home"


@pytest.fixture
def servers(home: Path) -> Iterator[list[Server]]:
    started = [start_server(home)]
    yield started
    started[-1].stop()


def _come(browser: Browser, server: Server, address: str = "") -> Visitor:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    visitor = Visitor(page, server)
    page.goto(server.link())
    page.wait_for_selector("h1", timeout=30_000)
    if address:
        page.goto(server.address + address)
        page.wait_for_selector("h1", timeout=30_000)
    return visitor


def test_a_paused_training_outlives_the_server_and_goes_on_where_it_was(browser: Browser, servers: list[Server], home: Path) -> None:
    person = _come(browser, servers[0])
    page = person.page
    person.new_project("Control")
    person.press("Use the sample")
    person.lead("400 texts")
    person.press("Choose what it should learn")
    person.lead("What should the model learn")
    person.press("Start training")
    person.agree()
    page.wait_for_selector("#curve path.tr[d^=M]", timeout=90_000)
    person.press("Pause")
    person.lead("Paused, and its place is kept", seconds=60)
    drawn = page.locator("#curve path.tr").get_attribute("d") or ""
    where = page.url.removeprefix(servers[0].address)
    page.context.close()
    servers[0].stop()
    servers.append(start_server(home))
    again = _come(browser, servers[1], where)
    again.lead("Paused, and its place is kept")
    assert again.page.locator("#curve path.tr").get_attribute("d") == drawn
    again.page.get_by_role("button", name="Queue", exact=True).first.click()
    again.page.get_by_text("It goes on exactly where it was").wait_for(timeout=30_000)
    again.press("Go on")
    again.page.get_by_text("It has the machine.").wait_for(timeout=30_000)
    again.press("Open")
    again.lead("Trained", seconds=240)
    assert len(again.page.locator("#curve path.tr").get_attribute("d") or "") > len(drawn)
    assert again.page.get_by_role("button", name="Train on for longer", exact=True).is_visible()
    again.page.context.close()
