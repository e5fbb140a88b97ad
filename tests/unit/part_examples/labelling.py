"""A plausible value for every part of the Data page: labelling, rounds, adding rows."""

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import label, label_add, label_rounds
from ui.parts.part import Button, Option

EXAMPLES: dict[str, Example] = {
    "label": (
        label.label,
        label.Label(
            "Where is my parcel?",
            "abc",
            "choices",
            "Where is my parcel?",
            (Option("choices", "Where is my parcel?"), Option("fields", "Where is my parcel?")),
            ("Where is my parcel?", "refund"),
            ("day",),
            (label.LabelRow(1, "Where is my parcel?", None, "Where is my parcel?", 0.8), label.LabelRow(2, "Where is my parcel?")),
            2,
            0,
            0,
            1,
            "Where is my parcel?",
            "Where is my parcel?",
            "Where is my parcel?",
            ("Where is my parcel?",),
            "Where is my parcel?",
            {
                "progress": "Where is my parcel?",
                "proposed": "Where is my parcel?",
                "new_choice": "Where is my parcel?",
                "skip": "Where is my parcel?",
            },
        ),
    ),
    "label_rounds": (
        label_rounds.rounds,
        label_rounds.Rounds(
            "Where is my parcel?",
            "Where is my parcel?",
            {"name": "Where is my parcel?", "guide": "Where is my parcel?", "make": "Where is my parcel?"},
            "Where is my parcel?",
            "Where is my parcel?",
            (
                label_rounds.RoundView(
                    "r",
                    "Where is my parcel?",
                    "Where is my parcel?",
                    "Where is my parcel?",
                    (Button("Where is my parcel?", "round-close"),),
                    label_rounds.Results(
                        "Where is my parcel?",
                        "Where is my parcel?",
                        "Where is my parcel?",
                        ("Where is my parcel?",),
                        ("Where is my parcel?", "Where is my parcel?"),
                        (("Where is my parcel?", "Where is my parcel?"),),
                        "Where is my parcel?",
                        ("Where is my parcel?",),
                        "Where is my parcel?",
                        (
                            label_rounds.DifferenceView(
                                "Where is my parcel?", (label_rounds.Said(Button("Where is my parcel?", "settle-answer"), "Where is my parcel?"),)
                            ),
                        ),
                        Button("Where is my parcel?", "round-take"),
                    ),
                ),
            ),
            "http://127.0.0.1:7861/r/x/",
            "Where is my parcel?",
            True,
        ),
    ),
    "label_add": (
        label_add.adding,
        label_add.Adding(
            "Where is my parcel?",
            "Where is my parcel?",
            {"paste": "Where is my parcel?", "approve": "Where is my parcel?", "keep": "Where is my parcel?"},
            ("Where is my parcel?",),
            OPTIONS,
            ("text",),
            "Where is my parcel?",
            (label_add.VariantView("1.typos", "Where is my parcel?", "Where is my parcel?", "Where is my parcel?", "Where is my parcel?"),),
            {"seed": 1},
            Button("Where is my parcel?", "label-variants-other"),
            "Where is my parcel?",
            True,
        ),
    ),
}
