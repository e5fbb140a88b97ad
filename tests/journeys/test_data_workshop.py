"""A messy file becomes a clean, honestly split, traceable dataset in a real browser: medquad whole, then the clinic's letters."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.quiet import quiet_environment
from tests.journeys.conftest import Server, Visitor
from tests.unit.data_files import real_file

# The check-up that is shown is one of the rows as they stand, and none is at work.
_FRESH = """() => {
  const found = document.querySelector('#panel-data ul.found'), seen = found && found.closest('section');
  return seen && seen.offsetParent && !seen.querySelector('.note.warn') && !seen.querySelector('.do button[disabled]');
}"""


def test_a_messy_file_becomes_a_clean_honestly_split_and_traceable_dataset(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    page = person.page
    person.new_project("Medical questions")
    person.upload(real_file("medquad.jsonl.gz"))
    page.locator("#panel-data form.card .primary").click(timeout=60_000)
    person.lead("16,407", seconds=120)
    _deal_out(person, "random", near=False)
    _view(person, "Check-up")
    assert _found(person, "near-duplicates") > 1_000
    assert _found(person, "leakage") > 100, "dealt out at random, rows of the exam stand nearly the same among those to learn from"
    _deal_out(person, "grouped", column="focus")
    page.get_by_text("No row of the exam, nor one that is nearly the same").first.wait_for(timeout=60_000)
    _keep(person, "As it came")
    _view(person, "Check-up")
    assert _found(person, "leakage") == 0
    repeated = _found(person, "exact-duplicates")
    assert repeated > 50
    page.locator("#check-exact-duplicates [data-act=checkup-mend]").first.click()
    person.agree()
    page.locator("[data-act=checkup-undo]").wait_for(timeout=60_000)
    assert _found(person, "exact-duplicates") == 0
    _keep(person, "Each row once")
    page.locator("#panel-data ol li").first.locator("[data-act=versions-compare]").click()
    difference = page.locator("#panel-data section").filter(has=page.get_by_role("heading", name="What changed up to Each row once"))
    difference.wait_for(timeout=60_000)
    assert re.search(r"\d rows? gone", difference.locator(".said").inner_text())
    assert difference.locator("b.removed").count() > 0
    file = _taken_home(person, tmp_path)
    before = _hash_of_newest(person.server, "Medical questions")
    person.new_project("Brought back")
    person.upload(file)
    page.locator("#panel-data form.card .primary").click(timeout=60_000)
    person.lead("questions with their answers", seconds=120)
    page.locator("#panel-data nav .view").first.wait_for(timeout=60_000)
    _keep(person, "As it came back")
    assert _hash_of_newest(person.server, "Brought back") == before


def test_personal_data_in_the_clinics_letters_are_masked_and_can_be_taken_back(visit: Callable[..., Visitor]) -> None:
    person = visit()
    page = person.page
    person.new_project("Letters")
    page.locator("#panel-data [data-act=sample]", has_text="clinic").click()
    person.lead("119 ")
    _view(person, "Check-up")
    assert _found(person, "personal-data") > 20
    page.locator("#check-personal-data [data-act=checkup-mend]").first.click()
    page.locator("#work .plan:visible del").first.wait_for(timeout=30_000)
    person.agree()
    page.locator("[data-act=checkup-undo]").wait_for(timeout=60_000)
    assert _found(person, "personal-data") == 0
    _view(person, "Rows")
    page.locator("#panel-data input[name=search]").fill("[E-MAIL")
    told = page.locator("#panel-data").get_by_text(re.compile(r"^\d+ rows? found$"))
    told.wait_for(timeout=30_000)
    masked = _masked(person.server, "Letters")
    assert masked > 0
    assert int(told.inner_text().split()[0]) == masked
    page.locator("#panel-data").get_by_role("button", name="Undo the last change").first.click()
    page.get_by_text("The change is taken back.").wait_for(timeout=30_000)
    assert _masked(person.server, "Letters") == 0


def _view(person: Visitor, name: str) -> None:
    person.page.locator("#panel-data nav .view", has_text=name).click()
    person.page.locator("#panel-data nav .view[aria-current]", has_text=name).wait_for(timeout=30_000)


def _found(person: Visitor, check: str) -> int:
    """Rows that a check found; 0 where it found none."""
    person.page.wait_for_function(_FRESH, timeout=180_000)
    line = person.page.locator(f"#panel-data #check-{check}")
    return int(line.locator(".num").first.inner_text().replace(",", "")) if line.count() else 0


def _deal_out(person: Visitor, kind: str, *, column: str = "", near: bool = True) -> None:
    _view(person, "Split")
    page = person.page
    page.locator(f"#panel-data input[name=kind][value={kind}]").check()
    page.wait_for_function("kind => document.querySelector('#panel-data input[name=kind][checked]')?.value === kind", arg=kind, timeout=30_000)
    if column:
        page.locator(f"#panel-data input[name=column][value={column}]").check()
    fold = page.locator("#panel-data details[data-keep=split-more]")
    if not fold.evaluate("fold => fold.open"):
        fold.locator("summary").click()
    page.locator("#panel-data input[name=near_together]").set_checked(near)
    told = page.get_by_text("The rows are dealt out anew.")
    told.wait_for(state="hidden")  # what was told of the one before went with the first click on the form
    person.press("Deal out again")
    told.wait_for(timeout=60_000)


def _keep(person: Visitor, name: str) -> None:
    _view(person, "Versions")
    person.page.locator("#panel-data form.keep input[name=name]").first.fill(name)
    person.press("Keep")
    person.page.locator("#panel-data ol li", has_text=name).first.wait_for(timeout=60_000)


def _taken_home(person: Visitor, folder: Path) -> Path:
    page = person.page
    page.locator("#panel-data ol li").first.locator("[data-act=versions-exporting]").click()
    person.press("Write the file")
    link = page.locator("#panel-data ol li").first.get_by_role("link", name="Download the file")
    with page.expect_download(timeout=120_000) as coming:
        link.click(timeout=120_000)
    target = folder / coming.value.suggested_filename
    coming.value.save_as(target)
    return target


def _told(server: Server, *arguments: str) -> Any:
    command = [sys.executable, "-m", "ui.cli", "--home", str(server.home), *arguments, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=quiet_environment()).stdout)


def _hash_of_newest(server: Server, project: str) -> str:
    return str(_told(server, "versions", "--project", project)[0]["version"]["content_hash"])


def _masked(server: Server, project: str) -> int:
    return int(_told(server, "rows", "--project", project, "--search", "[E-MAIL")["total"])
