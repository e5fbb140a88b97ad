"""Rows that people add: pasted, written, kept from a chat, and variants that they approved."""

import csv
import io
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions.adding import NothingPasted
from core.actions.registry import Context, perform
from core.data.adding.paste import pasted
from core.data.augment.base import Source, Variation, proposals, variations
from core.errors import BadValue
from storage.rows import DatasetId
from tests.unit.labels_bench import dataset_with, tickets, workshop

cells = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\x85\u2028\u2029") | st.sampled_from('\t\n"'), min_size=1, max_size=30
)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with workshop(tmp_path_factory.mktemp("adding")) as opened:
        yield opened


def rows(context: Context, dataset: DatasetId) -> list[dict[str, Any]]:
    sql = """
        SELECT e.position, question, answer, source, original, coalesce(m.tags, []) AS tags FROM example e
        LEFT JOIN (SELECT * FROM mark WHERE gone IS NULL) m USING (dataset, position) WHERE dataset = ? AND e.gone IS NULL ORDER BY position
    """
    names = ("position", "question", "answer", "source", "original", "tags")
    return [dict(zip(names, row, strict=True)) for row in context.workshop.store.read(None, sql, [dataset])]


def test_one_text_a_line_is_a_row_without_an_answer_each() -> None:
    found = pasted('Where is my card?\r\n\r\n  "Quoted" start\nlast, with a comma\n')
    assert [(row.question, row.answer) for row in found.rows] == [("Where is my card?", None), ('"Quoted" start', None), ("last, with a comma", None)]


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
def test_cells_of_a_spreadsheet_come_back_as_they_were(table: list[tuple[str, str]]) -> None:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter="\t", lineterminator="\r\n").writerows(table)
    found = pasted(target.getvalue())
    wanted = [(question.strip(), answer.strip() or None) for question, answer in table if question.strip()]
    if not found.header:
        assert [(row.question, row.answer) for row in found.rows] == wanted


def test_a_first_line_that_names_the_columns_says_which_is_which() -> None:
    found = pasted("Customer\tCategory\tMessage\nc1\tcard\tMy card is lost\nc2\t\tWhere is my parcel")
    assert [(row.question, row.answer) for row in found.rows] == [("My card is lost", "card"), ("Where is my parcel", None)]
    assert found.rows[0].cells == {"Customer": "c1", "Category": "card", "Message": "My card is lost"}


def test_pasted_rows_are_added_as_one_change_that_undo_takes_back(context: Context) -> None:
    dataset = dataset_with(context, tickets(2))
    told = perform(context, "add-rows", {"dataset": dataset, "text": "My card is lost\tcard\nWhere is it\n\tno text"})
    assert (told.rows, told.without_answer, told.empty) == (2, 1, 1)
    added = rows(context, dataset)[2:]
    assert [(row["question"], row["answer"], row["source"]) for row in added] == [
        ("My card is lost", "card", "pasted"),
        ("Where is it", None, "pasted"),
    ]
    perform(context, "undo", {"dataset": dataset})
    assert len(rows(context, dataset)) == 2


def test_nothing_pasted_is_said(context: Context) -> None:
    with pytest.raises(NothingPasted):
        perform(context, "add-rows", {"dataset": dataset_with(context, tickets(1)), "text": "\n \t \n"})


def test_a_row_is_written_with_or_without_its_answer(context: Context) -> None:
    dataset = dataset_with(context, tickets(1))
    perform(context, "add-row", {"dataset": dataset, "question": " Where is my card? ", "answer": "card "})
    perform(context, "add-row", {"dataset": dataset, "question": "And my parcel?"})
    assert [(row["question"], row["answer"], row["source"]) for row in rows(context, dataset)[1:]] == [
        ("Where is my card?", "card", "written"),
        ("And my parcel?", None, "written"),
    ]
    with pytest.raises(BadValue):
        perform(context, "add-row", {"dataset": dataset, "question": " "})


def test_a_chat_answer_is_kept_as_it_is_or_corrected_with_what_was_answered(context: Context) -> None:
    dataset = dataset_with(context, tickets(1))
    perform(context, "keep-answer", {"dataset": dataset, "question": "Where is my card?", "answer": "card", "model": "tuned"})
    perform(context, "keep-answer", {"dataset": dataset, "question": "I want money", "answer": "card", "corrected": "refund"})
    good, corrected = rows(context, dataset)[1:]
    assert (good["answer"], good["source"], json.loads(good["original"])) == (
        "card",
        "chat",
        {"text": "Where is my card?", "answer": "card", "model": "tuned"},
    )
    assert (corrected["answer"], json.loads(corrected["original"])["answered"]) == ("refund", "card")


@pytest.mark.parametrize("way", variations().values(), ids=lambda way: way.name)
@given(text=st.text(max_size=200), seed=st.integers(0, 1000))
def test_a_variation_changes_something_or_nothing_and_never_breaks(way: Variation, text: str, seed: int) -> None:
    found = way.vary(text, random.Random(seed))
    assert found is None or found != text or way.name == "typos"


@pytest.mark.parametrize(
    ("way", "text", "wanted"),
    [
        ("dates", "I fly on 2 May 2026", "I fly on May 2, 2026"),
        ("dates", "I fly on May 2, 2026", "I fly on 2 May 2026"),
        ("case", "Where is My CARD", "where is my card"),
        ("punctuation", "Well, where is 1,500.", "Well where is 1,500"),
        ("synonyms", "Please assist", "Please help"),
    ],
)
def test_a_variation_says_the_same(way: str, text: str, wanted: str) -> None:
    tried = {variations()[way].vary(text, random.Random(seed)) for seed in range(30)}
    assert wanted in tried


def test_a_typing_mistake_is_one_mistake_and_leaves_numbers_and_names_alone() -> None:
    text = "please refund 1500 euros to Roberta at anna@example.com"
    for seed in range(60):
        found = variations()["typos"].vary(text, random.Random(seed))
        assert found is not None
        assert abs(len(found) - len(text)) <= 1
        assert "1500" in found
        assert "Roberta" in found
        assert "anna@example.com" in found


def test_a_marked_field_stays_in_a_variant_letter_for_letter() -> None:
    rows_ = [Source("a", 1, "Table on Monday, please", '{"day":"Monday"}')]
    found = proposals(rows_, list(variations()), 3)
    assert found
    assert all("Monday" in one.text for one in found)


def test_only_approved_variants_become_rows_tagged_and_tied_to_their_origin(context: Context) -> None:
    dataset = dataset_with(context, tickets(30, answered=20))
    found = perform(context, "variants", {"dataset": dataset, "seed": 5})
    assert found.variants
    assert {one.how for one in found.variants} <= {way.name for way in found.ways}
    assert "not configured" in str(found.paraphrase)
    assert len(rows(context, dataset)) == 30
    chosen = found.variants[:3]
    perform(context, "keep-variants", {"dataset": dataset, "seed": 5, "keys": [one.key for one in chosen]})
    added = rows(context, dataset)[30:]
    assert [(row["question"], row["answer"], row["tags"]) for row in added] == [(one.text, one.answer, ["augmented"]) for one in chosen]
    assert [json.loads(row["original"])["augmented_from"] for row in added] == [str(one.position) for one in chosen]
    perform(context, "undo", {"dataset": dataset})
    assert len(rows(context, dataset)) == 30
    assert all(not row["tags"] for row in rows(context, dataset))


def test_variants_are_not_varied_again_and_unknown_ones_are_refused(context: Context) -> None:
    dataset = dataset_with(context, tickets(6, answered=3))
    found = perform(context, "variants", {"dataset": dataset, "ways": ["case"], "seed": 1})
    perform(context, "keep-variants", {"dataset": dataset, "ways": ["case"], "seed": 1, "keys": [one.key for one in found.variants]})
    again = perform(context, "variants", {"dataset": dataset, "seed": 2})
    assert {one.position for one in again.variants} <= {1, 2, 3}
    with pytest.raises(BadValue):
        perform(context, "keep-variants", {"dataset": dataset, "seed": 1, "keys": ["99.case"]})


def test_a_variant_stays_on_its_origins_side_of_a_split(context: Context) -> None:
    dataset = dataset_with(context, tickets(60, answered=60, seed=3))
    found = perform(context, "variants", {"dataset": dataset, "seed": 1, "rows": 60})
    perform(context, "keep-variants", {"dataset": dataset, "seed": 1, "rows": 60, "keys": [one.key for one in found.variants]})
    split = perform(context, "split", {"dataset": dataset})
    sql = "SELECT position, part FROM split_row WHERE split = (SELECT id FROM split WHERE dataset = ? ORDER BY created_at DESC LIMIT 1)"
    parts = dict(context.workshop.store.read(None, sql, [dataset]))
    origins = {row["position"]: int(json.loads(row["original"])["augmented_from"]) for row in rows(context, dataset) if row["source"] == "variant"}
    assert split is not None
    assert len(origins) == len(found.variants) > 60
    assert len(set(parts.values())) == 3
    assert [place for place, origin in origins.items() if parts[place] != parts[origin]] == []
