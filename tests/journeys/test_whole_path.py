"""From a file to a zip that answers outside, in a real browser, on the sample with the Quick preset."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.journeys.conftest import Visitor

_NODE = "() => { const svg = document.querySelector('#curve svg'); window.__first ??= svg; return window.__first === svg && svg.isConnected; }"
_BOTH_ANSWERED = """() => {
  const panes = [...document.querySelectorAll('#panel-evaluate .pane')];
  return panes.length === 2 && panes.every(pane => pane.querySelector('.text').textContent.trim() && !pane.querySelector('.caret'));
}"""


def test_a_person_goes_from_the_sample_to_a_package_and_takes_it_home(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    person.new_project("Whole path")
    person.press("Use the sample")
    assert person.lead("400 texts") == "400 texts, 8 categories"
    _train(person)
    _judge(person)
    _compare(person)
    _take_home(person, tmp_path)


def _train(person: Visitor) -> None:
    page = person.page
    person.press("Choose what it should learn")
    person.lead("What should the model learn")
    person.press("Start training")
    person.agree()
    page.wait_for_selector("#curve path.tr[d^=M]", timeout=90_000)
    assert "step=train" in page.url
    assert "run=" in page.url
    assert page.evaluate(_NODE)
    drawn = page.locator("#curve path.tr").get_attribute("d") or ""
    page.wait_for_function("before => document.querySelector('#curve path.tr').getAttribute('d').length > before", arg=len(drawn), timeout=30_000)
    assert page.evaluate(_NODE), "the chart was made anew instead of being redrawn in place"
    address = page.url
    page.reload()
    page.wait_for_selector("#curve path.tr[d^=M]", timeout=30_000)
    assert page.url == address
    assert len(page.locator("#curve path.tr").get_attribute("d") or "") >= len(drawn)
    person.lead("Trained", seconds=240)
    assert (page.locator("#curve .lab").text_content() or "").startswith("kept: step")


def _judge(person: Visitor) -> None:
    person.press("Put it to the test")
    person.lead("Is it really better?")
    person.press("Put it to the test")
    person.agree()
    verdict = person.lead("etter than", "Too few rows", "orse than", seconds=120)
    assert verdict
    rows = person.page.locator("#panel-evaluate table").first.locator("tbody tr")
    assert rows.count() >= 3
    assert person.page.locator("#panel-evaluate tr.tuned").count() >= 1


def _compare(person: Visitor) -> None:
    page = person.page
    page.get_by_label("Your question").fill("my parcel has not arrived")
    person.press("Ask both")
    page.wait_for_function(_BOTH_ANSWERED, timeout=90_000)


def _take_home(person: Visitor, folder: Path) -> None:
    page = person.page
    person.press("Take it home")
    person.lead("Take it home")
    person.press("Build and check")
    person.agree()
    person.lead("It answers outside", "Usable, with a loss", seconds=240)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").first.click()
    target = folder / "package.zip"
    coming.value.save_as(target)
    with zipfile.ZipFile(target) as package:
        names = {Path(name).name for name in package.namelist()}
        assert {"genai_config.json", "chat.py"} <= names
        config = next(name for name in package.namelist() if name.endswith("genai_config.json"))
        assert json.loads(package.read(config))["model"]
