"""A plausible value for every part of the screen: what the tests render, and what a person may look at in one page."""

import math
from collections.abc import Callable
from typing import Any

import gradio as gr

from ui.parts import (
    answers,
    assistant,
    bar,
    certificate,
    chat,
    choice,
    coach,
    curve,
    drop,
    facts,
    lead,
    notice,
    place,
    plan,
    preview,
    progress,
    runs,
    settings,
    steps,
    table,
    top,
    verdict,
)
from ui.parts.part import Button, Option, shown

OPTIONS = (Option("text", "text", "What the customer writes"), Option("label", "label"))
PLAN = plan.PlanView(
    "Plan",
    "Train on 320 rows with the Quick preset.",
    (plan.Cost("Takes", "3 min"), plan.Cost("Disk", "24 MB")),
    "train",
    {"preset": "quick"},
    "token",
    "Start",
    "Not now",
    "Goes",
    ("a run",),
    "Stays",
    ("the rows",),
)


def _row(i: int, *, open_: bool = False) -> table.Row:
    edit = Button("Edit", "open-row", {"example": f"x{i}"}, "link")
    return table.Row(
        f"x{i}",
        str(i),
        "My parcel has not arrived",
        "delivery",
        "test",
        "test",
        "tickets.csv, row 7",
        i == 2,
        open_,
        edit,
        Button("Cancel", "close-row"),
        Button("Delete", "delete-row"),
    )


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


EXAMPLES: dict[str, tuple[Callable[[], gr.HTML], Any]] = {
    "place": (place.place, place.Moves("Bottega", 1)),
    "top": (
        top.top,
        top.Top(
            "Support desk",
            "p1",
            "Projects",
            (Option("p1", "Support desk", "today"),),
            "New project",
            "Its name",
            "Create",
            "Name",
            "Rename",
            (Button("Delete", "delete-project"),),
            "Save",
            "/api/projects/p1/saved",
            "Stays on this computer",
            "No data leaves",
            "en",
            "Language",
            (Option("en", "EN", "English"), Option("it", "IT", "Italiano")),
            "Light or dark",
        ),
    ),
    "steps": (
        steps.steps,
        steps.Steps(
            "Steps",
            (
                steps.Step("data", "Data", "done", "done"),
                steps.Step("method", "Method", "here", "here"),
                steps.Step("train", "Train", "waiting", "waiting for data"),
            ),
        ),
    ),
    "lead": (lead.lead, lead.Lead("10,003 customer questions, 77 categories", "From banking77-train.csv.")),
    "notice": (notice.notice, notice.Notice("bad", "Row 4 has no answer.", "EmptyCell\nrow = 4", "Details", (Button("Try again", "again"),))),
    "drop": (
        drop.drop,
        drop.Drop("Drop a file here", "CSV or JSON Lines", "Choose a file", "Sending", "It was lost", buttons=(Button("Use the sample", "sample"),)),
    ),
    "preview": (
        preview.preview,
        preview.PreviewView(
            "tickets.csv",
            "402 rows, UTF-8",
            ("Row 3 is empty",),
            "First rows",
            (preview.Column("text", "question"), preview.Column("label")),
            (("Where is it?", "delivery"),),
            "What is a row?",
            OPTIONS,
            "text",
            (preview.Role("question", "What the customer writes", OPTIONS, "text", "input"),),
            "Import",
            (Button("Cancel", "forget"),),
            {"upload": "u1"},
            "Name",
            "tickets",
        ),
    ),
    "progress": (progress.progress, progress.Progress("Importing", 0.4, "10 s left", "4,000 of 10,000 rows", (Button("Stop", "stop"),))),
    "facts": (facts.facts, [facts.Fact("Train", "8,001", "80 %", "training split"), facts.Fact("Test, sealed", "1,001", "opened 0 times")]),
    "bar": (bar.bar, bar.Bar((Button("Next", "go", kind="primary"), Button("Other", "other")), "Nothing is lost")),
    "choice": (choice.choice, choice.Choice("What should the model learn to do?", "task", OPTIONS, "text", "choose", "A note", "task")),
    "coach": (coach.coach, coach.Coach("warn", "Coach", "Validation loss rises.", "Past its best.", Button("Stop now", "stop"))),
    "curve": (curve.curve, _curve()),
    "table": (
        table.table,
        table.Table(
            "Rows",
            ("#", "Customer writes", "Category", "Part", "Actions"),
            tuple(_row(i, open_=i == 3) for i in range(1, 5)),
            ("delivery", "refund"),
            "",
            "Search",
            "Part",
            OPTIONS,
            "text",
            "4 rows",
            "1 to 4",
            "Nothing found",
            "edited",
            "no answer",
            "Save",
            "Pages",
            None,
            Button("Next", "page"),
            (Button("Undo", "undo", kind="link"),),
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
    "plan": (plan.plan, PLAN),
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
            (chat.Pane("A", "delivery", "0.4 s"), chat.Pane("B", "refund", "", True)),
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
    "runs": (runs.runs, runs.Runs("Earlier runs", "3", (runs.Item("Quick 1", "done, 0.62", True, (Button("Open", "open-run"),)),))),
    "assistant": (
        assistant.assistant,
        assistant.Assistant(
            "Assistant",
            "Close",
            "Talk",
            (assistant.Line("me", "You", ("what next",)), assistant.Line("it", "Bottega", ("Choose a task.",), (Button("Go", "go"),))),
            PLAN,
            "Try:",
            (Button("train quickly", "hint"),),
            "Ask, or say what to do",
            "Send",
        ),
    ),
}


def as_shown(value: Any) -> Any:
    return [shown(one) for one in value] if isinstance(value, list) else shown(value)


def with_every_text(value: Any, text: Callable[[], str]) -> Any:
    """The same JSON with each of its strings replaced."""
    if isinstance(value, str):
        return text()
    if isinstance(value, dict):
        return {key: with_every_text(item, text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_every_text(item, text) for item in value]
    return value
