"""A plausible value for every part of judging, asking side by side and taking home."""

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import answers, certificate, chat, verdict
from ui.parts.filled import Slot, Stretch
from ui.parts.part import Button

_SLOTS = (
    Slot("time", "7 pm"),
    Slot("people", "not in the text", "no", term="null"),
    Slot("date", "8 pm", "odd", "does not stand there", "ungrounded"),
)
_MARKS = (Stretch("A table at "), Stretch("7 pm", "time"), Stretch(" please"))

EXAMPLES: dict[str, Example] = {
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
                    "Where is it?",
                    "delivery",
                    (answers.Given("Base", "refund", False, "wrong"), answers.Given("Yours", "delivery", True, "right", _SLOTS)),
                    _SLOTS,
                    _MARKS,
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
                chat.Pane("B", "refund", "", True, slots=_SLOTS, marks=_MARKS),
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
