"""Which way to train is the right one: said for the model at hand, in plain words, with what it takes on this machine."""

from dataclasses import replace

import pytest

from core.actions.method import MethodCard
from core.actions.registry import Context, perform
from core.home import Home
from core.models.installed import ModelNotHere, Shape
from core.training.presets import DataSize, ModelSize, Preset, method_for, recipe_for
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage.rows import LOCAL_OWNER
from tests.unit.training_bench import tiny_model
from ui.pages.method_guide import guide_of, settings_of
from ui.words import Words


@pytest.fixture
def context(tmp_path):
    home = Home(tmp_path / "home").prepare()
    tiny_model(home.models / "tiny")
    with Workshop.open(home) as opened:
        yield Context(opened, LOCAL_OWNER)


class Reader:
    """All that a page asks of its visitor here."""

    def __init__(self, language: str) -> None:
        self.words = Words.of(language)


def card_of(method: str):
    return type("Card", (), {"recipe": Recipe(task="classification", method=method)})()


def test_for_a_model_each_method_says_how_much_learns_and_what_it_takes(context: Context):
    cards: dict[str, MethodCard] = {card.name: card for card in perform(context, "methods", {"base_model": "tiny"})}
    assert cards["full"].share == 1
    assert all(card.share is not None and 0 < card.share <= 1 for card in cards.values())
    assert all(card.fits and card.memory_bytes for card in cards.values())
    assert [name for name, card in cards.items() if card.why is not None] == ["full"]
    assert cards["bottleneck"].usual
    assert not cards["bottleneck"].usual_export
    assert not cards["ia3"].usual


def test_without_a_model_nothing_is_said_of_one_and_a_model_that_is_not_here_is_refused(context: Context):
    assert {(card.share, card.memory_bytes, card.why) for card in perform(context, "methods", {})} == {(None, None, None)}
    with pytest.raises(ModelNotHere):
        perform(context, "methods", {"base_model": "elsewhere"})


@pytest.mark.parametrize("parameters", [7_000_000, 60_000_000, 135_000_000, 7_000_000_000])
@pytest.mark.parametrize("preset", list(Preset))
def test_what_is_proposed_is_what_the_preset_takes(parameters: int, preset: Preset):
    shape = Shape("some", "llama", parameters, 512, 8, 32_000, 4096)
    recipe = recipe_for("classification", preset, DataSize(500, 60, 200), ModelSize.of(shape, 512 * 10**9))
    assert recipe.method == method_for(parameters, preset)


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_page_shows_every_method_once_the_particular_ones_folded(context: Context, language: str):
    cards, reader = perform(context, "methods", {"base_model": "tiny"}), Reader(language)
    guide = guide_of(reader, card_of("full"), cards)  # type: ignore[arg-type]
    usual, others = guide.groups
    assert len(usual.ways) + len(others.ways) == len(cards)
    assert (usual.title, bool(others.title), others.open) == ("", True, False)
    assert [way.chosen for way in usual.ways] == [True, False, False, False]
    assert [way.button is None for way in usual.ways] == [True, False, False, False]
    assert len(usual.ways[0].tags) == 2
    assert guide_of(reader, card_of("ia3"), cards).groups[1].open  # type: ignore[arg-type]


def test_what_this_machine_cannot_hold_is_marked(context: Context):
    cards = tuple(replace(card, fits=card.name != "full") for card in perform(context, "methods", {"base_model": "tiny"}))
    guide = guide_of(Reader("en"), card_of("lora"), cards)  # type: ignore[arg-type]
    assert [way.warning for way in guide.groups[0].ways] == ["More than this machine has.", "", "", ""]


def test_a_method_shows_its_own_settings_and_one_without_any_shows_none(context: Context):
    cards = perform(context, "methods", {})
    form = settings_of(Reader("en"), card_of("lora"), cards)  # type: ignore[arg-type]
    assert form is not None
    assert form.values == {"method": "lora"}
    assert {"r", "lora_alpha", "use_dora"} <= {field.term for field in form.fields}
    assert settings_of(Reader("en"), card_of("full"), cards) is None  # type: ignore[arg-type]
