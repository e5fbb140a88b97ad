"""What a visitor presses is done one after another: each act starts from the desk that the one before left, and nothing is lost between them."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from storage.rows import LOCAL_OWNER
from tests.unit.labels_bench import workshop
from ui.app import Screen
from ui.bench import Bench
from ui.pages.data import DataPage
from ui.pages.page import Desk, Handler, Outcome
from ui.visit import Visit

REQUEST = gr.Request(request=SimpleNamespace(scope={"state": {"owner": LOCAL_OWNER}}))  # type: ignore[arg-type]  # no more is read of it
SOON_S = 0.3


class SlowPage(DataPage):
    """Its slow act would rather end after its quick one."""

    def __init__(self) -> None:
        self.began, self.quick_ended = threading.Event(), threading.Event()

    def handlers(self) -> Mapping[str, Handler]:
        return {"slow": self._slow, "quick": self._quick}

    def _slow(self, visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
        self.began.set()
        self.quick_ended.wait(SOON_S)
        return Outcome(desk.to(target="slow"))

    def _quick(self, visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
        self.quick_ended.set()
        return Outcome(desk.to(model=f"quick after {desk.target}"))


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with workshop(tmp_path) as opened, gr.Blocks(analytics_enabled=False):
        made = Screen(opened.workshop, hosted=False)
        made.layout()
        yield made


def _event(act: str) -> gr.EventData:
    return gr.EventData(None, {"act": act, "values": {}, "place": {"step": "data"}})


def test_a_quick_act_starts_from_what_the_slow_one_before_it_left(screen: Screen) -> None:
    page, bench = SlowPage(), Bench()
    act = screen._acting(page, "bar")
    answered: list[str] = []

    async def press(name: str) -> None:
        await act(bench, _event(name), REQUEST)
        answered.append(name)

    async def both() -> None:
        await asyncio.gather(press("slow"), press("quick"))

    asyncio.run(both())
    assert answered == ["slow", "quick"]
    assert (bench.desk.target, bench.desk.model) == ("slow", "quick after slow")


def test_a_tick_shows_nothing_while_something_that_was_pressed_is_done(screen: Screen) -> None:
    page, bench = SlowPage(), Bench()

    async def meanwhile() -> list[Any]:
        await bench.do(lambda desk: (desk.to(live=("a job that has ended",)), []))  # so that a tick would show the whole page
        slow = asyncio.create_task(screen._acting(page, "bar")(bench, _event("slow"), REQUEST))
        await asyncio.to_thread(page.began.wait, 10)
        found = await screen._tick({"step": "data"}, bench, REQUEST)
        assert not slow.done(), "a tick does not wait for its turn"
        page.quick_ended.set()
        shown = await slow
        assert len(shown) == len(found)
        return found

    assert all(value == gr.skip() for value in asyncio.run(meanwhile()))
    assert bench.desk.target == "slow"


def test_what_is_streamed_changes_only_what_is_asked(screen: Screen) -> None:
    page, bench = SlowPage(), Bench()

    def streamed(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
        yield desk.asked.to(writing=True), "grows"
        yield desk.asked.to(question="done"), "done"

    async def stream() -> list[Any]:
        seen = []
        async for value in screen._streaming(streamed)(bench, _event("ask"), REQUEST):
            seen.append(value)
            await screen._acting(page, "bar")(bench, _event("quick"), REQUEST)
        return seen

    assert asyncio.run(stream()) == ["grows", "done"]
    assert (bench.desk.asked.question, bench.desk.asked.writing, bench.desk.model) == ("done", False, "quick after ")


def test_each_page_load_has_a_bench_of_its_own(screen: Screen) -> None:
    import copy

    first = screen._bench.value
    again = copy.deepcopy(first)
    asyncio.run(first.do(lambda desk: (desk.to(model="mine"), [])))
    assert (first.desk.model, again.desk.model) == ("mine", "")


def test_what_began_and_ended_between_two_looks_is_seen(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check-up of few rows is quicker than the clock."""
    place = {"step": "data"}
    monkeypatch.setattr(DataPage, "waits", lambda page, visit: True)
    desk, first = screen._screen(Visit.of(screen._workshop, REQUEST, place), Desk())
    monkeypatch.setattr(DataPage, "waits", lambda page, visit: False)
    desk, then = screen._grown(Visit.of(screen._workshop, REQUEST, place), desk)
    assert (first[0].active, then[0].active) == (True, False)
    assert screen._grown(Visit.of(screen._workshop, REQUEST, place), desk)[1][0] == gr.skip(), "now only what grows"
