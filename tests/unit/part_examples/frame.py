"""A plausible value for every part of the frame, the conversation, and what every page shows."""

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import assistant, bar, choice, coach, facts, findings, lead, notice, place, plan, progress, steps, top
from ui.parts.part import Button, Option

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


EXAMPLES: dict[str, Example] = {
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
    "plan": (plan.plan, PLAN),
    "progress": (progress.progress, progress.Progress("Importing", 0.4, "10 s left", "4,000 of 10,000 rows", (Button("Stop", "stop"),))),
    "facts": (facts.facts, [facts.Fact("Train", "8,001", "80 %", "training split"), facts.Fact("Test, sealed", "1,001", "opened 0 times")]),
    "bar": (bar.bar, bar.Bar((Button("Next", "go", kind="primary"), Button("Other", "other")), "Nothing is lost")),
    "choice": (choice.choice, choice.Choice("What should the model learn to do?", "task", OPTIONS, "text", "choose", "A note", "task")),
    "coach": (coach.coach, coach.Coach("warn", "Coach", "Validation loss rises.", "Past its best.", Button("Stop now", "stop"))),
    "findings": (
        findings.findings,
        findings.Findings("Rows that are too long", (findings.Finding("warn", "3 rows are cut.", "tokens", (Button("Split", "template-split"),)),)),
    ),
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
