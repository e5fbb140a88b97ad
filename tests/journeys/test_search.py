"""Eight combinations are tried before a person's eyes, and the best becomes a training with one click. In a real browser, on the sample."""

import re
from collections.abc import Callable

import pytest

from tests.journeys.conftest import Visitor

_LINES = "count => document.querySelectorAll('#coordinates path').length >= count"


def test_a_person_searches_and_trains_with_the_best(visit: Callable[..., Visitor]) -> None:
    person = visit()
    page = person.page
    person.new_project("Search")
    person.press("Use the sample")
    person.lead("400 texts")
    person.shorten(num_train_epochs="1", evaluations="9", per_device_train_batch_size="16")
    person.step("Train")
    page.locator("#panel-train [data-act=view]", has_text="Search").click()
    person.lead("Let the machine try the settings")
    _fill(person)
    person.press("Start the search")
    assert "Try up to 8 combinations of learning_rate" in page.locator("#work .plan:visible").inner_text()
    person.agree()
    page.wait_for_function(_LINES, arg=2, timeout=120_000)
    page.reload()
    person.lead("The best of 8 combinations is found", seconds=180)
    assert page.locator("#coordinates path.best").count() == 1
    assert page.locator("#coordinates path.early").count() >= 1
    assert page.locator("#panel-train tr.best").count() == 1
    assert page.locator("#panel-train .track").count() == 2
    best = page.locator("#panel-train aside:visible").inner_text()
    person.press("Train with these settings")
    person.agree()
    page.wait_for_selector("#curve path.va[d^=M]", timeout=120_000)
    _takes_over(best, page.locator("#panel-train pre", has_text="per_device_train_batch_size").first.text_content() or "")


def _takes_over(best: str, recipe: str) -> None:
    """What the search called the best stands in the recipe of the training."""
    for said, field in (("size of corrections", "learning_rate"), ("rows at once", "per_device_train_batch_size")):
        assert _number(f"(?m)^{field} =", recipe) == pytest.approx(_number(said, best), rel=0.01)


def _number(after: str, text: str) -> float:
    found = re.search(rf"{after} ([\d.e-]+)", text)
    assert found is not None, text
    return float(found[1])


def _fill(person: Visitor) -> None:
    form = person.page.locator("#panel-train form[data-act=search]")
    form.locator("[name=trials]").fill("8")
    assert form.locator("[name='low learning_rate']").input_value() != ""
    assert form.locator("[name='among per_device_train_batch_size']").input_value() == "8, 16, 32"
