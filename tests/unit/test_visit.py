"""Whose request it is stands in what the gate wrote, never in what the browser sends; what the browser sends is taken for what it can be."""

from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadValue
from ui.pages.page import number_of, text_of
from ui.visit import NoSession, Place, actor_of


def _request(state: Any) -> gr.Request:
    return gr.Request(request=SimpleNamespace(scope={"state": state}))  # type: ignore[arg-type]  # a request has a scope; no more is read of it


def test_the_actor_is_the_owner_that_the_gate_found() -> None:
    assert actor_of(_request({"owner": "local", "bearer": False})) == "local"


@pytest.mark.parametrize("state", [None, {}, {"owner": None}, {"owner": ""}, {"bearer": True}])
def test_without_an_owner_nothing_is_shown_rather_than_somebody_elses(state: Any) -> None:
    with pytest.raises(NoSession):
        actor_of(_request(state))
    with pytest.raises(NoSession):
        actor_of(gr.Request())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
IDS = ("project", "view", "dataset", "run", "verdict", "package")


@given(anything | st.fixed_dictionaries({}, optional=dict.fromkeys(("step", "language", *IDS), anything)))
def test_any_address_is_a_place(told: Any) -> None:
    place = Place.of(told)
    assert place.step in ("data", "method", "train", "evaluate", "export")
    assert place.language in ("en", "it")
    assert all(id is None or 0 < len(id) <= 64 for id in (getattr(place, name) for name in IDS))


@given(st.dictionaries(st.text(), anything, max_size=4))
def test_a_field_of_the_browser_is_text_or_nothing(values: dict[str, Any]) -> None:
    assert all(isinstance(text_of(values, name, 10), str) and len(text_of(values, name, 10)) <= 10 for name in (*values, "missing"))


def test_a_number_is_read_as_people_write_it_and_nothing_else_is() -> None:
    assert number_of({"share": " 12,5 "}, "share") == 12.5
    for wrong in ("", "ten", None, "1e", True, "inf", "NaN", "1e999"):
        with pytest.raises(BadValue):
            number_of({"share": wrong}, "share")
