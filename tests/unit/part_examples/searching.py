"""A plausible value for every part of a search for settings."""

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import coordinates, influence, search_form

_MARKS = (coordinates.Mark(0, "0.0001"), coordinates.Mark(0.5, "0.001"), coordinates.Mark(1, "0.01"))

EXAMPLES: dict[str, Example] = {
    "search_form": (
        search_form.search_form,
        search_form.SearchForm(
            title="What to try", why="Suggested.", act="search",
            settings=(
                search_form.Setting("learning_rate", "How big each correction is", True, "0.0001", "0.01"),
                search_form.Setting("r", "The rank", False, among="8, 16, 32"),
            ),
            low_label="from", high_label="to", among_label="these", trials_label="Combinations", trials=20, minutes_label="Minutes", minutes="",
            minutes_hint="as long as it takes", more_label="More", halving_label="Stop weak ones", halving_note="Saves time", halving=True,
            samplers_label="How", samplers=OPTIONS, sampler="text", others_note="Further settings", others_hint="0.01…0.1",
            others=(search_form.Setting("weight_decay", "A pull", False),), button="Start the search", note="You can leave this page",
            values={"project": "x"},
        ),
    ),
    "coordinates": (
        coordinates.coordinates,
        coordinates.Coordinates(
            "All combinations",
            "each line is one",
            (coordinates.Axis("corrections", "learning_rate", _MARKS), coordinates.Axis("rank", "r", _MARKS), coordinates.Axis("loss", "loss", _MARKS)),
            (coordinates.Line((0.2, 0.4, 0.9), "early", "Number 1"), coordinates.Line((0.6, 0.5, 0.1), "best", "Number 2")),
            (coordinates.Key("best", "the best"), coordinates.Key("early", "stopped early")),
            "Two combinations",
        ),
    ),
    "influence": (
        influence.influence,
        influence.Influence(
            "What mattered",
            "How much each explains",
            (influence.Bar("How big each correction is", "learning_rate", 0.7, "70 %"), influence.Bar("The rank", "r", 0.3, "30 %")),
            "All as a table",
            ("number", "learning_rate", "loss"),
            (influence.Row(("1", "0.001", "0.5"), True), influence.Row(("2", "0.01", "0.7"), False)),
        ),
    ),
}  # fmt: skip
