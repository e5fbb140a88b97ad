"""A plausible value for every part of the Data page: bringing a file, rows, check-up."""

from tests.unit.part_examples.example import OPTIONS, Example
from ui.parts import bulk, checkup, drop, filters, own_cases, preview, table, views
from ui.parts.part import Button, Option


def _row(i: int, *, open_: bool = False) -> table.Row:
    edit = Button("Edit", "open-row", {"example": f"x{i}"}, "link")
    return table.Row(
        f"x{i}", i, str(i), "My parcel has not arrived", "delivery", "test", "test", "tickets.csv, row 7", i == 2, open_, edit,
        (Button("Cancel", "close-row"), Button("Delete", "delete-row")), f"Choose row {i}", i == 1, "approved", "approved", ("ask Anna",), "1 finding", "alike",
    )  # fmt: skip


EXAMPLES: dict[str, Example] = {
    "drop": (
        drop.drop,
        drop.Drop(
            "Drop a file here",
            "CSV or JSON Lines",
            "Choose a file",
            "Sending",
            "It was lost",
            buttons=(Button("Use the sample", "sample"),),
            ways=drop.Ways("Other ways", "Paste rows", "One a line", "Take", "Pasted", "A dataset", "Needs the network", "A key", "Fetch"),
        ),  # fmt: skip
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
            notes=("Of 2 sheets 'One' was read.",),
            asked=(preview.Role("sheet", "Which sheet?", OPTIONS, "text"),),
            wrong_label="Read wrongly?",
            wrong=(preview.Role("header", "The first line", OPTIONS, "text"), preview.Role("own", "A line of its own", (), "---", "such as ---")),
        ),
    ),
    "views": (
        views.views,
        views.Views(
            "Look at", (Option("rows", "Rows"), Option("split", "Split", "a note")), "rows", "Sets", (Option("a", "one"), Option("b", "two")), "a"
        ),
    ),
    "table": (
        table.table,
        table.Table(
            "Rows",
            table.Heads("Choose", "#", "Customer writes", "Category", "Part", "Marks", "Actions"),
            tuple(_row(i, open_=i == 3) for i in range(1, 5)),
            ("delivery", "refund"),
            "4 rows",
            "1 to 4",
            "Nothing found",
            "edited",
            "no answer",
            "Save",
            "Pages",
            None,
            Button("Next", "page"),
            "Keys",
            (("j", "next"),),
            False,
            "Row 3 was changed",
            (Button("Undo", "undo", kind="link"),),
            "History",
            (table.Past("2026-01-01 10:00", "Row 3 was changed", "before", "after", Button("Take back", "undo")),),
            "As it stood",
            "{}",
        ),
    ),
    "filters": (
        filters.filters,
        filters.Filters(
            "Which rows",
            "parcel",
            "Search",
            "Part",
            OPTIONS,
            "text",
            "More",
            (filters.Group("review", "Review", OPTIONS, "label"),),
            (filters.Text("label", "Category", "refund", "text", ("refund", "delivery")), filters.Text("least_chars", "At least", "3", "number")),
            (Button("refund", "rows-drop"),),
            (filters.ViewChip(Button("To check", "rows-view"), True, Button("x", "rows-forget-view")),),
            "Keep",
            "Name",
            "Save",
        ),
    ),
    "bulk": (
        bulk.bulk,
        bulk.Bulk(
            "Chosen",
            "3 rows chosen",
            (Button("All", "rows-all"),),
            (Button("Approve", "rows-mark"),),
            bulk.Form(
                "replace",
                "rows-do",
                (bulk.Field("find", "Find", "a", ("b",)), bulk.Field("where", "Where", "text", options=OPTIONS)),
                "Show",
                Button("Cancel", "rows-form"),
            ),
        ),
    ),
    "checkup": (
        checkup.checkup,
        checkup.Checkup(
            "What the doctor found",
            "Why it matters",
            (
                checkup.CheckLine(
                    "personal-data",
                    "12",
                    "Personal data",
                    "A model can repeat what it has learned.",
                    "in 3 bundles",
                    ("Names: not checked",),
                    "e-mail",
                    (Button("See rows", "checkup-rows", {"check": "personal-data"}, "link"), Button("Mask it", "checkup-mend")),
                ),
            ),
            (checkup.Fold("clean", "Nothing found by 1 check", (checkup.Quiet("Broken accents", "of 400 rows", "mojibake"),)),),
            "The rows have changed since.",
            "warn",
            (Button("Look again", "checkup-start"),),
        ),
    ),
    "own_cases": (
        own_cases.own_cases,
        own_cases.OwnCases("Compare with your own cases", "A few texts", "They stay here.", "Compare", "Where is it?", {"dataset": "d1"}),
    ),
}
