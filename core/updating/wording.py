"""What an update says, in sentences: what was repeated and what was not, how both models did on each kind of cases, which one to use."""

from collections.abc import Sequence

from core.data.doctor.base import UnknownCheck, check
from core.data.replay import Deed, Doing
from core.evaluation.verdict import Fact, Line, Outcome
from core.updating.document import Cases, Choice, Side

_SIDES = {
    Cases.OLD: {
        Outcome.BETTER: "On the old cases the updated model is clearly better: {better:,} better, {worse:,} worse of {rows:,}.",
        Outcome.NOT_CLEAR: "On the old cases there is no clear difference: the updated model is better on {better:,}, worse on {worse:,} of {rows:,}.",
        Outcome.EQUAL: "On the old cases both are equally good on each of {rows:,}.",
        Outcome.WORSE: "On the old cases the updated model is clearly worse: {better:,} better, {worse:,} worse of {rows:,}.",
        Outcome.TOO_FEW: "Too few old cases to tell: the updated model is better on {better:,}, worse on {worse:,} of {rows:,}.",
    },
    Cases.NEW: {
        Outcome.BETTER: "On the new cases the updated model is clearly better: {better:,} better, {worse:,} worse of {rows:,}.",
        Outcome.NOT_CLEAR: "On the new cases there is no clear difference: the updated model is better on {better:,}, worse on {worse:,} of {rows:,}.",
        Outcome.EQUAL: "On the new cases both are equally good on each of {rows:,}.",
        Outcome.WORSE: "On the new cases the updated model is clearly worse: {better:,} better, {worse:,} worse of {rows:,}.",
        Outcome.TOO_FEW: "Too few new cases to tell: the updated model is better on {better:,}, worse on {worse:,} of {rows:,}.",
    },
    Cases.ALL: {
        Outcome.BETTER: "On all cases together the updated model is clearly better: {better:,} better, {worse:,} worse of {rows:,}.",
        Outcome.NOT_CLEAR: "On all cases together there is no clear difference: the updated model is better on {better:,}, worse on {worse:,} of {rows:,}.",
        Outcome.EQUAL: "On all cases together both are equally good on each of {rows:,}.",
        Outcome.WORSE: "On all cases together the updated model is clearly worse: {better:,} better, {worse:,} worse of {rows:,}.",
        Outcome.TOO_FEW: "Too few cases in all to tell: the updated model is better on {better:,}, worse on {worse:,} of {rows:,}.",
    },
}
_CHOICES = {
    Choice.UPDATED: "The updated model is better. Use it from now on.",
    Choice.IN_USE: "The updated model is worse. Keep the one in use, and look at what came in.",
    Choice.EITHER: "Both models do equally well as far as these cases can tell. The updated one knows the new rows too.",
}


def side_line(cases: Cases, outcome: Outcome, better: int, worse: int, rows: int, test: str, p: float | None) -> Line:
    facts: dict[str, Fact | Line] = {"better": better, "worse": worse, "rows": rows}
    term = test if p is None else f"{test}, p = {p:.3g}"
    return Line(key=f"update.{cases}_{outcome.name.lower()}", english=_SIDES[cases][outcome], facts=facts, term=term)


def choice_of(sides: Sequence[Side]) -> Choice | None:
    """Worse on any kind of cases keeps the model in use; better on any, and worse on none, is better. None where nothing was measured."""
    outcomes = {side.outcome for side in sides}
    if not outcomes:
        return None
    if Outcome.WORSE in outcomes:
        return Choice.IN_USE
    return Choice.UPDATED if Outcome.BETTER in outcomes else Choice.EITHER


def headline(choice: Choice | None) -> Line:
    if choice is None:
        return Line(key="update.no_exam", english="The model was trained again; no rows were kept aside, so the two were not compared.")
    return Line(key=f"update.use_{choice.name.lower()}", english=_CHOICES[choice])


def nothing_new(file: str, rows: int) -> Line:
    english = "All {rows:,} rows of {file} were known already. Nothing was trained; the model in use stays as it is."
    return Line(key="update.nothing_new", english=english, facts={"file": file, "rows": rows})


def done_line(deed: Deed, rows: int) -> Line:
    """What was repeated, with how many new rows it touched."""
    if deed.doing is Doing.MEND:
        return Line(key="update.did_mend", english="{what}: mended in {rows:,} new row(s)", facts={"what": _check(deed), "rows": rows})
    if deed.doing is Doing.DELETE:
        return Line(key="update.did_delete", english="{rows:,} new row(s) taken out, as their like was", facts={"rows": rows})
    if deed.answer is not None:
        english = "{rows:,} new row(s) got the answer '{answer}'"
        return Line(key="update.did_answer", english=english, facts={"rows": rows, "answer": deed.answer[:80]})
    facts: dict[str, Fact | Line] = {"rows": rows, "find": (deed.find or "")[:80], "replace": deed.replace[:80]}
    return Line(key="update.did_replace", english="'{find}' became '{replace}' in {rows:,} new row(s)", facts=facts)


def left_line(deed: Deed) -> Line:
    """What was not repeated, since it spoke of single rows or findings, or of one model."""
    if deed.doing is Doing.PIECES:
        english = "Long texts were split into pieces. Texts that came now were not; split them by hand if some are too long."
        return Line(key="update.left_pieces", english=english)
    if deed.doing is Doing.MEND:
        english = "{what}: one finding of {rows:,} row(s) was mended by hand; that says nothing of other rows."
        return Line(key="update.left_mend", english=english, facts={"what": _check(deed), "rows": deed.rows})
    english = "A change of {rows:,} chosen row(s) was made by hand; that says nothing of other rows."
    return Line(key="update.left_chosen", english=english, facts={"rows": deed.rows})


def unnoted_line(count: int) -> Line:
    english = "{count:,} older change(s) cannot be repeated, because it was not kept what they did. Run the check-up after the update."
    return Line(key="update.left_unnoted", english=english, facts={"count": count})


def _check(deed: Deed) -> Fact | Line:
    try:
        return Line(key=f"checks.{deed.check}.label", english=check(deed.check).label)
    except UnknownCheck:
        return deed.check
