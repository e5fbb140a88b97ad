"""A file that cannot be used is told in one sentence that names the row, and nothing of it is imported."""

from collections.abc import Callable
from pathlib import Path

from tests.journeys.conftest import Visitor


def _alert(person: Visitor) -> str:
    alert = person.page.locator("#panel-data [role=alert]:visible").filter(has_text="import").first
    alert.wait_for(timeout=30_000)
    return alert.inner_text()


def test_an_empty_file_is_told_as_such_and_another_can_be_tried(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    person.new_project("Empty file")
    (tmp_path / "empty.csv").write_bytes(b"")
    person.upload(tmp_path / "empty.csv")
    told = _alert(person)
    assert "empty.csv" in told
    assert "Traceback" not in person.page.content()
    assert person.lead("What should your model learn from?")
    assert person.page.locator("#panel-data .drop").is_visible()


def test_a_ragged_row_is_named_and_the_rest_can_be_imported(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    person.new_project("Ragged file")
    rows = [f'"where is parcel {i}",{"delivery" if i % 2 else "billing"}' for i in range(40)]
    rows[16] = '"one","two","three"'
    (tmp_path / "ragged.csv").write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    person.upload(tmp_path / "ragged.csv")
    person.press("Import these rows")
    told = _alert(person)
    assert "17" in told or "18" in told, told
    assert "Traceback" not in person.page.content()
    person.press("Leave these rows out and import the rest")
    assert person.lead("39 texts") == "39 texts, 2 categories"
