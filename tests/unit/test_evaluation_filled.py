"""How a form was filled in, field by field: what was right, what stands in no text, and where 'not there' was the right answer."""

import json

from core.evaluation.filled import field_results, lines_of
from core.evaluation.judging import worst_categories
from core.evaluation.rows import Row
from core.evaluation.verdict import FieldResult

ASKED: tuple[tuple[str, dict[str, str], str], ...] = (
    ("A table for 5 at noon", {"people": "5", "time": "noon"}, '{"date":null,"people":"5","time":"one"}'),
    ("Five of us", {"people": "Five"}, '{"date":null,"people":["Five","5"],"time":null}'),
    ("Hello", {}, '{"date":"today","people":null,"time":null}'),
    ("Tomorrow", {"date": "tomorrow"}, "no form at all"),
)
ROWS = [Row(str(at), at, "[]", question, json.dumps(wanted)) for at, (question, wanted, _) in enumerate(ASKED)]
GIVEN = [given for _, _, given in ASKED]


def test_right_values_made_up_ones_and_those_that_are_not_there_are_counted_for_each_field() -> None:
    date, people, time = field_results(ROWS, GIVEN, ("date", "people", "time"))
    assert date == FieldResult(name="date", wanted=1, right=0, given=1, made_up=1, own_given=1, own_made_up=0, not_there=3, not_there_right=2)
    assert (people.wanted, people.right, people.given, people.made_up) == (2, 1, 3, 1)
    assert (people.not_there, people.not_there_right) == (2, 1), "an answer that is no form says of no field that it is not there"
    assert (time.wanted, time.right, time.not_there, time.not_there_right) == (1, 0, 3, 2)


def test_a_field_is_as_often_right_among_the_worst_as_in_the_table_of_fields() -> None:
    fields = {one.name: (one.wanted, one.right) for one in field_results(ROWS, GIVEN, ("date", "people", "time"))}
    assert {one.name: (one.rows, one.right) for one in worst_categories("extraction", ROWS, {}, ROWS, GIVEN)} == fields


def test_what_was_made_up_and_what_is_not_there_is_said_with_its_counts() -> None:
    made_up, not_there = (str(line) for line in lines_of(field_results(ROWS, GIVEN, ("date", "people", "time"))))
    assert "3 of the 5 values" in made_up
    assert "0 of 4 do not" in made_up
    assert "5 of 8 times" in not_there
    assert lines_of(field_results([], [], ("date",))) == ()
