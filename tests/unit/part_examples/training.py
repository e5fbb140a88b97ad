"""A plausible value for every part of choosing a method and training."""

import math

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import (
    behind,
    catalogue,
    change,
    compared,
    curve,
    guide,
    pinned,
    queue,
    recipe,
    runs,
    settings,
    small_charts,
    updates,
)
from ui.parts.part import Button, Link, Option


def _curve() -> curve.Curve:
    train = tuple((s, 0.2 + 3.5 * math.exp(-s / 60)) for s in range(1, 400, 4))
    valid = tuple((s, 0.5 + 3.3 * math.exp(-s / 65) + max(0, s - 240) * 0.001) for s in range(20, 400, 20))
    return curve.Curve(
        train,
        valid,
        400,
        curve.Best(260, 0.62, "kept: step 260, 0.62"),
        "training loss",
        "validation loss",
        "step",
        "step 396 of 400",
        "Loss by step",
        "Waiting",
        "Step 396 of 400",
        home=(Link("As a table", "/api/runs/x/curves"),),
        picture="As a picture",
        file="Quick 1",
    )


EXAMPLES: dict[str, Example] = {
    "catalogue": (
        catalogue.catalogue,
        catalogue.Catalogue(
            "Models",
            "larger ones know more",
            "Needs the network.",
            (
                catalogue.Model("starter", "Starter", "4 million", "MIT", "", "is here"),
                catalogue.Model("qwen", "Qwen", "0.6 billion", "Apache", "Download", "", "A key"),
            ),
            "A folder",
            "Use it",
            (Button("Stop", "stop"),),
        ),
    ),
    "guide": (
        guide.guide,
        guide.Guide(
            "ways",
            "Ways to train",
            "which one is right",
            "This model is small.",
            (
                guide.Group((guide.Way("Full", "Take it here", "All learns", "100 %", None, ("in use",), "Too much", "A paper", True),)),
                guide.Group((guide.Way("LoRA", "Take it there", "Little learns", "8 %", Button("Use it", "ways")),), "For particular cases"),
            ),
        ),
    ),
    "settings": (
        settings.settings,
        settings.Settings(
            "recipe",
            "Every setting",
            "recipe",
            (
                settings.Field("learning_rate", "How big each correction is", 0.001, term="learning_rate", help="Help", low=0, high=1),
                settings.Field("kind", "Kind", "text", "choice", options=OPTIONS),
                settings.Field("on", "On", True, "switch"),
            ),
            "quiet",
            button="Use",
            text="seed = 1",
            text_act="toml",
            text_label="As TOML",
            text_button="Use this text",
        ),
    ),
    "bring_recipe": (
        recipe.bring_recipe,
        recipe.BringRecipe(
            "Bring a recipe",
            "paste one",
            "A recipe",
            "olive finetune",
            "Read it",
            True,
            "Read.",
            "No counterpart:",
            (recipe.Missing("--log_level", "1", "Kept anyway."),),
            ("Import the data first.",),
            "bottega train --project P",
            "As a command",
        ),
    ),
    "curve": (curve.curve, _curve()),
    "small_charts": (
        small_charts.small_charts,
        small_charts.SmallCharts(
            "Along with it", (small_charts.SmallChart("Speed", "tokens per second", "4,100", "From 1 to 2", ((1, 4000.0), (9, 4100.0))),)
        ),
    ),
    "pinned": (
        pinned.pinned,
        pinned.Pinned(
            "A few questions",
            "rows to check by",
            "Your row says",
            "It answers",
            "Before",
            (
                pinned.Question(
                    "Where is it?",
                    "delivery",
                    "refund",
                    "(not yet)",
                    "warn",
                    (pinned.Before("from step 20", "card", "warn"),),
                    Button("Another", "pin-others", {"instead_of": 1}, "link"),
                ),
            ),
            Button("Others", "pin-others"),
        ),
    ),
    "behind": (
        behind.behind,
        behind.Behind(
            "Behind it",
            "recipe",
            "Said",
            (behind.Said("at the start", "Rows are cut."),),
            "Recipe",
            "seed = 1",
            "Command",
            "bottega train",
            "Log",
            "nothing",
            (Link("For TensorBoard", "/api/runs/x/tensorboard"),),
        ),
    ),
    "compared": (
        compared.compared,
        compared.Compared(
            "Which",
            (compared.Choice("a", "Quick 1", True), compared.Choice("b", "Quick 2", True), compared.Choice("c", "Quick 3", False, True)),
            "Not more",
            (
                compared.Line("1", "1. Quick 1", ((1, 3.0), (40, 1.0)), ((20, 2.0), (40, 1.5)), (40, 1.5)),
                compared.Line("2", "2. Quick 2", ((1, 3.0), (40, 0.5)), ((20, 1.2), (40, 2.5)), (20, 1.2)),
            ),
            "solid and dotted",
            "steps",
            "Two trainings",
            "Waiting",
            "How they ended",
            (compared.Row("Lowest", "", ("1.5", "1.2"), 1), compared.Row("How often", "num_train_epochs", ("8", "3"))),
            "(lowest)",
            (Link("As a table", "/api/curves?run=a"),),
            "As a picture",
            "compared",
        ),
    ),
    "runs": (runs.runs, runs.Runs("Earlier runs", "3", (runs.Item("Quick 1", "done, 0.62", True, (Button("Open", "open-run"),)),))),
    "updates": (
        updates.updates,
        updates.Updates(
            "Updates",
            "Both models on the same cases",
            ("Cases", "In use", "Updated", "In words"),
            "Repeated:",
            "Not repeated:",
            (
                updates.Item(
                    "may.csv",
                    "Quick 1 → Quick 1, update 1",
                    "The updated model is better.",
                    "good",
                    "McNemar",
                    (updates.Side("Old cases", "300 rows", "240 right", "251 right", "Clearly better", "accuracy", "p = 0.01"),),
                    ("800 rows came",),
                    ("Personal data: mended in 3 rows",),
                    ("A change of 2 rows",),
                    (Button("Go on", "update-go-on"),),
                ),
            ),
        ),
    ),
    "queue": (
        queue.queue,
        queue.QueueView(
            "What the machine does next",
            "Nothing waits.",
            (
                queue.Item("running", "Quick 1", "training", "It has the machine.", 0.4, (Button("Pause", "pause"),)),
                queue.Item("waiting", "Quick 2", "training", "One training at a time.", None, (Button("Earlier", "queue-move"),)),
            ),
        ),
    ),
    "change": (
        change.change,
        change.Change(
            "Train again with one change",
            "All else stays",
            "What to change",
            (Option("learning_rate", "How big each correction is", "0.001"),),
            "Its new value",
            "Train",
            {"run": "aaaaaaaaaaaaa"},
        ),
    ),
}
