"""How a form was filled in: field by field, what was found, what stands in no text, and how often 'not there' was the right answer and was given."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from core.evaluation.answers import AnswerRow
from core.evaluation.rows import Row
from core.evaluation.verdict import Fact, FieldResult, Line, VerdictDocument
from core.tasks.extraction import said_by_field
from core.tasks.places import Standing, values_in


def field_results(rows: Sequence[Row], answers: Sequence[str], names: Sequence[str]) -> tuple[FieldResult, ...]:
    """One a field of `names`. An answer that is no JSON object gives nothing and says of no field that it is not there."""
    count = {name: Counter[str]() for name in names}
    for row, answer in zip(rows, answers, strict=True):
        wanted, given = said_by_field(row.answer) or {}, said_by_field(answer)
        for name in names:
            said = None if given is None else given.get(name)
            if name in wanted:
                count[name].update(wanted=1, right=int(said == wanted[name]))
            else:
                count[name].update(not_there=1, not_there_right=int(given is not None and said is None))
        for text, kind in ((answer, ""), (row.answer, "own_")):
            for value in values_in(row.question, text):
                if value.name in count and value.standing in (Standing.STANDS, Standing.MADE_UP):
                    count[value.name].update({f"{kind}given": 1, f"{kind}made_up": int(value.standing is Standing.MADE_UP)})
    return tuple(FieldResult(name=name, **{key: counts[key] for key in _COUNTED}) for name, counts in count.items())


_COUNTED = ("wanted", "right", "given", "made_up", "own_given", "own_made_up", "not_there", "not_there_right")


def lines_of(fields: Sequence[FieldResult]) -> tuple[Line, ...]:
    """What was made up, and what was rightly said not to be there."""
    lines: list[Line] = []
    totals: dict[str, Fact | Line] = {key: sum(getattr(field, key) for field in fields) for key in _COUNTED}
    if totals["given"]:
        english = (
            "{made_up:,} of the {given:,} values that the tuned model gave do not stand in their text; of those in your own answers, "
            "{own_made_up:,} of {own_given:,} do not."
        )
        lines.append(Line(key="verdict.made_up", english=english, facts=totals, term="ungrounded values"))
    if totals["not_there"]:
        english = "Where a field is not in the text, it said so {not_there_right:,} of {not_there:,} times."
        lines.append(Line(key="verdict.not_there", english=english, facts=totals, term="recall of null values"))
    return tuple(lines)


def pointed(row: AnswerRow, document: VerdictDocument) -> AnswerRow:
    """With the places of each answer's values. A document's answer was put together from pieces: it points nowhere."""
    names = tuple(field.name for field in document.fields)
    found = {name: values_in(row.question, answer, names) for name, answer in row.answers.items() if name not in row.merged}
    given = {name: values for name, values in found.items() if values}
    return replace(row, values=given, wanted=values_in(row.question, row.reference, names) if given else ())
