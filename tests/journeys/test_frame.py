"""The frame: the address keeps the place, the language keeps what was typed, a phone and the keyboard are enough."""

from collections.abc import Callable

import pytest

from tests.journeys.conftest import Visitor


@pytest.fixture
def at_the_sample(visit: Callable[..., Visitor]) -> Callable[..., Visitor]:
    def come(name: str, **options: object) -> Visitor:
        person = visit(**options)
        person.new_project(name)
        person.page.locator("#panel-data [data-act=sample].plain").click()
        person.lead("400")
        return person

    return come


def test_reload_back_and_a_copied_link_keep_the_place(at_the_sample: Callable[..., Visitor]) -> None:
    person = at_the_sample("Address")
    page = person.page
    person.step("Method")
    person.lead("What should the model learn")
    link = page.url
    assert "step=method" in link
    assert "project=" in link
    person.step("Train")
    person.lead("Nothing is being trained yet")
    page.go_back()
    person.lead("What should the model learn")
    assert page.url == link
    page.reload()
    person.lead("What should the model learn")
    page.goto(link)
    person.lead("What should the model learn")
    assert page.get_by_role("tab", name="Method").first.get_attribute("aria-selected") == "true"


def test_a_switch_of_language_loses_nothing_that_was_typed(at_the_sample: Callable[..., Visitor]) -> None:
    person = at_the_sample("Lingua")
    page = person.page
    page.get_by_role("searchbox").fill("parcel")
    page.get_by_text("rows found").wait_for()
    page.locator("#companion input").fill("what ne")
    page.get_by_role("button", name="IT", exact=True).click()
    assert person.lead("400 testi") == "400 testi, 8 categorie"
    assert page.get_by_role("searchbox").input_value() == "parcel"
    assert page.locator("#companion input").input_value() == "what ne"
    assert page.evaluate("document.documentElement.lang") == "it"
    assert page.get_by_role("tab", name="Dati").first.is_visible()


def test_the_rows_are_searched_changed_and_taken_back(at_the_sample: Callable[..., Visitor]) -> None:
    person = at_the_sample("Rows")
    page = person.page
    first = page.locator("#panel-data tbody tr").first
    before = first.locator("td.text .clip").inner_text()  # beside it a check-up that ends meanwhile may write what it found
    first.get_by_role("button").click()
    page.locator("textarea[name=question]").fill("a sentence of my own ${value.push(1)} {{this}}")
    person.press("Save")
    page.get_by_text("a sentence of my own ${value.push(1)} {{this}}").wait_for()
    page.locator("#panel-data").get_by_role("button", name="Undo the last change").first.click()
    page.get_by_text("The change is taken back.").wait_for()
    assert page.locator("#panel-data tbody tr").first.locator("td.text .clip").inner_text() == before
    person.press("Further")
    page.get_by_text("26 to 50").wait_for()


def test_the_steps_and_rows_are_reached_by_keyboard_alone(at_the_sample: Callable[..., Visitor]) -> None:
    person = at_the_sample("Keys")
    page = person.page
    page.get_by_role("tab", name="Data").first.focus()
    page.keyboard.press("ArrowRight")
    person.lead("What should the model learn")
    assert page.evaluate("document.activeElement.id") == "tab-method"
    with page.expect_response(lambda answer: '"go"' in (answer.request.post_data or "")):
        page.keyboard.press("Home")  # the rows are drawn anew with the answer
    person.lead("400 texts")
    page.locator("#panel-data tbody tr").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("textarea[name=question]").wait_for()


def test_on_a_phone_the_steps_fit_one_row_and_the_assistant_is_a_sheet(at_the_sample: Callable[..., Visitor]) -> None:
    person = at_the_sample("Phone", width=390, height=844, has_touch=True, is_mobile=True)
    page = person.page
    tops = page.locator("[role=tab]").evaluate_all("tabs => tabs.map(t => t.getBoundingClientRect().top)")
    assert len(tops) == 5
    assert max(tops) - min(tops) < 2
    for step in ("Method", "Train", "Evaluate", "Export", "Data"):
        person.step(step)
        page.wait_for_function("step => document.documentElement.dataset.step === step", arg=step.lower())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), step
    log = page.locator("#companion [role=log]")
    assert not log.is_visible()
    page.locator("#companion input").fill("what next")
    page.keyboard.press("Enter")
    log.wait_for(state="visible")
    page.locator("#companion .plan").wait_for(timeout=30_000)
    page.locator("#companion [data-sheet=close]").click()
    assert not log.is_visible()


def test_italian_is_spoken_to_an_italian_browser_in_the_dark(visit: Callable[..., Visitor]) -> None:
    person = visit(locale="it-IT", color_scheme="dark")
    person.new_project("Scuro")
    assert person.lead("Da che cosa deve imparare")
    assert person.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 20, 17)"
    person.page.locator("[data-theme]").click()
    assert person.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(250, 248, 244)"


def test_what_the_assistant_proposes_happens_only_after_a_yes(visit: Callable[..., Visitor]) -> None:
    person = visit()
    person.new_project("Assistant")
    page = person.page
    page.locator("#companion input").fill("what next")
    page.locator("#companion").get_by_role("button", name="Send").click()
    card = page.locator("#companion .plan")
    card.wait_for(timeout=30_000)
    assert person.lead("What should your model learn from?")
    card.locator("[data-act=approve]").click()
    assert person.lead("400 texts") == "400 texts, 8 categories"
