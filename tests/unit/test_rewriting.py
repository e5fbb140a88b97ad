"""Whether a row is one that a filter means is told of one row as the store tells it of all."""

import pytest

from core.data.filter import RowFilterModel
from core.data.rewriting import LASTING, is_lasting, matches
from storage.bulk import filtering
from tests.unit.store_rows import filled, open_store

ROWS = [
    ("Where is my order", "refund"), ("where IS my Order?", "Refund"), ("Où est mon colis", "refund"), ("refund it", None), ("Perché no", "perche"),
    ("a" * 40, None), ("è" * 40, "x"), ("ends with order", "apple"), ("finisce con l'ordine è", "order apple"), ("straße", "ok"),
]  # fmt: skip
FILTERS = [
    {"search": "ORDER"}, {"search": "  refund "}, {"search": "order apple"}, {"search": "perche"}, {"search": "è order"}, {"search": "."},
    {"search": "strasse"}, {"label": "refund"}, {"label": "REFUND"}, {"answered": True}, {"answered": False}, {"least_chars": 40}, {"most_chars": 40},
    {"least_chars": 41, "answered": True}, {"search": "order", "label": "refund", "most_chars": 30}, {},
]  # fmt: skip


@pytest.mark.parametrize("conditions", FILTERS, ids=str)
def test_a_lasting_filter_means_of_new_rows_what_the_store_means_of_all(tmp_path, conditions) -> None:
    chosen = RowFilterModel(**conditions)
    assert is_lasting(chosen)
    with open_store(tmp_path) as store:
        _, dataset = filled(store, ROWS)
        found = filtering.positions(store, dataset, chosen.to_rows())
    assert [place for place, (question, answer) in enumerate(ROWS, 1) if matches(question, answer, chosen)] == found


def test_every_condition_that_lasts_is_looked_at() -> None:
    assert {name for conditions in FILTERS for name in conditions} == LASTING
