"""What stays as it is on the screen costs nothing, and all else goes through Gradio's own hands."""

import asyncio
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from core.home import Home
from core.workshop import Workshop
from ui.app import build
from ui.blocks import LightBlocks


def app_with(count: int) -> tuple[LightBlocks, list[gr.HTML]]:
    with LightBlocks(analytics_enabled=False) as app:
        start = gr.Button("Go")
        parts = [gr.HTML(f"part {number}") for number in range(count)]
        start.click(lambda: [gr.skip()] * count, None, parts)
    return app, parts


def answered(app: LightBlocks, predictions: list[Any]) -> list[Any]:
    return asyncio.run(app.postprocess_data(app.fns[0], predictions, SessionState(app)))


def test_what_is_skipped_makes_no_component_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = app_with(5)
    made = []
    monkeypatch.setattr(gr.HTML, "__init__", lambda self, *values, **named: made.append(named))
    assert answered(app, [gr.skip()] * 5) == [gr.skip()] * 5
    assert made == []


@pytest.mark.parametrize("place", range(3))
def test_the_others_are_answered_in_their_places(place: int) -> None:
    app, _ = app_with(3)
    predictions: list[Any] = [gr.skip()] * 3
    predictions[place] = {"text": "new"}
    assert answered(app, predictions) == predictions


def test_an_update_of_a_property_is_gradios_to_make() -> None:
    app, _ = app_with(3)
    answer = answered(app, [gr.skip(), gr.HTML(visible=False), gr.skip()])
    assert (answer[0], answer[2]) == (gr.skip(), gr.skip())
    assert answer[1]["visible"] is False


def test_of_all_parts_one_alone_hears_that_something_goes_on(tmp_path: Path) -> None:
    """Each that hears it copies all that it shows, twice a click."""
    with Workshop.open(Home(tmp_path).prepare()) as workshop:
        hearing = [event["show_progress_on"] for event in build(workshop).get_config_file()["dependencies"]]
    assert len(hearing) > 20
    assert {tuple(parts or ()) for parts in hearing} == {tuple(hearing[0])}
    assert len(hearing[0]) == 1
