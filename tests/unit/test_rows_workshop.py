"""Curating rows through the registry: filters, tags, reviews, merging, bulk changes with a plan, views, history, undo."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.actions.registry import Context, perform
from core.actions.rows import NoSuchPlace
from core.data.kind import KINDS
from core.errors import BadValue, NotFound, UserError
from core.home import Home
from core.workshop import Workshop
from storage import datasets, projects
from storage.bulk.importing import import_parquet
from storage.bulk.versions import freeze_version
from storage.rows import DatasetId, OwnerId
from tests.agreeing import agreed
from tests.unit.store_rows import write_parquet

ANNA = OwnerId("anna")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=KINDS) as workshop:
        yield Context(workshop, ANNA)


@pytest.fixture
def dataset(context: Context) -> DatasetId:
    return thirty_rows(context)


@pytest.fixture(scope="module")
def untouched(context: Context) -> DatasetId:
    """For tests that change nothing."""
    return thirty_rows(context)


def thirty_rows(context: Context) -> DatasetId:
    """Three categories, one answer missing, one row with an accent."""
    pairs: list[tuple[str, str | None]] = [(f"Where is order {n}?", f"k{n % 3}") for n in range(28)]
    pairs += [("Perché è in ritardo l'ordine 28?", "k1"), ("No answer here", None)]
    store = context.workshop.store
    project = projects.create(store, ANNA, "Desk")
    made = datasets.create(store, ANNA, project.id, "rows.csv", "text_label", ["text", "label"])
    path = write_parquet(store.path.parent / "rows.parquet", pairs)
    import_parquet(store, made.id, path, sealed=False)
    return made.id


def rows(context: Context, dataset: DatasetId, **conditions: Any) -> list[int]:
    return [row.example.position for row in perform(context, "rows", {"dataset": dataset, "size": 500, **conditions}).rows]


def test_every_condition_narrows_the_table_and_they_hold_together(context: Context, dataset: DatasetId) -> None:
    assert rows(context, dataset, search="PERCHE") == [29]
    assert rows(context, dataset, label="k0", search="order 2") == [22, 25, 28]
    assert rows(context, dataset, answered=False) == [30]
    assert rows(context, dataset, least_chars=20, most_chars=20) == list(range(11, 29))
    assert rows(context, dataset, positions=[3, 4], label="k0") == [4]
    assert rows(context, dataset, source="other.csv") == []
    perform(context, "edit", {"example": _example(context, dataset, 5), "answer": "k9"})
    assert rows(context, dataset, edited=True) == [5]
    assert len(rows(context, dataset, edited=False)) == 29


def test_every_order_goes_through_all_rows_once_page_by_page(context: Context, dataset: DatasetId) -> None:
    perform(context, "tag", {"dataset": dataset, "rows": [7], "tag": "x"})
    for order in ("position", "label", "shortest", "longest", "changed"):
        seen: list[int] = []
        after = None
        while True:
            window = perform(context, "rows", {"dataset": dataset, "order": order, "size": 7, "after": after})
            seen += [row.example.position for row in window.rows]
            after = window.next
            if after is None:
                break
        assert sorted(seen) == list(range(1, 31)), order
        if order == "changed":
            assert seen[0] == 7
        if order == "longest":
            assert seen[0] == 29
        if order == "label":
            assert seen[0] == 30
    with pytest.raises(UserError, match="Ask for the first page again"):
        perform(context, "rows", {"dataset": dataset, "order": "label", "after": "[7]"})
    with pytest.raises(UserError, match="Ask for the first page again"):
        perform(context, "rows", {"dataset": dataset, "after": "nonsense"})


def test_tags_and_reviews_are_filters_and_their_undo_takes_them_back(context: Context, dataset: DatasetId) -> None:
    perform(context, "tag", {"dataset": dataset, "rows": [1, 2, 3], "tag": "  ask   Anna "})
    perform(context, "approve", {"dataset": dataset, "rows": [2, 3]})
    perform(context, "reject", {"dataset": dataset, "rows": [3]})
    assert rows(context, dataset, tag="ask Anna") == [1, 2, 3]
    assert rows(context, dataset, review="approved") == [2]
    assert rows(context, dataset, review="rejected", reviewer="anna") == [3]
    assert len(rows(context, dataset, unreviewed=True)) == 28
    shown = perform(context, "rows", {"dataset": dataset}).rows[2]
    assert (shown.tags, shown.review, shown.reviewer) == (("ask Anna",), "rejected", "anna")
    perform(context, "undo", {"dataset": dataset})
    assert rows(context, dataset, review="approved") == [2, 3]
    perform(context, "untag", {"dataset": dataset, "rows": [1], "tag": "ask Anna"})
    perform(context, "clear-review", {"dataset": dataset, "rows": [2]})
    said = perform(context, "tags", {"dataset": dataset})
    assert (said.tags, said.approved, said.rejected, said.reviewers) == ((("ask Anna", 2),), 1, 0, ("anna",))
    with pytest.raises(UserError, match="say already"):
        perform(context, "approve", {"dataset": dataset, "rows": [3]})


def test_merged_rows_become_one_with_the_tags_of_all_and_come_back(context: Context, dataset: DatasetId) -> None:
    perform(context, "tag", {"dataset": dataset, "rows": [4], "tag": "b"})
    perform(context, "tag", {"dataset": dataset, "rows": [5], "tag": "a"})
    change = perform(context, "merge-rows", {"dataset": dataset, "keep": 5, "others": [4, 6, 5]})
    assert change.rows == 3
    assert [number for number in (4, 5, 6) if number in rows(context, dataset)] == [5]
    assert perform(context, "rows", {"dataset": dataset, "positions": [5]}).rows[0].tags == ("a", "b")
    perform(context, "undo", {"dataset": dataset})
    assert len(rows(context, dataset)) == 30
    assert perform(context, "rows", {"dataset": dataset, "positions": [5]}).rows[0].tags == ("a",)
    with pytest.raises(NotFound):
        perform(context, "merge-rows", {"dataset": dataset, "keep": 5, "others": [4000]})


def test_a_bulk_edit_shows_how_many_rows_and_the_first_before_and_after(context: Context, dataset: DatasetId) -> None:
    wish = {"dataset": dataset, "filter": {"label": "k0"}, "find": "ORDER", "replace": "parcel"}
    plan, change = agreed(context, "bulk-edit", wish)
    assert str(plan.what) == "Write 'parcel' for 'ORDER' in up to 10 rows."
    assert len(plan.preview) == 5
    assert plan.preview[0] == ("Where is order 0? · k0", "Where is parcel 0? · k0")
    assert change.rows == 10
    assert rows(context, dataset, search="parcel") == [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]
    plan, change = agreed(context, "bulk-edit", {"dataset": dataset, "filter": {"answered": False}, "answer": "k7"})
    assert plan.preview == (("", "k7"),)
    assert rows(context, dataset, label="k7") == [30]
    perform(context, "undo", {"dataset": dataset})
    perform(context, "undo", {"dataset": dataset})
    assert rows(context, dataset, edited=True) == []
    with pytest.raises(BadValue, match="either an answer or a text"):
        perform(context, "bulk-edit", {"dataset": dataset})
    with pytest.raises(UserError, match="No row of 'rows.csv' matches"):
        perform(context, "bulk-edit", {"dataset": dataset, "filter": {"label": "none"}, "answer": "x"})


def test_a_bulk_deletion_and_bulk_marks_are_one_change_each(context: Context, dataset: DatasetId) -> None:
    plan, change = agreed(context, "bulk-delete", {"dataset": dataset, "filter": {"label": "k2"}})
    assert (str(plan.what), change.rows, len(plan.goes)) == ("Take 9 rows out.", 9, 5)
    assert rows(context, dataset, label="k2") == []
    agreed(context, "bulk-mark", {"dataset": dataset, "filter": {"label": "k1"}, "review": "rejected"})
    agreed(context, "bulk-mark", {"dataset": dataset, "add_tag": "all"})
    assert len(rows(context, dataset, tag="all")) == 21
    for _ in range(3):
        perform(context, "undo", {"dataset": dataset})
    assert len(rows(context, dataset, unreviewed=True)) == 30
    kinds = [(entry.kind, entry.undone) for entry in perform(context, "history", {"dataset": dataset}).changes]
    assert kinds == [("undo", False)] * 3 + [("tag", True), ("reject", True), ("bulk-delete", True), ("import", False)]


def test_an_undo_can_be_taken_back_and_then_the_change_stands_again(context: Context, dataset: DatasetId) -> None:
    perform(context, "delete-row", {"example": _example(context, dataset, 9)})
    undo = perform(context, "undo", {"dataset": dataset})
    redo = perform(context, "undo", {"dataset": dataset, "number": undo.number})
    assert (undo.kind, redo.kind) == ("undo", "redo")
    assert 9 not in rows(context, dataset)
    perform(context, "undo", {"dataset": dataset})
    assert 9 in rows(context, dataset)
    with pytest.raises(UserError, match="no change of rows"):
        perform(context, "undo", {"dataset": dataset})


def test_a_change_is_not_taken_back_from_under_a_later_one(context: Context, dataset: DatasetId) -> None:
    example = _example(context, dataset, 2)
    first = perform(context, "edit", {"example": example, "answer": "one"})
    perform(context, "edit", {"example": example, "answer": "two"})
    with pytest.raises(UserError, match="Take back the later change first"):
        perform(context, "undo", {"dataset": dataset, "number": first.number})
    perform(context, "undo", {"dataset": dataset})
    perform(context, "undo", {"dataset": dataset, "number": first.number})
    assert perform(context, "rows", {"dataset": dataset, "positions": [2]}).examples[0].answer == "k1"


def test_a_rows_history_says_who_when_before_and_after_with_marks_and_deletion(context: Context, dataset: DatasetId) -> None:
    example = _example(context, dataset, 2)
    perform(context, "edit", {"example": example, "answer": "k5"})
    perform(context, "approve", {"dataset": dataset, "rows": [2]})
    past = perform(context, "history", {"dataset": dataset, "example": example})
    told = [(state.kind, state.actor, state.review, json.loads(state.messages)[-1]["content"]) for state in past.states]
    assert told == [("approve", "anna", "approved", "k5"), ("edit", "anna", None, "k5"), ("import", "anna", None, "k1")]
    assert json.loads(past.original) == {"text": "Where is order 1?"}


def test_a_view_keeps_a_filter_by_its_name(context: Context, dataset: DatasetId) -> None:
    perform(context, "save-view", {"dataset": dataset, "name": "To check", "filter": {"unreviewed": True}})
    perform(context, "save-view", {"dataset": dataset, "name": "To check", "filter": {"label": "k1", "order": "longest"}})
    [view] = perform(context, "views", {"dataset": dataset})
    assert (view.name, view.filter.label, view.filter.order, view.filter.unreviewed) == ("To check", "k1", "longest", False)
    stranger = Context(context.workshop, OwnerId("mallory"))
    with pytest.raises(NotFound):
        perform(stranger, "delete-view", {"view": view.id})
    perform(context, "delete-view", {"view": view.id})
    assert perform(context, "views", {"dataset": dataset}) == ()


def test_a_bulk_change_leaves_frozen_versions_as_they_were(context: Context, dataset: DatasetId) -> None:
    store = context.workshop.store
    version = freeze_version(store, dataset)
    agreed(context, "bulk-delete", {"dataset": dataset, "filter": {"label": "k2"}})
    assert freeze_version(store, dataset).rows == 21
    perform(context, "undo", {"dataset": dataset})
    assert freeze_version(store, dataset) == version


def _example(context: Context, dataset: DatasetId, position: int) -> str:
    return str(perform(context, "rows", {"dataset": dataset, "positions": [position]}).examples[0].id)


@pytest.mark.parametrize("order", ["position", "label", "shortest", "longest", "changed"])
@pytest.mark.parametrize(
    "after", ['["abc", 5]', "[5, 5]", "5", "[true, 5]", f'["a", {10**30}]', f"[{10**30}, 1]", str(10**30), '{"a": 1}', "[[1], 2]", "NaN"]
)
def test_a_place_that_is_none_of_the_order_is_refused_in_words(context: Context, untouched: DatasetId, order: str, after: str) -> None:
    own = {"position": "5", "label": '["abc", 5]'}.get(order, "[5, 5]")
    asked = {"dataset": untouched, "order": order, "after": after}
    if after == own:
        perform(context, "rows", asked)
    else:
        with pytest.raises(NoSuchPlace):
            perform(context, "rows", asked)


def test_a_number_that_no_row_can_have_and_a_tag_of_nothing_are_refused_in_words(context: Context, untouched: DatasetId) -> None:
    for verb, values in {"approve": {"rows": [10**30]}, "rows": {"positions": [-(10**30)]}, "merge-rows": {"keep": 10**30, "others": [1]}}.items():
        with pytest.raises(BadValue, match="larger"):
            perform(context, verb, {"dataset": untouched, **values})
    for tag in ("  ", "a\0b"):
        with pytest.raises(BadValue, match="a word or two"):
            perform(context, "bulk-mark", {"dataset": untouched, "add_tag": tag})
