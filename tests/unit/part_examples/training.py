"""A plausible value for every part of choosing a method, training, judging and taking home."""

import math

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import answers, catalogue, certificate, chat, curve, recipe, runs, settings, verdict
from ui.parts.part import Button


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
    "runs": (runs.runs, runs.Runs("Earlier runs", "3", (runs.Item("Quick 1", "done, 0.62", True, (Button("Open", "open-run"),)),))),
    "verdict": (
        verdict.verdict,
        verdict.VerdictView(
            "Of 80 test rows",
            "Who answers better",
            ("Answered by", "Right", "Between", "Rows"),
            (
                verdict.Answerer("Your model", "tuned", 80, 90, 95, "80 – 95 %", "72 of 80"),
                verdict.Answerer("The classic method", "", 70, 80, 88, "70 – 88 %", "64 of 80"),
            ),
            more_label="Every measure",
            more_heads=("", "F1"),
            more=(("Your model", "0.9"),),
        ),
    ),
    "answers": (
        answers.answers,
        answers.Answers(
            "Answers",
            "80 test rows",
            "Which",
            OPTIONS,
            "text",
            ("Expected",),
            (
                answers.Case(
                    "Where is it?", "delivery", (answers.Given("Base", "refund", False, "wrong"), answers.Given("Yours", "delivery", True, "right"))
                ),
            ),
            "None",
            (Button("More", "more"),),
            True,
        ),
    ),
    "chat": (
        chat.chat,
        chat.Chat(
            "Side by side",
            "Ask both",
            (chat.Side("First", "a", OPTIONS, "text"), chat.Side("Second", "b", OPTIONS, "label")),
            "Question",
            "Where is my parcel?",
            "Ask both",
            True,
            "Hide which is which",
            (
                chat.Pane("A", "delivery", "0.4 s", keep=chat.Keep("Keep", Button("Right", "keep-good"), "Better", "Keep it", {"side": 0})),
                chat.Pane("B", "refund", "", True),
            ),
            "Which is better?",
            (Button("A", "vote"), Button("B", "vote")),
            "A was your model",
        ),
    ),
    "certificate": (
        certificate.certificate,
        [
            certificate.Certificate(
                "amber",
                "With care",
                "support-int4.zip",
                "4 MB",
                "Nearly as good.",
                (certificate.Check("green", "good", "80 of 80 answers equal", "greedy"), certificate.Check("amber", "care", "0.5 apart", "logits")),
                "Download",
                "api/packages/x/download",
                buttons=(Button("Ask it", "ask"),),
            )
        ],
    ),
}
