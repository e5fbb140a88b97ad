"""Two hundred short texts answered by key in a real browser, as fast as keys can be pressed; nothing is lost, not even over a reload or a server away."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Route

from core.actions.registry import Context
from core.home import Home
from core.workshop import Workshop
from storage.rows import LOCAL_OWNER
from tests.journeys.conftest import Server, Visitor, start_server
from tests.unit.labels_bench import Row, dataset_with, tickets, topic_of

TEXTS = 200


@dataclass(frozen=True)
class Bench:
    """A server over a home with a project for each test: 200 texts that wait for an answer, some more, and two to mark fields in."""

    server: Server
    projects: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("labelling") / "home"
    fields: list[Row] = [("A table for two on Monday", None), ("Four people on Friday", None)]
    rows: dict[str, tuple[list[Row], str]] = {
        "all": (tickets(TEXTS), "text_label"),
        "away": (tickets(40), "text_label"),
        "back": (tickets(40), "text_label"),
        "fields": (fields, "text_fields"),
    }
    made = {}
    with Workshop.open(Home(home)) as workshop:
        for name, (texts, shape) in rows.items():
            dataset = dataset_with(Context(workshop, LOCAL_OWNER), texts, shape)
            made[name] = (workshop.store.read(None, "SELECT project FROM dataset WHERE id = ?", [dataset])[0][0], str(dataset))
    started = start_server(home)
    yield Bench(started, made)
    started.stop()


@pytest.fixture(scope="module")
def server(bench: Bench) -> Server:
    return bench.server


def _open(bench: Bench, name: str, visit: Callable[..., Visitor], **options: object) -> Page:
    page = visit(**options).page
    page.goto(f"{bench.server.address}/?project={bench.projects[name][0]}&view=label")
    page.locator(".stage .text").wait_for(timeout=60_000)
    return page


def _text(page: Page) -> str:
    return page.locator(".stage .text").inner_text()


def _waits(page: Page) -> bool:
    """A text waits; what was put aside is taken up when nothing else is left."""
    state = page.locator(".stage").get_attribute("data-state")
    if state == "waiting":
        page.locator(".stage:not([data-state=waiting])").wait_for(timeout=30_000)
    if page.locator(".stage").get_attribute("data-state") == "done" and (aside := page.get_by_role("button", name="that were put aside")).count():
        aside.click()
        page.locator(".stage .text").wait_for(timeout=30_000)
    return page.locator(".stage").get_attribute("data-state") == "text"


def _new_categories(page: Page) -> dict[str, str]:
    """The first text of each topic is answered by typing the topic; then each has its key."""
    for topic in ("delivery", "refund", "card"):
        while topic_of(_text(page)) != topic:
            page.keyboard.press("Space")
        page.keyboard.press("+")
        page.keyboard.type(topic)
        page.keyboard.press("Enter")
    return {"delivery": "1", "refund": "2", "card": "3"}


def _stored(page: Page, bench: Bench, name: str) -> dict[str, str | None]:
    """Text and answer of every row, as the server has them."""
    script = """async ([dataset, first]) => (await (await fetch('/api/actions/label-queue', {method: 'POST', body: JSON.stringify(
        {values: {dataset, positions: Array.from({length: 100}, (_, i) => first + i)}})})).json()).result.rows.map(row => [row.question, row.answer])"""
    return dict(pair for first in (1, 101) for pair in page.evaluate(script, [bench.projects[name][1], first]))


def _all_kept(page: Page) -> None:
    page.locator(".told .saved", has_text="All answers are kept").wait_for(timeout=60_000)


def test_two_hundred_texts_by_key_are_all_kept_as_they_were_answered(bench: Bench, visit: Callable[..., Visitor]) -> None:
    page = _open(bench, "all", visit)
    keys = _new_categories(page)
    began, given = time.monotonic(), dict[str, str]()
    while _waits(page):
        text = _text(page)
        given[text] = topic_of(text)
        page.keyboard.press(keys[given[text]])
        if len(given) == 100:
            page.reload()  # in the middle, with answers on their way
            page.locator(".stage .text").wait_for(timeout=30_000)
            keys = {name.split("\n")[-1]: name.split("\n")[0] for name in page.locator(".choice").all_inner_texts()}
    spent = time.monotonic() - began
    _all_kept(page)
    assert f"{TEXTS} of {TEXTS} answered" in page.locator(".told").inner_text()
    page.locator(".learned", has_text="of 10 right").wait_for(timeout=60_000)
    stored = _stored(page, bench, "all")
    assert {text: stored[text] for text in given} == given
    assert [text for text, answer in stored.items() if answer != topic_of(text)] == []
    assert spent < 600  # the aim is 200 in ten minutes; this is how long the machine itself needs


def test_answers_given_while_the_server_is_away_are_sent_when_it_is_back(bench: Bench, visit: Callable[..., Visitor]) -> None:
    page = _open(bench, "away", visit)
    keys = _new_categories(page)
    _all_kept(page)
    away: list[Route] = []
    page.route("**/api/actions/label", lambda route: away.append(route))  # held, as by a server that does not answer
    given = {}
    for _ in range(10):
        given[_text(page)] = topic_of(_text(page))
        page.keyboard.press(keys[given[_text(page)]])
    page.locator(".told .saved", has_text="being sent").wait_for(timeout=10_000)
    page.unroute("**/api/actions/label")
    page.reload()
    _all_kept(page)
    stored = _stored(page, bench, "away")
    assert {text: stored[text] for text in given} == given


def test_an_answer_can_be_taken_back_and_a_row_put_aside_and_found_again(bench: Bench, visit: Callable[..., Visitor]) -> None:
    page = _open(bench, "back", visit)
    keys = _new_categories(page)
    first = _text(page)
    page.keyboard.press(keys[topic_of(first)])
    assert _text(page) != first
    page.keyboard.press("Backspace")
    assert _text(page) == first
    page.keyboard.press(keys["card"])
    page.keyboard.press("ArrowLeft")
    assert _text(page) == first
    assert page.locator(".choice.on").inner_text().endswith("card")
    page.keyboard.press(keys[topic_of(first)])
    _all_kept(page)
    assert _stored(page, bench, "back")[first] == topic_of(first)


def test_marked_words_fill_fields_by_keyboard_alone_on_a_phone(bench: Bench, visit: Callable[..., Visitor]) -> None:
    page = _open(bench, "fields", visit, width=390, height=844)
    page.locator(".stage .text").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("getSelection().toString()") == "two"
    page.locator(".stage .add").fill("people")
    page.keyboard.press("Enter")
    assert page.locator(".field .value").inner_text() == "two"
    page.evaluate("""() => { const text = document.querySelector('.stage .text').firstChild, at = text.data.indexOf('Monday'), range = document.createRange();
        range.setStart(text, at); range.setEnd(text, at + 6); getSelection().removeAllRanges(); getSelection().addRange(range); }""")
    page.locator(".stage .add").fill("day")
    page.keyboard.press("Enter")
    page.locator(".stage .send").click()
    page.locator(".stage .text", has_text="Four people").wait_for(timeout=10_000)
    _all_kept(page)
    assert _stored(page, bench, "fields")["A table for two on Monday"] == '{"day":"Monday","people":"two"}'
