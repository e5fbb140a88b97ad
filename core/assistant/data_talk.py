"""What the assistant says of the data: how to bring it, what the check-up found or the offer of one, how to take a change back."""

from collections.abc import Mapping
from typing import Any

from core.actions.registry import Context, perform
from core.assistant.cards import card
from core.assistant.reply import Reply
from core.assistant.standing import Standing
from core.sentence import Sentence

_MOST = 4


def bring(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    """Where a file is dropped: nobody's files are reached from here."""
    if values.get("sealed"):
        said = Sentence(
            "assistant.import_sealed",
            "Drop the file on the Data page, and choose there that it is the sealed test. I cannot reach your files myself.",
        )
    else:
        said = Sentence(
            "assistant.import",
            "Drop the file on the Data page. You see what I understood of it before anything is imported. I cannot reach your files myself.",
        )
    return Reply((said,), step="data")


def checkup(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    """The newest check-up in one sentence; the plan of one where there is none of the rows as they stand."""
    if where.dataset is None:
        return Reply((Sentence("assistant.nothing_to_check", "There are no rows to look through yet. Bring a file first."),), step="data")
    view = perform(context, "findings", {"dataset": where.dataset.id})
    if view.running is not None:
        return Reply((Sentence("assistant.checking", "I am looking through your rows now; the Data page shows how far it is."),), step="data")
    if view.document is None or view.stale:
        return Reply((), card(context, "checkup", {"dataset": where.dataset.id}), "data")
    found = sorted((line for line in view.document.checks if line.state == "found"), key=lambda line: -line.rows)
    if not found:
        english = "All {rows:,} rows were looked through in {checks} ways: nothing that should be mended."
        return Reply((Sentence("assistant.check_clean", english, {"rows": view.document.rows, "checks": len(view.document.checks)}),), step="data")
    labels = {card_.name: card_.label for card_ in view.checks}
    things = [Sentence(f"checks.{line.name}.label", labels[line.name]) for line in found[:_MOST]]
    said = [
        Sentence("assistant.check_found", "{count} thing(s) are worth a look in {rows:,} rows.", {"count": len(found), "rows": view.document.rows}),
        *(
            Sentence("assistant.check_line", "{what}: {rows:,} row(s).", {"what": thing, "rows": line.rows})
            for thing, line in zip(things, found, strict=False)
        ),
        Sentence("assistant.check_where", "The check-up on the Data page shows each with its rows, and mends what can be mended."),
    ]
    return Reply(tuple(said), step="data")


def undo(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    """The plan that takes the last change back."""
    if where.dataset is None:
        return Reply((Sentence("assistant.nothing_to_undo", "There is nothing to take back yet."),))
    return Reply((), card(context, "undo", {"dataset": where.dataset.id}), "data")
