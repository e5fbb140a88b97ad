"""New rows come for a trained model: one file, one yes, and the screen says what came of it and which model to use. In a real browser, on the sample."""

import csv
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from tests.journeys.conftest import Visitor

_NEW, _KNOWN = 40, 8
_WHICH = ("The updated model is better. Use it", "The updated model is worse. Keep the one in use", "Both models do equally well")


def test_a_person_brings_a_model_up_to_date_and_reads_which_one_to_use(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    person.new_project("Update")
    person.press("Use the sample")
    person.lead("400 texts")
    person.shorten(num_train_epochs="1", max_steps="6", evaluations="1", per_device_train_batch_size="16")
    person.press("Start training")
    person.agree()
    person.lead("Trained", seconds=120)
    person.page.locator("#panel-train [data-act=view]", has_text="Update").click()
    person.lead("up to date")
    person.page.locator("#panel-train input[type=file]").set_input_files(_rows(tmp_path))
    person.agree()
    person.page.locator("#panel-train article table").wait_for(timeout=180_000)
    told = person.page.locator("#panel-train article").inner_text()
    assert f"{_NEW + _KNOWN} rows came" in told
    assert f"{_KNOWN} were known" in told
    assert person.page.locator("#panel-train article .said").inner_text().startswith(_WHICH), told
    cases = " ".join(person.page.locator("#panel-train article tbody th").all_inner_texts())
    assert all(kind in cases for kind in ("Old cases", "New cases")), told
    _a_link_to_a_training_that_is_gone_opens_the_newest(person)


def _a_link_to_a_training_that_is_gone_opens_the_newest(person: Visitor) -> None:
    person.page.goto(f"{person.server.address}/?step=train&view=run&run=gonegonegonex")
    person.lead("Trained")
    person.page.get_by_role("alert").get_by_text("There is no run 'gonegonegonex' here").wait_for()


def _rows(folder: Path) -> Path:
    """The sample's test rows that are new to it, and some that it has already."""
    known, fresh = (_read(name) for name in ("support_desk.csv", "support_desk_test.csv"))
    seen = {row[0].casefold() for row in known[1:]}
    rows = [row for row in fresh[1:] if row[0].casefold() not in seen][:_NEW] + known[1 : _KNOWN + 1]
    path = folder / "new rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([known[0], *rows])
    return path


def _read(name: str) -> list[list[str]]:
    with resources.files("core.data.samples").joinpath(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
