"""A training that over-fits on purpose: the coach says so and from which step, its proposal is accepted, and the second training is better, on one chart."""

import csv
import random
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from tests.journeys.conftest import Visitor

_WRONG_SHARE, _ROWS, _TRAIN_BY_HEART = 0.3, 240, {"num_train_epochs": "24", "per_device_train_batch_size": "16", "evaluations": "12"}
_LINES = "() => [...document.querySelectorAll('#compared path.va')].filter(line => line.getAttribute('d').split('L').length > 3).length"


def noisy_rows(folder: Path) -> Path:
    """The sample with three of ten categories drawn at random: who learns such rows by heart answers new ones worse."""
    with resources.files("core.data.samples").joinpath("support_desk.csv").open(encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    draw = random.Random(0)
    draw.shuffle(rows)
    labels = sorted({row[1] for row in rows})
    changed = [[row[0], draw.choice(labels) if draw.random() < _WRONG_SHARE else row[1], *row[2:]] for row in rows[:_ROWS]]
    path = folder / "noisy.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *changed])
    return path


def test_a_training_that_overfits_is_told_and_the_coachs_proposal_is_better(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    person.new_project("By heart")
    _bring(person, tmp_path)
    _train_by_heart(person)
    best = _the_coach_tells_the_step(person)
    person.page.locator("#panel-train aside button:visible").click()
    person.agree()
    person.page.wait_for_function("() => document.querySelectorAll('#panel-train details .on').length === 1", timeout=30_000)
    person.lead("Trained", seconds=120)
    assert _lowest(person) < best
    _take_home(person, tmp_path)
    _both_on_one_chart(person)


def _bring(person: Visitor, folder: Path) -> None:
    page = person.page
    person.upload(noisy_rows(folder))
    person.press("Import these rows")
    person.lead("240 texts")
    page.goto(f"{page.url}&view=split")
    page.get_by_label("Kept aside to watch the learning, in percent").fill("30")
    person.press("Deal out again")


def _train_by_heart(person: Visitor) -> None:
    page = person.page
    person.step("Method")
    person.lead("What should the model learn")
    page.locator("#panel-method details:has([data-act=recipe]) > summary").click()
    for name, value in {**_TRAIN_BY_HEART, "early_stopping_patience": "100"}.items():
        page.locator(f"#panel-method [name={name}]:visible").fill(value)
    page.locator("#panel-method form[data-act=recipe] button[type=submit]").click()
    person.press("Start training")
    person.agree()
    page.wait_for_selector("#panel-train [aria-labelledby=pinned-title] li", timeout=90_000)
    person.lead("Trained", seconds=180)


def _the_coach_tells_the_step(person: Visitor) -> float:
    """The step that is kept is the one that it names. Returns the lowest validation loss."""
    page = person.page
    said = page.locator("#panel-train aside:visible").inner_text()
    kept = (page.locator("#curve .lab").text_content() or "").split("step ")[1].split(",")[0]
    assert f"step {kept}" in said, said
    assert "learn by heart" in said or "by heart" in said, said
    return _lowest(person)


def _lowest(person: Visitor) -> float:
    return float((person.page.locator("#curve .lab").text_content() or "").rsplit(", ", 1)[1])


def _take_home(person: Visitor, folder: Path) -> None:
    page = person.page
    with page.expect_download() as coming:
        page.locator("#curve [data-png]").click()
    coming.value.save_as(folder / "curve.png")
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as coming:
        page.locator("#curve .home a").click()
    coming.value.save_as(folder / "curve.csv")
    table = list(csv.DictReader((folder / "curve.csv").open(encoding="utf-8-sig")))
    assert {"run", "step", "loss", "eval_loss", "learning_rate"} <= table[0].keys()


def _both_on_one_chart(person: Visitor) -> None:
    person.press("Compare")
    second = person.lead("came lowest")
    assert "2" in second, second
    assert person.page.evaluate(_LINES) == 2
    assert person.page.locator("#panel-train tbody code", has_text="num_train_epochs").count() == 1
