"""Where the values of an answer stand in their text, and which of them do not stand there."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tasks.places import Standing, values_in
from tests.unit.data_files import real_file

TEXT = "Asked for: people\n\nA table for 13 people on the 3rd,  2013: Perché  no? Say “Anna’s”, €1.234,50."


def place(name: str, value: object, text: str = TEXT) -> str | None:
    (found,) = values_in(text, json.dumps({name: value}))
    return None if found.start is None else text[found.start : found.end]


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        ("13 people", "13 people"), ("13", "13"), (13, "13"), ("PERCHÉ NO", "Perché  no"), ("Anna's", "Anna’s"), (1234.5, None),
        ("1.234,50", "1.234,50"), ("20", None), ("able", "able"), ("abl", None), ("12", None), ("€1.234,50", "€1.234,50"),
    ],
)  # fmt: skip
def test_a_value_points_to_its_characters_or_to_none(value: object, stands: str | None) -> None:
    assert place("x", value) == stands


@pytest.mark.parametrize(("value", "text"), [(1234, "it costs 1,234 in all"), (1234.5, "sono 1.234,5 euro"), (19.5, "19,5 %"), (1234, "1 234 Stück")])
def test_a_number_is_found_however_it_is_written(value: float, text: str) -> None:
    assert place("x", value, text) is not None


def test_the_question_that_stands_before_the_text_is_none_of_it() -> None:
    (found,) = values_in("Asked for: people\n\nWe are many people.", '{"what":"people"}')
    assert found.start == len("Asked for: people\n\nWe are many ")
    (made_up,) = values_in("Asked for: people\n\nWe are many.", '{"what":"people"}')
    assert made_up.standing is Standing.MADE_UP


def test_equal_items_of_a_list_point_to_places_of_their_own() -> None:
    values = values_in("Rome or Paris, then Rome", '{"city":["Rome","Rome","Oslo"]}')
    assert [(value.start, value.standing) for value in values] == [(0, "stands"), (20, "stands"), (None, "made up")]


def test_what_is_not_there_is_said_of_every_known_field_and_yes_or_no_points_nowhere() -> None:
    values = values_in("Tomorrow!", '{"date":"Tomorrow","urgent":true,"time":null}', ("date", "people", "time", "urgent"))
    assert [(value.name, value.standing) for value in values] == [
        ("date", "stands"),
        ("people", "not there"),
        ("time", "not there"),
        ("urgent", "judged"),
    ]
    assert values_in("Tomorrow!", "no form", ("date",)) == ()


@settings(deadline=None)
@given(st.text(alphabet="ab ñİßＡ\n’1", max_size=12), st.text(alphabet="ñİßＡ’", min_size=1, max_size=4), st.text(alphabet="ab ñİ\n", max_size=12))
def test_what_was_copied_from_a_text_is_found_in_it(before: str, value: str, after: str) -> None:
    text = f"{before} {value} {after}"
    found = place("x", value, text)
    assert found is not None
    assert found.casefold() == value.casefold() or value.casefold() in text.casefold()


@pytest.mark.parametrize("name", ["train", "test"])
def test_on_real_data_nearly_every_value_points_to_its_own_words(name: str) -> None:
    rows = [json.loads(line) for line in real_file(f"restaurant8k-{name}.jsonl").read_text(encoding="utf-8").splitlines()[:1500]]
    values = [(row["text"], value) for row in rows for value in values_in(row["text"], row["slots"])]
    stands = [(text, value) for text, value in values if value.standing is Standing.STANDS]
    assert len(stands) > 0.97 * len(values)
    assert all(" ".join(text[value.start : value.end].split()).casefold() == value.text.casefold() for text, value in stands)
